// Alarms: each rule on both sides of its limit.
#include <gmock/gmock.h>

#include "tests/support/lint_template.h"

namespace kiln::lint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAbove = "ComparisonOperator: GreaterThanThreshold, ";
constexpr const char* kAtLeast = "ComparisonOperator: GreaterThanOrEqualToThreshold, ";
constexpr const char* kBelow = "ComparisonOperator: LessThanThreshold, ";
constexpr const char* kMinutely = "EvaluationPeriods: 1, Period: 60, ";

std::string alarm(const std::string& function_properties, const std::string& metric,
                  const std::string& properties) {
  return template_of(function_yaml(function_properties) +
                     alarm_yaml(metric, std::string(kMinutely) + properties));
}

TEST(AlarmRules, DurationInSeconds) {
  const auto duration = [](const std::string& rest) {
    return alarm("Timeout: 30", "Duration", "Statistic: Average, " + rest);
  };
  const std::string rule = "duration-alarm-unit";
  EXPECT_THAT(
      found(rule, duration(std::string(kAbove) + "Threshold: 24")),
      ElementsAre("duration-alarm-unit warning Alarm: threshold 24 is 24 ms; Orders may run "
                  "for 30 s"));
  EXPECT_THAT(found(rule, duration(std::string(kAbove) + "Threshold: 30")),
              ElementsAre(HasSubstr("threshold 30")));
  EXPECT_THAT(found(rule, duration(std::string(kAbove) + "Threshold: 31")), IsEmpty());
  EXPECT_THAT(found(rule, duration(std::string(kBelow) + "Threshold: 24")), IsEmpty());
}

TEST(AlarmRules, DurationUsesTheDefaultTimeout) {
  const std::string p99 = std::string(kAbove) + "ExtendedStatistic: p99, Threshold: ";
  EXPECT_THAT(found("duration-alarm-unit", alarm("", "Duration", p99 + "3")),
              ElementsAre(HasSubstr("Orders may run for 3 s")));
  EXPECT_THAT(found("duration-alarm-above-timeout", alarm("", "Duration", p99 + "3001")),
              ElementsAre(HasSubstr("timeout of Orders, 3 s")));
}

TEST(AlarmRules, DurationAboveTimeout) {
  const auto duration = [](const std::string& statistic, int threshold) {
    return alarm(
        "Timeout: 30", "Duration",
        "Statistic: " + statistic + ", " + kAbove + "Threshold: " + std::to_string(threshold));
  };
  const std::string rule = "duration-alarm-above-timeout";
  EXPECT_THAT(found(rule, duration("Maximum", 30001)), ElementsAre(HasSubstr("can't be reached")));
  EXPECT_THAT(found(rule, duration("Maximum", 30000)), IsEmpty());
  EXPECT_THAT(found(rule, duration("Sum", 30001)), IsEmpty());
}

TEST(AlarmRules, UtilizationInPercent) {
  const auto utilization = [](const std::string& rest) {
    return template_of(function_yaml("") +
                       alarm_yaml("ProvisionedConcurrencyUtilization",
                                  std::string(kMinutely) + "Statistic: Maximum, " + rest,
                                  "[{Name: FunctionName, Value: !Ref Orders}, {Name: Resource, "
                                  "Value: !Sub '${Orders}:live'}]"));
  };
  const std::string rule = "utilization-alarm-percent";
  EXPECT_THAT(found(rule, utilization(std::string(kAbove) + "Threshold: 80")),
              ElementsAre(HasSubstr("the alarm never fires")));
  EXPECT_THAT(found(rule, utilization(std::string(kBelow) + "Threshold: 1.1")),
              ElementsAre(HasSubstr("the alarm always fires")));
  EXPECT_THAT(found(rule, utilization(std::string(kAtLeast) + "Threshold: 1")), IsEmpty());
}

TEST(AlarmRules, ConcurrencyAboveLimit) {
  const auto concurrency = [](const std::string& reserve, const std::string& comparison,
                              int threshold) {
    return alarm(reserve, "ConcurrentExecutions",
                 "Statistic: Maximum, " + comparison + "Threshold: " + std::to_string(threshold));
  };
  const std::string rule = "concurrency-alarm-above-limit";
  const std::string reserve = "ReservedConcurrentExecutions: 50";
  EXPECT_THAT(found(rule, concurrency(reserve, kAbove, 50)),
              ElementsAre(HasSubstr("the reserve of Orders, 50")));
  EXPECT_THAT(found(rule, concurrency(reserve, kAbove, 49)), IsEmpty());
  EXPECT_THAT(found(rule, concurrency(reserve, kAtLeast, 50)), IsEmpty());
  EXPECT_THAT(found(rule, concurrency(reserve, kAtLeast, 51)), ElementsAre(HasSubstr("never")));
  EXPECT_THAT(found(rule, concurrency("", kAbove, 5000)), IsEmpty());
}

