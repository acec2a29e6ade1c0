#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tune/calibration.h"
#include "tune/choice.h"
#include "tune/measurement.h"
#include "tune/payloads.h"

namespace kiln::tune {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

cost::Prices prices() {
  cost::Prices prices;
  constexpr double kEnd = std::numeric_limits<double>::infinity();
  prices.of(cost::Item::kRequests, cost::Architecture::kX86_64) = {{kEnd, 0.0000002}};
  prices.of(cost::Item::kDuration, cost::Architecture::kX86_64) = {{kEnd, 0.0000166667}};
  return prices;
}

std::vector<Sample> samples(std::initializer_list<double> durations) {
  std::vector<Sample> found;
  for (const double ms : durations) found.push_back({.duration_ms = ms, .max_memory_mb = 40});
  return found;
}

TEST(Measurement, SummarizesASize) {
  const cost::Prices list = prices();
  std::vector<Sample> all = samples({10, 10, 12, 12, 12, 12, 12, 12, 30, 40});
  all.push_back({.duration_ms = 500, .init_ms = 100});  // cold: no part of the durations
  all[3].max_memory_mb = 70;
  all.push_back({.outcome = Outcome::kThrottled});
  const SizeResult result = summarize(1024, all, {list});
  EXPECT_EQ(result.invocations, 11);
  EXPECT_EQ(result.throttles, 1);
  EXPECT_TRUE(result.survives());
  EXPECT_DOUBLE_EQ(result.p50_ms, 12);
  EXPECT_DOUBLE_EQ(result.average_ms, 12);  // 10, 10 and 30, 40 are left out
  EXPECT_EQ(result.max_memory_mb, 70);
  EXPECT_EQ(result.init_ms, 100);
  // 0.012 s of 1 GB at 0.0000166667 and a request, a million times; with init: 0.112 s.
  EXPECT_THAT(*result.per_million, DoubleNear(0.2000004 + 0.2, 1e-6));
  EXPECT_THAT(*result.per_million_with_init, DoubleNear(1.8666704 + 0.2, 1e-6));
}

TEST(Measurement, AFailureMeansThatTheSizeDoesNotSurvive) {
  const cost::Prices list = prices();
  std::vector<Sample> all = samples({10, 10});
  all.push_back({.outcome = Outcome::kTimeout, .duration_ms = 3000, .error = "timed out"});
  all.push_back({.outcome = Outcome::kOutOfMemory, .error = "killed"});
  const SizeResult result = summarize(128, all, {list});
  EXPECT_FALSE(result.survives());
  EXPECT_EQ(result.timeouts, 1);
  EXPECT_EQ(result.out_of_memory, 1);
  EXPECT_EQ(result.first_error, "timed out");
  EXPECT_DOUBLE_EQ(result.p99_ms, 10);  // failures are no durations
}

TEST(Measurement, StopsWhenTheMedianIsKnown) {
  const StopRule rule;
  std::vector<Sample> steady(19, Sample{.duration_ms = 10});
  EXPECT_FALSE(is_enough(steady, rule));
  steady.resize(20, Sample{.duration_ms = 10});
  EXPECT_TRUE(is_enough(steady, rule));
  std::vector<Sample> noisy;
  for (int i = 0; i < 199; ++i) noisy.push_back({.duration_ms = i % 2 == 0 ? 10.0 : 30.0});
  EXPECT_FALSE(is_enough(noisy, rule));
  noisy.push_back({.duration_ms = 10});
  EXPECT_TRUE(is_enough(noisy, rule));  // 200: no more
  EXPECT_FALSE(is_enough(std::vector<Sample>(2, Sample{.outcome = Outcome::kError}), rule));
  EXPECT_TRUE(is_enough(std::vector<Sample>(3, Sample{.outcome = Outcome::kError}), rule));
  // Throttled invocations are none, but too many of them end it.
  steady.resize(39, Sample{.outcome = Outcome::kThrottled});
  EXPECT_TRUE(is_enough(steady, rule));
  steady.erase(steady.begin());
  EXPECT_FALSE(is_enough(steady, rule));
  steady.push_back({.outcome = Outcome::kThrottled});
  EXPECT_TRUE(is_enough(steady, rule));
  steady.assign(20, Sample{.duration_ms = 10});
  EXPECT_FALSE(is_enough(steady, {.number = 50}));
  EXPECT_TRUE(is_enough(steady, {.number = 20}));
}

SizeResult size(int64_t memory_mb, double ms, double per_million) {
  return {.memory_mb = memory_mb,
          .invocations = 50,
          .p50_ms = ms,
          .p99_ms = ms * 1.5,
          .average_ms = ms,
          .per_million = per_million};
}

std::vector<SizeResult> three() {
  return {size(128, 400, 1), size(512, 100, 1.2), size(1024, 90, 2)};
}

TEST(Choice, ByStrategy) {
  EXPECT_EQ(*choose(three(), {.strategy = Strategy::kCost}), 0U);
  EXPECT_EQ(*choose(three(), {.strategy = Strategy::kSpeed}), 2U);
  // 0.5 * 1/2 + 0.5 * 1 = 0.75; 0.5 * 0.6 + 0.5 * 0.25 = 0.425; 0.5 + 0.5 * 0.225 = 0.6125
  EXPECT_EQ(*choose(three(), {.strategy = Strategy::kBalanced}), 1U);
  EXPECT_EQ(*choose(three(), {.strategy = Strategy::kBalanced, .weight = 1}), 0U);
  EXPECT_EQ(*choose(three(), {.strategy = Strategy::kBalanced, .weight = 0}), 2U);
}

TEST(Choice, CheapestBelowALimitAtP99) {
  EXPECT_EQ(*choose(three(), {.p99_below_ms = 200}), 1U);
  EXPECT_EQ(*choose(three(), {.p99_below_ms = 150}), 2U);  // 150 is not below 150
  const Result<size_t> none = choose(three(), {.p99_below_ms = 50});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message,
            "no size is below 50 ms at p99; the fastest, 1024 MB, takes 135.0 ms");
}

