// Alarms on queries of Metrics Insights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "telemetry/alarm_book.h"
#include "tests/support/state_doubles.h"

namespace kiln::telemetry {
namespace {

constexpr const char* kAlarmRegion = "us-east-1";
constexpr int64_t kAskedAt = 1'758'240'000;

MetricKey metric(const std::string& function, const std::string& region = kAlarmRegion) {
  return {region, "AWS/Lambda", "Errors", {{"FunctionName", function}}};
}

class AlarmQueryTest : public ::testing::Test {
 protected:
  void put(const std::string& expression, int period_s, int periods) {
    AlarmConfig config;
    config.region = kAlarmRegion;
    config.name = "fleet";
    MetricQuery query;
    query.id = "q1";
    query.expression = expression;
    query.period_s = period_s;
    config.metrics = {query};
    config.threshold = 10;
    config.evaluation_periods = periods;
    ASSERT_TRUE(book_.put(config, {}, WallTime(std::chrono::seconds(kAskedAt))).ok());
  }
  AlarmState evaluate() {
    const auto fetch = [this](const MetricStat& stat, int64_t start_s, int64_t end_s) {
      oldest_s_ = std::min(oldest_s_, start_s);
      Series series;
      series.period_s = stat.period_s;
      for (int64_t at = start_s; at < end_s; at += stat.period_s) series.points[at] = 6;
      return series;
    };
    const auto list = [this](const std::function<void(const MetricKey&)>& visit) {
      for (const MetricKey& key : metrics_) visit(key);
    };
    book_.evaluate(WallTime(std::chrono::seconds(kAskedAt)), fetch, {}, list);
    return book_.find(kAlarmRegion, "fleet")->status.state;
  }

  tests::NoState port_;
  AlarmBook book_{"000000000000", port_};
  std::vector<MetricKey> metrics_;
  int64_t oldest_s_ = kAskedAt;
};

constexpr const char* kSum = R"(SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName))";

TEST_F(AlarmQueryTest, WatchesTheWholeFleet) {
  metrics_ = {metric("a"), metric("b")};
  put(kSum, 60, 1);
  EXPECT_EQ(evaluate(), AlarmState::kAlarm);  // 12 > 10
}

TEST_F(AlarmQueryTest, OfItsOwnRegion) {
  metrics_ = {metric("a"), metric("b", "eu-west-1")};
  put(kSum, 60, 1);
  EXPECT_EQ(evaluate(), AlarmState::kOk);
}

TEST_F(AlarmQueryTest, WithoutMetricsThereIsNoData) {
  put(kSum, 60, 1);
  EXPECT_EQ(evaluate(), AlarmState::kInsufficientData);
}

// AWS: "Only the latest 3 hours of data can be used for evaluating the alarm's conditions."
TEST_F(AlarmQueryTest, LooksAtThreeHours) {
  metrics_ = {metric("a")};
  put(kSum, 3600, 12);
  evaluate();
  EXPECT_EQ(oldest_s_, kAskedAt - 3 * 3600);
}

}  // namespace
}  // namespace kiln::telemetry