TEST(AlarmRules, ConcurrencyAboveTheAccounts) {
  const auto account = [](int threshold) {
    return template_of(alarm_yaml("ClaimedAccountConcurrency",
                                  std::string(kMinutely) + "Statistic: Maximum, " + kAbove +
                                      "Threshold: " + std::to_string(threshold),
                                  "[]"));
  };
  const std::string rule = "concurrency-alarm-above-limit";
  EXPECT_THAT(found(rule, account(1000)), ElementsAre(HasSubstr("the account's limit, 1000")));
  EXPECT_THAT(found(rule, account(999)), IsEmpty());
  EXPECT_THAT(found(rule, account(1000), {.account_concurrency = 3000}), IsEmpty());
}

std::string timed(const std::string& period, const std::string& more) {
  return template_of(function_yaml("") +
                     alarm_yaml("Errors", "Statistic: Sum, Threshold: 0, " + std::string(kAbove) +
                                              "Period: " + period + ", " + more));
}

TEST(AlarmRules, Period) {
  const std::string rule = "alarm-period";
  for (const char* period : {"60", "300", "3600"})
    EXPECT_THAT(found(rule, timed(period, "EvaluationPeriods: 1")), IsEmpty()) << period;
  for (const char* period : {"5", "59", "90", "0"}) {
    EXPECT_THAT(found(rule, timed(period, "EvaluationPeriods: 1")),
                ElementsAre(HasSubstr("error Alarm")))
        << period;
  }
  EXPECT_THAT(found(rule, timed("30", "EvaluationPeriods: 1")),
              ElementsAre(HasSubstr("warning Alarm: a period of 30 s")));
}

TEST(AlarmRules, Window) {
  const std::string rule = "alarm-window";
  EXPECT_THAT(found(rule, timed("300", "EvaluationPeriods: 288")), IsEmpty());
  EXPECT_THAT(found(rule, timed("300", "EvaluationPeriods: 289")),
              ElementsAre(HasSubstr("more than a day")));
  EXPECT_THAT(found(rule, timed("3600", "EvaluationPeriods: 168")), IsEmpty());
  EXPECT_THAT(found(rule, timed("3600", "EvaluationPeriods: 169")),
              ElementsAre(HasSubstr("more than a week")));
}

TEST(AlarmRules, Datapoints) {
  const std::string rule = "alarm-datapoints";
  EXPECT_THAT(found(rule, timed("60", "EvaluationPeriods: 3, DatapointsToAlarm: 4")),
              ElementsAre(HasSubstr("DatapointsToAlarm 4 is above EvaluationPeriods 3")));
  EXPECT_THAT(found(rule, timed("60", "EvaluationPeriods: 3, DatapointsToAlarm: 3")), IsEmpty());
}

TEST(AlarmRules, Dimensions) {
  struct Case {
    const char* metric;
    const char* dimensions;
    const char* says;  // "": nothing
  };
  const Case cases[] = {
      {"ProvisionedConcurrencyUtilization", "[{Name: FunctionName, Value: !Ref Orders}]",
       "never without Resource"},
      {"ProvisionedConcurrencyUtilization",
       "[{Name: FunctionName, Value: !Ref Orders}, {Name: Resource, Value: !Sub "
       "'${Orders}:live'}]",
       ""},
      {"ProvisionedConcurrencyUtilization",
       "[{Name: FunctionName, Value: !Ref Orders}, {Name: Resource, Value: !Ref Orders}]",
       "versions and aliases only"},
      {"Errors", "[{Name: FunctionName, Value: !Ref Orders}, {Name: Resource, Value: !Ref Live}]",
       "Resource is an ARN"},
      {"Errors", "[{Name: FunctionName, Value: !GetAtt Orders.Arn}]", "not a function's name"},
      {"Errors", "[{Name: Resource, Value: 'a:live'}]", "never stands without FunctionName"},
      {"Errors",
       "[{Name: FunctionName, Value: !Ref Orders}, {Name: Resource, Value: 'other:live'}]",
       "Resource names other, FunctionName Orders"},
      {"Errors", "[{Name: FunctionName, Value: !Ref Orders}, {Name: ExecutedVersion, Value: '1'}]",
       "ExecutedVersion never stands without Resource"},
      {"ClaimedAccountConcurrency", "[{Name: FunctionName, Value: !Ref Orders}]",
       "of the whole Region"},
      {"Errors", "[]", ""},
      {"Errors", "[{Name: FunctionName, Value: !Ref Orders}]", ""},
  };
  for (const Case& c : cases) {
    const std::string yaml = template_of(
        function_yaml("") + version_yaml() + alias_yaml() +
        alarm_yaml(c.metric, std::string(kMinutely) + kAbove + "Statistic: Maximum, Threshold: 0.5",
                   c.dimensions));
    const auto lines = found("alarm-dimensions", yaml);
    if (*c.says == '\0')
      EXPECT_THAT(lines, IsEmpty()) << c.dimensions;
    else
      EXPECT_THAT(lines, ElementsAre(HasSubstr(c.says))) << c.dimensions;
  }
}

