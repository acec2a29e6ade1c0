#include "survey/documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::survey {
namespace {

using testing::HasSubstr;

Json parse(const char* text) {
  auto document = Json::parse(text);
  EXPECT_TRUE(document.ok()) << text;
  return document ? *document : Json();
}

// An answer of AWS's, from the reference of DescribeAlarms.
TEST(Documents, AnAlarmAsARequestAndAsAnAnswer) {
  const auto request = read_alarm(parse(R"({
      "AlarmName": "cpu", "Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum",
      "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 5,
      "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
      "AlarmActions": ["arn:x"]})"),
                                  "eu-west-1");
  ASSERT_TRUE(request.ok()) << request.error().message;
  EXPECT_EQ(request->metric->metric.region, "eu-west-1");
  EXPECT_EQ(request->metric->stat, "Sum");
  EXPECT_EQ(request->minimum_breaching(), 2);
  EXPECT_EQ(request->missing, telemetry::MissingData::kNotBreaching);
  EXPECT_EQ(request->actions.alarm, std::vector<std::string>{"arn:x"});
  EXPECT_TRUE(request->actions.enabled);
  const auto math = read_alarm(parse(R"({
      "AlarmName": "rate", "Threshold": 5, "ComparisonOperator": "LessThanThreshold",
      "EvaluationPeriods": 1, "Metrics": [
        {"Id": "e", "ReturnData": false, "MetricStat": {"Metric": {"Namespace": "AWS/Lambda",
         "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}},
        {"Id": "r", "Expression": "100 * e"}]})"),
                               "us-east-1");
  ASSERT_TRUE(math.ok()) << math.error().message;
  EXPECT_EQ(math->metrics.size(), 2u);
  EXPECT_TRUE(math->metrics[1].return_data);
}

TEST(Documents, AlarmsThatCannotBeAreNamed) {
  const auto why = [](const char* text) {
    const auto alarm = read_alarm(parse(text), "us-east-1");
    return alarm ? std::string() : alarm.error().message;
  };
  EXPECT_THAT(why("{}"), HasSubstr("the alarm has no AlarmName"));
  EXPECT_THAT(why(R"({"AlarmName": "a", "ComparisonOperator": "GreaterThanThreshold",
                      "EvaluationPeriods": 1, "Threshold": 1})"),
              HasSubstr("the alarm a has no Namespace"));
  const std::string base =
      R"({"AlarmName": "a", "Threshold": 1, "Namespace": "N", "MetricName": "M", "Period": 60, )";
  EXPECT_THAT(why((base + R"("Statistic": "Sum", "EvaluationPeriods": "many",
                             "ComparisonOperator": "GreaterThanThreshold"})")
                      .c_str()),
              HasSubstr("the alarm a can't be read"));
  EXPECT_THAT(why((base + R"("Statistic": "Sum", "EvaluationPeriods": 1,
                             "ComparisonOperator": "GreaterThanUpperThreshold"})")
                      .c_str()),
              HasSubstr("GreaterThanUpperThreshold"));
  EXPECT_THAT(why((base + R"("EvaluationPeriods": 1,
                             "ComparisonOperator": "GreaterThanThreshold"})")
                      .c_str()),
              HasSubstr("no Statistic"));
  EXPECT_THAT(why((base + R"("ExtendedStatistic": "best", "EvaluationPeriods": 1,
                             "ComparisonOperator": "GreaterThanThreshold"})")
                      .c_str()),
              HasSubstr("unknown statistic 'best'"));
}

TEST(Documents, TargetsPoliciesAndActions) {
  const auto target = read_target(parse(
      R"({"ResourceId": "function:f:live", "MinCapacity": 1, "MaxCapacity": 9,
          "SuspendedState": {"DynamicScalingInSuspended": true}})"));
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->resource.qualifier, "live");
  EXPECT_EQ(target->max, 9);
  EXPECT_EQ(target->suspend_in, true);
  EXPECT_THAT(read_target(parse(R"({"ResourceId": "function:f:live"})")).error().message,
              HasSubstr("needs MinCapacity and MaxCapacity"));
  const auto policy = read_policy(parse(R"({"PolicyName": "p", "ResourceId": "function:f:live",
                "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 0.7,
                  "PredefinedMetricSpecification":
                    {"PredefinedMetricType": "LambdaProvisionedConcurrencyUtilization"}}})"),
                                  "us-east-1");
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  EXPECT_DOUBLE_EQ(std::get<scaling::TrackingPolicy>(*policy->rule).target, 0.7);
  EXPECT_THAT(
      read_policy(parse(R"({"PolicyName": "p", "ResourceId": "function:f:live"})"), "us-east-1")
          .error()
          .message,
      HasSubstr("has neither"));
  const auto action = read_action(parse(
      R"j({"ScheduledActionName": "a", "ResourceId": "function:f:live", "Schedule": "rate(1 hour)",
          "StartTime": "2026-01-01T00:00:00Z", "ScalableTargetAction": {"MinCapacity": 3}})j"));
  ASSERT_TRUE(action.ok());
  EXPECT_EQ(action->limits->min, 3);
  EXPECT_EQ(epoch_s(*action->start), 1'767'225'600);
  EXPECT_THAT(read_action(parse(R"j({"ScheduledActionName": "a", "Schedule": "rate(1 hour)",
                                     "ResourceId": "function:f:live"})j"))
                  .error()
                  .message,
              HasSubstr("has no MinCapacity and no MaxCapacity"));
}

}  // namespace
}  // namespace kiln::survey
