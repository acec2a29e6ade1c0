#include "traffic/arrivals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kiln::traffic {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Nanos kHour = 3600 * kSecond;
constexpr Nanos kDay = 24 * kHour;

// Requests before `end`, in steps.
std::vector<int> per_step(const Traffic& traffic, Nanos step, Nanos end, uint64_t seed = 1) {
  std::vector<int> counts(static_cast<size_t>(end / step));
  Arrivals arrivals(traffic, seed);
  Nanos last = 0;
  for (Nanos at = arrivals.next(); at < end; at = arrivals.next()) {
    EXPECT_GE(at, last);
    last = at;
    ++counts[static_cast<size_t>(at / step)];
  }
  return counts;
}
int total(const std::vector<int>& counts) {
  int sum = 0;
  for (const int count : counts) sum += count;
  return sum;
}
Traffic parsed(const char* text) {
  auto traffic = Traffic::parse(text);
  EXPECT_TRUE(traffic.ok()) << text;
  return *traffic;
}

TEST(Arrivals, APoissonProcessHasItsRateAndItsVariance) {
  for (const char* text : {"50/s", "3000/m", "180000/h", "poisson:50/s"}) {
    const auto counts = per_step(parsed(text), kSecond, 4000 * kSecond);
    const double mean = total(counts) / 4000.0;
    double variance = 0;
    for (const int count : counts) variance += (count - mean) * (count - mean) / 4000;
    EXPECT_NEAR(mean, 50, 0.5) << text;
    EXPECT_NEAR(variance, 50, 4) << text;
  }
}

TEST(Arrivals, ASeedGivesTheSameTimesAgain) {
  EXPECT_EQ(per_step(parsed("5/s"), kSecond, 100 * kSecond, 3),
            per_step(parsed("5/s"), kSecond, 100 * kSecond, 3));
  EXPECT_NE(per_step(parsed("5/s"), kSecond, 100 * kSecond, 3),
            per_step(parsed("5/s"), kSecond, 100 * kSecond, 4));
}

TEST(Arrivals, NoTrafficIsNoTraffic) {
  for (const Traffic& traffic :
       {Traffic(), parsed("0/s"), parsed("mmpp:0/s for 5m,0/s for 1m"), parsed("bursts:0 every 1m"),
        Traffic(Counts{60 * kSecond, {0, 0}, true})}) {
    Arrivals arrivals(traffic, 1);
    EXPECT_EQ(arrivals.next(), kNever);
    EXPECT_EQ(arrivals.next(), kNever);
  }
}

TEST(Arrivals, ADayHasItsPeakAndTheWeekendItsPart) {
  const auto hours = per_step(parsed("daily:2/s..20/s@14:00,weekend=0.25"), kHour, 7 * kDay);
  const double mean = 11 * 3600;  // half-way between the two
  EXPECT_NEAR(hours[13] + hours[14], 2 * 19.95 * 3600, 2 * 3600);
  EXPECT_NEAR(hours[1] + hours[2], 2 * 2.05 * 3600, 2 * 3600);
  EXPECT_EQ(std::max_element(hours.begin(), hours.begin() + 24) - hours.begin(), 14);
  EXPECT_NEAR(total({hours.begin(), hours.begin() + 24}), 24 * mean, 24 * mean * 0.01);
  EXPECT_NEAR(total({hours.begin() + 120, hours.begin() + 144}), 6 * mean, 6 * mean * 0.02);
}

TEST(Arrivals, TwentyFourRates) {
  const auto hours = per_step(
      parsed("hourly:1/s,0/s,0/s,0/s,0/s,0/s,0/s,0/s,0/s,9/s,0/s,0/s,0/s,0/s,0/s,0/s,0/s,0/s,0/s,"
             "0/s,0/s,0/s,0/s,0/s"),
      kHour, 2 * kDay);
  EXPECT_NEAR(hours[0], 3600, 300);
  EXPECT_EQ(hours[1], 0);
  EXPECT_NEAR(hours[24 + 9], 9 * 3600, 900);
}