TEST(Choice, NeverASizeThatFailsOrThatTheMachineCannotShow) {
  std::vector<SizeResult> results = three();
  results[0].errors = 1;
  results[2].beyond_machine = "1024 MB have …";
  EXPECT_EQ(*choose(results, {.strategy = Strategy::kCost}), 1U);
  EXPECT_EQ(*choose(results, {.strategy = Strategy::kSpeed}), 1U);
  EXPECT_EQ(smallest_surviving(results), 1U);
  for (SizeResult& result : results) {
    result.errors = 50;
    result.first_error = "KeyError: 'id'";
  }
  const Result<size_t> none = choose(results, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(
      none.error().message,
      "the function fails at every size: KeyError: 'id'; `kiln invoke` shows the whole error, and "
      "--payload gives another event");
  EXPECT_FALSE(smallest_surviving(results));
}

TEST(Choice, ThrottledEverywhere) {
  std::vector<SizeResult> results = {{.memory_mb = 128, .throttles = 3}};
  const Result<size_t> none = choose(results, {});
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("every invocation was throttled"));
}

// From aws-lambda-power-tuning's README: …/#gAAAAQACAAQABsAL;ZooQR4yvkUa/…; the first part is 128,
// 256, 512, 1024, 1536, 3008 as int16.
TEST(Choice, TheUrlOfTheChartIsPowerTunings) {
  std::vector<SizeResult> results;
  for (const int64_t memory_mb : {128, 256, 512, 1024, 1536, 3008})
    results.push_back(size(memory_mb, 1, 1e6));
  const std::string url = visualization_url(results);
  EXPECT_TRUE(url.starts_with("https://lambda-power-tuning.show/#gAAAAQACAAQABsAL;AACAPwAAgD8"))
      << url;
}

TEST(Calibration, OneLineIsAFactor) {
  const Result<Fit> fit = fit_to({{512, 80}, {1024, 40}}, {{512, 60}});
  ASSERT_TRUE(fit);
  EXPECT_DOUBLE_EQ(fit->of(40), 30);
}

// Here 1000/x + 10 ms, on AWS half the CPU time and 30 ms of waiting: 0.5 x + 25.
TEST(Calibration, TwoLinesTellWaitingFromComputing) {
  const Result<Fit> fit = fit_to({{512, 110}, {1024, 60}, {2048, 35}}, {{512, 80}, {1024, 55}});
  ASSERT_TRUE(fit);
  EXPECT_THAT(fit->factor, DoubleNear(0.5, 1e-9));
  EXPECT_THAT(fit->constant_ms, DoubleNear(25, 1e-9));
  EXPECT_THAT(fit->of(35), DoubleNear(42.5, 1e-9));
}

TEST(Calibration, SeveralLinesOfASizeCountByTheirMedian) {
  const Result<Fit> fit = fit_to({{512, 100}}, {{512, 50}, {512, 50}, {512, 900}});
  ASSERT_TRUE(fit);
  EXPECT_DOUBLE_EQ(fit->factor, 0.5);
}

TEST(Calibration, WhatDoesNotFitIsSaid) {
  EXPECT_FALSE(fit_to({{512, 100}}, {}));
  const Result<Fit> missing = fit_to({{512, 100}}, {{1024, 50}});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("1024 MB"));
  EXPECT_FALSE(fit_to({{512, 100}, {1024, 50}}, {{512, 20}, {1024, 40}}));
}

TEST(Calibration, SizesBeyondTheMachine) {
  EXPECT_EQ(beyond(1769, 1), "");
  EXPECT_EQ(beyond(3008, 2), "");
  EXPECT_EQ(beyond(10'240, 2), "10240 MB have 5.8 CPUs, this machine 2");
  EXPECT_EQ(beyond(10'240, 0), "");  // not known
}

TEST(Payloads, ComeByTheirWeightsAndSpreadOut) {
  Payloads payloads({{"a", 3}, {"b", 1}});
  std::string order;
  for (int i = 0; i < 8; ++i) order += payloads.next();
  EXPECT_EQ(order, "aabaaaba");
}

}  // namespace
}  // namespace kiln::tune
