#include "telemetry/statistic.h"

#include <gtest/gtest.h>

#include <cmath>

namespace kiln::telemetry {
namespace {

Distribution of(std::initializer_list<double> values) {
  Distribution out;
  for (const double value : values) out.add(value);
  return out;
}

Distribution one_to_hundred() {
  Distribution out;
  for (int i = 1; i <= 100; ++i) out.add(i);
  return out;
}

double get(const char* name, const Distribution& distribution) {
  const auto statistic = Statistic::parse(name);
  EXPECT_TRUE(statistic.ok()) << name;
  return statistic.ok() ? statistic->of(distribution).value_or(NAN) : NAN;
}

TEST(Statistic, SimpleOnesAreExact) {
  const Distribution d = of({3, 1, 2.5, -4});
  EXPECT_EQ(get("SampleCount", d), 4);
  EXPECT_EQ(get("Sum", d), 2.5);
  EXPECT_EQ(get("Average", d), 0.625);
  EXPECT_EQ(get("Minimum", d), -4);
  EXPECT_EQ(get("Maximum", d), 3);
}

TEST(Statistic, PercentilesAreWithinTheHistogramsWidth) {
  const Distribution d = one_to_hundred();
  const struct {
    const char* name;
    double value;
  } cases[] = {{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p99.9", 100}, {"p1", 1}, {"p100", 100}};
  for (const auto& c : cases) EXPECT_NEAR(get(c.name, d), c.value, c.value * 0.03 + 0.5) << c.name;
  EXPECT_EQ(get("p0", of({7})), 7);
  EXPECT_EQ(get("p100", of({7})), 7);
}

TEST(Statistic, PercentilesOfNegativeValuesAreNone) {
  EXPECT_FALSE(Statistic::parse("p50")->of(of({-1, 2})).has_value());
  EXPECT_TRUE(Statistic::parse("p50")->of(of({0, 2})).has_value());
}

TEST(Statistic, NothingOfNothing) {
  for (const char* name : {"Average", "Minimum", "p50", "tm90"})
    EXPECT_FALSE(Statistic::parse(name)->of(Distribution()).has_value()) << name;
}

TEST(Statistic, TrimmedOnes) {
  const Distribution d = one_to_hundred();
  EXPECT_NEAR(get("tm90", d), 45.5, 1.5);         // mean of 1 to 90
  EXPECT_NEAR(get("TM(10%:90%)", d), 50.5, 1.5);  // mean of 11 to 90
  EXPECT_NEAR(get("IQM", d), 50.5, 1.5);          // between the quartiles
  EXPECT_NEAR(get("tc90", d), 90, 2);
  EXPECT_NEAR(get("ts90", d), 4095, 100);
  EXPECT_NEAR(get("PR(:50)", d), 50, 2);  // per cent of values up to 50
  EXPECT_GT(get("wm98", d), get("tm90", d));
}

TEST(Statistic, NamesThatAreRefused) {
  for (const char* name : {"", "sum", "Mean", "p", "p-1", "p100.1", "p1000", "pfifty", "tm101",
                           "TM(", "TM(10%:90", "TM(90%:10%)", "PR(", "p50%", " p50", "nan"}) {
    const auto statistic = Statistic::parse(name);
    ASSERT_FALSE(statistic.ok()) << name;
    EXPECT_EQ(statistic.error().type, "InvalidParameterValueException");
  }
}

TEST(DistributionTest, MergingIsAddingTheValues) {
  Distribution a = of({1, 2, 300}), b = of({0, 0.001, 2});
  Distribution whole = of({1, 2, 300, 0, 0.001, 2});
  a.merge(b);
  EXPECT_EQ(a.count, whole.count);
  EXPECT_DOUBLE_EQ(a.sum, whole.sum);
  EXPECT_EQ(a.min, 0);
  EXPECT_EQ(a.max, 300);
  for (const char* name : {"p10", "p50", "p90"}) EXPECT_EQ(get(name, a), get(name, whole)) << name;
}

TEST(DistributionTest, AHistogramComesBackFromItsBytes) {
  const Distribution d = of({0, 1e-9, 1, 1e12, 5, 5});
  const Histogram again = Histogram::from_bytes(d.histogram.to_bytes());
  ASSERT_EQ(again.buckets().size(), d.histogram.buckets().size());
  for (size_t i = 0; i < again.buckets().size(); ++i) {
    EXPECT_EQ(again.buckets()[i].index, d.histogram.buckets()[i].index);
    EXPECT_EQ(again.buckets()[i].weight, d.histogram.buckets()[i].weight);
  }
  for (const char* foreign : {"", "x", "1234567", "not a histogram at all"})
    (void)Histogram::from_bytes(foreign);  // any bytes: no crash
}

}  // namespace
}  // namespace kiln::telemetry
