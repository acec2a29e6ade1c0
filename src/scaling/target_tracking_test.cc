#include "scaling/target_tracking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kiln::scaling {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const ResourceId kResource{"api", "live"};
constexpr const char* kArn = "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:p";

TrackingPolicy tracking(double target = 0.7) {
  TrackingPolicy policy;
  policy.target = target;
  return policy;
}

TrackingPolicy custom(double target) {
  TrackingPolicy policy = tracking(target);
  policy.custom.emplace();
  policy.custom->metric.emplace();
  policy.custom->metric->metric = {"us-east-1", "Mine", "Load", {{"a", "b"}}};
  policy.custom->metric->stat = "Maximum";
  return policy;
}

TEST(TargetTracking, CapacityIsProportional) {
  const struct {
    double target;
    int current;
    double value;
    int out, in;
  } kCases[] = {
      {0.7, 10, 1.0, 15, 10},   // 14.3
      {0.7, 10, 0.7, 10, 10},   //
      {0.7, 10, 0.77, 11, 10},  // 11.000000000000002
      {0.7, 10, 0.71, 11, 10},  //
      {0.7, 10, 0.62, 9, 9},    // 8.9
      {0.7, 10, 0.35, 5, 5},    //
      {0.7, 10, 0, 0, 0},       //
      {0.7, 1, 0.1, 1, 1},      // one less would have no capacity left
      {0.7, 2, 0.62, 2, 2},     // 1.8
      {0.7, 0, 1.4, 2, 0},      // from nothing, out as from one
      {100, 4, 250, 10, 4},     //
  };
  for (const auto& [target, current, value, out, in] : kCases) {
    const TrackingPolicy policy = tracking(target);
    EXPECT_EQ(policy.scale_out(current, value), out) << current << " at " << value;
    EXPECT_EQ(policy.scale_in(current, value), in) << current << " at " << value;
  }
}

TEST(TargetTracking, StrangeValues) {
  const TrackingPolicy policy = tracking();
  EXPECT_EQ(policy.scale_out(10, -1), 0);
  EXPECT_EQ(policy.scale_out(10, std::nan("")), 0);
  EXPECT_EQ(policy.scale_out(10, 1e300), std::numeric_limits<int>::max());
  EXPECT_EQ(policy.scale_in(10, 1e300), 10);
}

TEST(TargetTracking, TargetsAreFractions) {
  for (const double target : {0.1, 0.5, 0.9}) EXPECT_TRUE(tracking(target).validate().ok());
  for (const double target : {0.0, 0.0999, 0.9001, 1.0, 70.0, std::nan("")}) {
    const auto checked = tracking(target).validate();
    ASSERT_FALSE(checked.ok()) << target;
    EXPECT_EQ(checked.error().type, "ValidationException");
    EXPECT_THAT(checked.error().message, HasSubstr("between 0.1 and 0.9"));
  }
  for (const double target : {0.001, 5000.0}) EXPECT_TRUE(custom(target).validate().ok());
  for (const double target : {0.0, -1.0}) EXPECT_FALSE(custom(target).validate().ok());
}

TEST(TargetTracking, CooldownsAreZeroUnlessGiven) {
  TrackingPolicy policy = tracking();
  EXPECT_EQ(policy.scale_out_cooldown(), 0);
  EXPECT_EQ(policy.scale_in_cooldown(), 0);
  policy.scale_in_cooldown_s = 0;
  EXPECT_TRUE(policy.validate().ok());
  policy.scale_in_cooldown_s = -1;
  EXPECT_FALSE(policy.validate().ok());
}

TEST(TargetTracking, CustomMetricsAreEitherOne) {
  TrackingPolicy policy = custom(10);
  telemetry::MetricQuery query;
  query.id = "m1";
  query.metric_stat = policy.custom->metric;
  query.return_data = false;
  policy.custom->queries = {query};
  EXPECT_FALSE(policy.validate().ok());  // both
  policy.custom->metric.reset();
  EXPECT_THAT(policy.validate().error().message, HasSubstr("Exactly one"));
  telemetry::MetricQuery twice;
  twice.id = "e1";
  twice.expression = "m1 * 2";
  policy.custom->queries = {query, twice};
  EXPECT_TRUE(policy.validate().ok()) << policy.validate().error().message;
  policy.custom->queries[1].expression = "m2 * 2";
  EXPECT_EQ(policy.validate().error().type, "ValidationException");
  policy.custom->queries.clear();
  EXPECT_FALSE(policy.validate().ok());  // none
}

TEST(TargetTracking, TheTwoAlarms) {
  const TrackingAlarms names = TrackingAlarms::make(kResource);
  EXPECT_THAT(names.high, StartsWith("TargetTracking-function:api:live-AlarmHigh-"));
  EXPECT_THAT(names.low, StartsWith("TargetTracking-function:api:live-AlarmLow-"));
  const auto high = high_alarm(tracking(), "us-east-1", kResource, names.high, kArn);
  EXPECT_EQ(high.name, names.high);
  EXPECT_EQ(high.region, "us-east-1");
  EXPECT_EQ(high.comparison, telemetry::Comparison::kGreaterThan);
  EXPECT_EQ(high.threshold, 0.7);
  EXPECT_EQ(high.evaluation_periods, 3);
  EXPECT_EQ(high.minimum_breaching(), 3);
  EXPECT_EQ(high.period_s(), 60);
  EXPECT_THAT(high.actions.alarm, ElementsAre(kArn));
  EXPECT_THAT(high.description, StartsWith("DO NOT EDIT OR DELETE. For TargetTrackingScaling "
                                           "policy arn:aws:autoscaling:"));
  ASSERT_TRUE(high.metric.has_value());
  EXPECT_EQ(high.metric->stat, "Average");
  EXPECT_EQ(high.metric->metric,
            (telemetry::MetricKey{"us-east-1",
                                  "AWS/Lambda",
                                  "ProvisionedConcurrencyUtilization",
                                  {{"FunctionName", "api"}, {"Resource", "api:live"}}}));
  const auto low = low_alarm(tracking(), "us-east-1", kResource, names.low, kArn);
  EXPECT_EQ(low.comparison, telemetry::Comparison::kLessThan);
  EXPECT_DOUBLE_EQ(low.threshold, 0.63);
  EXPECT_EQ(low.evaluation_periods, 15);
  EXPECT_EQ(low.minimum_breaching(), 15);
}

TEST(TargetTracking, AlarmsOfCustomMetrics) {
  const auto high = high_alarm(custom(50), "us-east-1", kResource, "n", kArn);
  EXPECT_EQ(high.metric->metric.name, "Load");
  EXPECT_EQ(high.metric->stat, "Maximum");
  EXPECT_EQ(high.threshold, 50);
}

}  // namespace
}  // namespace kiln::scaling