std::string rate_alarm(const std::string& expression, const std::string& more) {
  const auto query = [](const std::string& id, const std::string& metric) {
    return ", {Id: " + id +
           ", ReturnData: false, MetricStat: {Period: 300, Stat: Sum, Metric: {Namespace: "
           "AWS/Lambda, MetricName: " +
           metric + ", Dimensions: [{Name: FunctionName, Value: !Ref Orders}]}}}";
  };
  return template_of(function_yaml("") +
                     resource_yaml("Rate", "CloudWatch::Alarm",
                                   "Threshold: 5, EvaluationPeriods: 2, " + std::string(kAbove) +
                                       more + "Metrics: [{Id: rate, Expression: '" + expression +
                                       "'}" + query("errors", "Errors") +
                                       query("calls", "Invocations") + "]"));
}

TEST(AlarmRules, ErrorRateWithoutTraffic) {
  const std::string rule = "error-rate-without-traffic";
  EXPECT_THAT(found(rule, rate_alarm("errors / calls * 100", "")),
              ElementsAre(HasSubstr("info Rate: `errors / calls * 100` has no point")));
  EXPECT_THAT(found(rule, rate_alarm("100 * (errors / calls)", "TreatMissingData: missing, ")),
              ElementsAre(HasSubstr("info Rate")));
  EXPECT_THAT(found(rule, rate_alarm("errors / calls * 100", "TreatMissingData: notBreaching, ")),
              IsEmpty());
  EXPECT_THAT(found(rule, rate_alarm("FILL(errors / calls, 0)", "")), IsEmpty());
  EXPECT_THAT(found(rule, rate_alarm("calls / 60", "")), IsEmpty());
}

TEST(AlarmRules, MissingDataBreachesWhenIdle) {
  const auto errors = [](const std::string& comparison, const std::string& missing) {
    return alarm("", "Errors",
                 "Statistic: Sum, Threshold: 1, " + comparison + "TreatMissingData: " + missing);
  };
  const std::string rule = "missing-data-breaches-when-idle";
  EXPECT_THAT(found(rule, errors(kAbove, "breaching")), ElementsAre(HasSubstr("warning Alarm")));
  EXPECT_THAT(found(rule, errors(kAbove, "notBreaching")), IsEmpty());
  EXPECT_THAT(found(rule, errors(kBelow, "breaching")), IsEmpty());
}

TEST(AlarmRules, QuietAlarm) {
  const auto quiet = [](const std::string& metric, const std::string& rest) {
    return alarm("", metric, "Statistic: Sum, " + std::string(kBelow) + rest);
  };
  const std::string rule = "quiet-alarm-never-fires";
  EXPECT_THAT(found(rule, quiet("Invocations", "Threshold: 1")),
              ElementsAre(HasSubstr("Invocations is never 0")));
  EXPECT_THAT(found(rule, quiet("Invocations", "Threshold: 1, TreatMissingData: breaching")),
              IsEmpty());
  EXPECT_THAT(found(rule, quiet("Invocations", "Threshold: 2")), IsEmpty());
  EXPECT_THAT(found(rule, quiet("Errors", "Threshold: 1")), IsEmpty());
}

TEST(AlarmRules, AWildcardIsNoDimension) {
  EXPECT_THAT(
      lines_of(findings_of({{R"(
Resources:
  A:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Errors
      Statistic: Sum
      Period: 300
      EvaluationPeriods: 1
      Threshold: 2
      ComparisonOperator: GreaterThanOrEqualToThreshold
      Dimensions: [{Name: FunctionName, Value: !Sub '${AWS::StackName}-UserFunction-*'}]
)"}})),
      testing::Contains(testing::HasSubstr("* stands for itself only; the alarm gets no data")));
}

}  // namespace
}  // namespace kiln::lint
