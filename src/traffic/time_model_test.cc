#include "traffic/time_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace kiln::traffic {
namespace {

using ::testing::HasSubstr;

std::vector<double> draws(const TimeModel& model) {
  Random random(3);
  std::vector<double> out;
  for (int i = 0; i < 200'000; ++i) out.push_back(model.draw_ms(random));
  std::sort(out.begin(), out.end());
  return out;
}
double quantile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<size_t>(share * static_cast<double>(sorted.size() - 1))];
}
double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

TEST(TimeModel, DrawsWhatTheTextSays) {
  const auto check = [](const char* text, double wanted_mean, double median, double p99) {
    const auto model = TimeModel::parse(text);
    ASSERT_TRUE(model.ok()) << text;
    const auto drawn = draws(*model);
    EXPECT_NEAR(mean(drawn), wanted_mean, wanted_mean * 0.01) << text;
    EXPECT_NEAR(model->mean_ms(), wanted_mean, wanted_mean * 0.001) << text;
    EXPECT_NEAR(quantile(drawn, 0.5), median, median * 0.01) << text;
    EXPECT_NEAR(quantile(drawn, 0.99), p99, p99 * 0.03) << text;
  };
  check("120ms", 120, 120, 120);
  check("12.5ms", 12.5, 12.5, 12.5);
  check("1s", 1000, 1000, 1000);
  check("fixed:2s", 2000, 2000, 2000);
  check("exponential:100ms", 100, 69.31, 460.5);
  check("lognormal:100ms,sigma=0.5", 113.31, 100, 320.0);
  check("lognormal:100ms,p99=800ms", 149.09, 100, 800);
  check("lognormal:100ms,p95=200ms", 109.29, 100, 266.6);
  check("gamma:100ms,shape=4", 100, 91.80, 251.1);
}

TEST(TimeModel, RefusesEverythingElse) {
  for (const char* text :
       {"", "120", "fast", "-1ms", "exponential:", "exponential:1x", "exponential:10ms,sigma=1",
        "lognormal:10ms", "lognormal:10ms,sigma=-1", "lognormal:10ms,p99=5ms",
        "lognormal:0ms,p99=5ms", "lognormal:10ms,p50=20ms", "gamma:10ms", "gamma:10ms,shape=0",
        "gamma:10ms,shape=nan", "pareto:10ms", "nanms", "infms"}) {
    const auto model = TimeModel::parse(text);
    ASSERT_FALSE(model.ok()) << text;
    EXPECT_THAT(model.error().message, HasSubstr("'" + std::string(text) + "'"));
  }
}

TEST(TimeModel, DrawsFromSamples) {
  const auto drawn = draws(TimeModel::samples({10, 10, 10, 50}));
  EXPECT_EQ(drawn.front(), 10);
  EXPECT_EQ(drawn.back(), 50);
  EXPECT_NEAR(mean(drawn), 20, 0.2);
  EXPECT_DOUBLE_EQ(TimeModel::samples({10, 10, 10, 50}).mean_ms(), 20);
}

TEST(TimeModel, DrawsBetweenQuantiles) {
  const auto model = TimeModel::quantiles({{0, 10}, {0.5, 100}, {1, 1000}});
  const auto drawn = draws(model);
  EXPECT_GE(drawn.front(), 10);
  EXPECT_LE(drawn.back(), 1000);
  EXPECT_NEAR(quantile(drawn, 0.5), 100, 1);
  EXPECT_NEAR(quantile(drawn, 0.25), 31.62, 0.5);  // half of the way as logarithms
  EXPECT_NEAR(mean(drawn), model.mean_ms(), model.mean_ms() * 0.01);
  EXPECT_NEAR(draws(TimeModel::quantiles({{0.5, 7}})).front(), 7, 1e-9);
}

TEST(TimeModel, AnotherMemorySizeMakesEverythingLonger) {
  for (const char* text :
       {"100ms", "exponential:100ms", "lognormal:100ms,sigma=1", "gamma:100ms,shape=3"}) {
    const TimeModel model = *TimeModel::parse(text);
    EXPECT_DOUBLE_EQ(model.scaled(2.5).mean_ms(), 2.5 * model.mean_ms()) << text;
  }
  EXPECT_DOUBLE_EQ(TimeModel::samples({4, 8}).scaled(2).mean_ms(), 12);
}

}  // namespace
}  // namespace kiln::traffic