TEST(Arrivals, AModulatedProcessSpendsItsTimeInItsStates) {
  const auto seconds =
      per_step(parsed("mmpp:10/s for 50s,200/s for 10s"), kSecond, 200'000 * kSecond);
  EXPECT_NEAR(total(seconds) / 200'000.0, (10 * 50 + 200 * 10) / 60.0, 1.5);
  const auto busy = std::count_if(seconds.begin(), seconds.end(), [](int n) { return n > 100; });
  EXPECT_NEAR(static_cast<double>(busy) / 200'000, 10.0 / 60, 0.02);
}

TEST(Arrivals, BurstsComeWholeAndOnTime) {
  const auto minutes = per_step(parsed("bursts:200 every 10m within 1s"), 60 * kSecond, kHour);
  for (size_t i = 0; i < minutes.size(); ++i) EXPECT_EQ(minutes[i], i % 10 == 0 ? 200 : 0);
  Arrivals at_once(parsed("bursts:3 every 1m"), 1);
  for (const Nanos wanted : {0L, 0L, 0L, 60L, 60L}) EXPECT_EQ(at_once.next(), wanted * kSecond);
  const auto with_base =
      per_step(parsed("bursts:200 every 10m within 1s on 5/s"), kHour, 10 * kHour);
  EXPECT_NEAR(total(with_base), 10 * (1200 + 18'000), 1500);
}

TEST(Arrivals, CountsAreKeptToTheRequest) {
  const Traffic once(Counts{60 * kSecond, {3, 0, 1000}, false});
  EXPECT_THAT(per_step(once, 60 * kSecond, 300 * kSecond), ElementsAre(3, 0, 1000, 0, 0));
  const Traffic again(Counts{60 * kSecond, {3, 0}, true});
  EXPECT_THAT(per_step(again, 60 * kSecond, 300 * kSecond), ElementsAre(3, 0, 3, 0, 3));
  // At random within the step.
  const auto seconds = per_step(once, kSecond, 180 * kSecond);
  EXPECT_NEAR(total({seconds.begin() + 120, seconds.begin() + 150}), 500, 60);
}

TEST(Arrivals, KnownTimesComeAsTheyAre) {
  Arrivals arrivals(Traffic(Times{{5, 5, 9}}), 1);
  for (const Nanos wanted : {Nanos{5}, Nanos{5}, Nanos{9}, kNever})
    EXPECT_EQ(arrivals.next(), wanted);
}

TEST(Traffic, LengthAndScale) {
  EXPECT_EQ(parsed("5/s").length(), kNever);
  EXPECT_EQ(Traffic(Counts{kSecond, {1, 2}, false}).length(), 2 * kSecond);
  EXPECT_EQ(Traffic(Times{{5, 9}}).length(), 9);
  EXPECT_NEAR(total(per_step(*parsed("5/s").scaled(4), kSecond, 1000 * kSecond)), 20'000, 500);
  const Traffic counts = *Traffic(Counts{kSecond, {1, 1, 1, 1}, false}).scaled(1.5);
  EXPECT_EQ(total(per_step(counts, kSecond, 9 * kSecond)), 6);
  const auto times = Traffic(Times{{5}}).scaled(2);
  ASSERT_FALSE(times.ok());
  EXPECT_THAT(times.error().message, HasSubstr("counts per minute"));
}

TEST(Traffic, RefusesEverythingElse) {
  for (const char* text : {"",
                           "50",
                           "50/w",
                           "-5/s",
                           "nan/s",
                           "1e99/s",
                           "poisson:",
                           "mmpp:5/s",
                           "mmpp:5/s for 0s",
                           "daily:5/s..9/s",
                           "daily:5/s@14:00",
                           "daily:5/s..9/s@24:00",
                           "daily:5/s..9/s@14:60",
                           "daily:5/s..9/s@14:00,weekend=-1",
                           "hourly:1/s,2/s",
                           "bursts:5",
                           "bursts:5 every 0s",
                           "bursts:1.5 every 1m",
                           "bursts:5 every 1m within 2m",
                           "bursts:5 every 1m on 5",
                           "sine:5/s"}) {
    const auto traffic = Traffic::parse(text);
    ASSERT_FALSE(traffic.ok()) << text;
    EXPECT_THAT(traffic.error().message, HasSubstr("'" + std::string(text) + "'"));
  }
}

}  // namespace
}  // namespace kiln::traffic
