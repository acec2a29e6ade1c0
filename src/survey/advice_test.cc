// A function that APIs describe, without any API: what is read of it, and which calls carry out
// advice.
#include "survey/advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace kiln::survey {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Answers by method and path, or by the operation of X-Amz-Target; notes what was asked.
class FakeApi final : public Api {
 public:
  Result<Json> call(const ApiCall& call) override {
    const size_t dot = call.target.rfind('.');
    const std::string what =
        call.target.empty() ? call.method + " " + call.path : call.target.substr(dot + 1);
    calls.push_back(what + (call.body.empty() ? "" : " " + call.body));
    const auto found = answers.find(what);
    if (found == answers.end())
      return Error{ErrorKind::kNotFound, "ResourceNotFoundException", what + " has no answer"};
    return Json::parse_or_null(found->second);
  }

  std::map<std::string, std::string> answers;
  std::vector<std::string> calls;
};

class SurveyTest : public testing::Test {
 protected:
  SurveyTest() {
    auto& a = api_.answers;
    a["GET /2015-03-31/functions/f"] =
        R"({"Configuration": {"FunctionName": "f", "MemorySize": 512, "Timeout": 7,
            "Architectures": ["arm64"]}, "Concurrency": {"ReservedConcurrentExecutions": 20}})";
    a["GET /2015-03-31/functions/f/configuration"] = R"({"FunctionName": "f"})";
    a["GET /2015-03-31/functions/f/versions"] =
        R"({"Versions": [{"Version": "$LATEST", "FunctionName": "f"},
                         {"Version": "3", "FunctionName": "f", "MemorySize": 256}]})";
    a["GET /2015-03-31/functions/f/aliases"] =
        R"({"Aliases": [{"Name": "live", "FunctionVersion": "3",
            "RoutingConfig": {"AdditionalVersionWeights": {"4": 0.25}}}]})";
    a["GET /2019-09-30/functions/f/provisioned-concurrency?List=ALL"] =
        R"({"ProvisionedConcurrencyConfigs": [{"RequestedProvisionedConcurrentExecutions": 5,
            "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:live"}]})";
    a["GET /2019-09-25/functions/f/event-invoke-config/list"] =
        R"({"FunctionEventInvokeConfigs": [{"MaximumRetryAttempts": 1,
            "FunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST"}]})";
    a["GET /2016-08-19/account-settings"] =
        R"({"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 900}})";
    a["DescribeScalableTargets"] =
        R"({"ScalableTargets": [
            {"ResourceId": "function:f:live", "MinCapacity": 5, "MaxCapacity": 9},
            {"ResourceId": "function:other:live", "MinCapacity": 1, "MaxCapacity": 2}]})";
    a["DescribeScalingPolicies"] = R"({"ScalingPolicies": []})";
    a["DescribeScheduledActions"] = R"({"ScheduledActions": []})";
    const std::string alarm =
        R"("Namespace": "AWS/Lambda", "MetricName": "Errors", "Statistic": "Sum", "Period": 60,
           "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold")";
    a["DescribeAlarms"] =
        R"({"MetricAlarms": [
            {"AlarmName": "mine", "Dimensions": [{"Name": "FunctionName", "Value": "f"}], )" +
        alarm +
        R"(}, {"AlarmName": "foreign", "Dimensions": [{"Name": "FunctionName", "Value": "g"}], )" +
        alarm +
        R"(}, {"AlarmName": "typo", "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
            "Namespace": "AWS/Lambda", "MetricName": "Erors", "Statistic": "Sum", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}]})";
  }

  FakeApi api_;
};

TEST_F(SurveyTest, SettingsBecomeAScenario) {
  const auto settings = read_settings(api_, {"f"}, "us-east-1");
  ASSERT_TRUE(settings.ok()) << settings.error().message;
  const simulate::SimulatedFunction& f = settings->scenario.functions[0];
  EXPECT_EQ(f.config.latest->memory_mb, 512);
  EXPECT_EQ(f.config.latest->timeout_s, 7);
  EXPECT_EQ(f.architecture, cost::Architecture::kArm64);
  EXPECT_EQ(f.config.reserved_concurrency, 20);
  EXPECT_EQ(f.config.versions.at(3)->memory_mb, 256);
  EXPECT_EQ(f.config.aliases.at("live").additional_version->second, 0.25);
  EXPECT_EQ(f.config.provisioned.at("live").requested, 5);
  EXPECT_EQ(f.config.event_invoke.at("$LATEST").maximum_retry_attempts, 1);
  // Of 1,000, others claim 80 of the 100 that are claimed.
  EXPECT_EQ(settings->scenario.quota.concurrency, 920);
  ASSERT_EQ(settings->scenario.targets.size(), 1u);
  EXPECT_EQ(settings->scenario.targets[0].max, 9);
  ASSERT_EQ(settings->scenario.alarms.size(), 1u);
  EXPECT_EQ(settings->scenario.alarms[0].name, "mine");
  EXPECT_THAT(settings->notes,
              testing::ElementsAre("without an alarm: the alarm typo watches AWS/Lambda Erors, "
                                   "which a simulation doesn't make (did you mean Errors?)"));
  EXPECT_EQ(read_settings(api_, {"nobody"}, "us-east-1").error().type, "ResourceNotFoundException");
}

TEST_F(SurveyTest, TheClockOfKilnAndOfAws) {
  const WallTime now{std::chrono::seconds(1000)};
  EXPECT_FALSE(metric_time(api_, now).kiln);
  EXPECT_EQ(metric_time(api_, now).of(now), now);
  api_.answers["GET /_kiln/status"] =
      R"({"metricTime": 9000, "machineTime": 1000, "speed": 60, "idleLifetimeSeconds": 600,
          "provisioningDelaySeconds": 0})";
  const MetricTime time = metric_time(api_, now);
  EXPECT_EQ(epoch_s(time.of(WallTime{std::chrono::seconds(995)})), 8700);
  const simulate::Platform platform = platform_of(time);
  EXPECT_EQ(platform.speed, 60);
  EXPECT_EQ(platform.idle_lifetime, std::chrono::seconds(10));
}

TEST_F(SurveyTest, MetricsAndReportLinesBecomeMinutesAndReports) {
  api_.answers["GetMetricData"] =
      R"({"MetricDataResults": [{"Id": "m", "Timestamps": [60, 120], "Values": [3, 4]}]})";
  api_.answers["FilterLogEvents"] =
      R"({"events": [{"timestamp": 61000, "message":
          "REPORT RequestId: a\tDuration: 10.50 ms\tBilled Duration: 11 ms\tMemory Size: 512 MB\tMax Memory Used: 40 MB\tInit Duration: 100.00 ms\t\n"},
          {"timestamp": 62000, "message": "no report"}]})";
  const MetricTime time{.now = WallTime{std::chrono::seconds(180)},
                        .machine = WallTime{std::chrono::seconds(180)}};
  const auto observed =
      read_observed(api_, "f", {"live"}, window_of(time, std::chrono::minutes(3)), time);
  ASSERT_TRUE(observed.ok()) << observed.error().message;
  ASSERT_EQ(observed->minutes.size(), 2u);
  EXPECT_EQ(observed->minutes[1].invocations, 4);
  ASSERT_EQ(observed->reports.size(), 1u);
  EXPECT_EQ(observed->reports[0].init_ms, 100);
  EXPECT_EQ(observed->reports[0].used_memory_mb, 40);
}

TEST_F(SurveyTest, ReportLinesAreReadInTheLogGroupThatTheSettingsName) {
  api_.answers["GET /2015-03-31/functions/f/configuration"] =
      R"({"FunctionName": "f", "LoggingConfig": {"LogGroup": "/shared"}})";
  api_.answers["GetMetricData"] =
      R"({"MetricDataResults": [{"Id": "m", "Timestamps": [60], "Values": [2]}]})";
  const std::string report =
      R"("timestamp": 61000, "message":
          "REPORT RequestId: a\tDuration: 10.50 ms\tBilled Duration: 11 ms\tMemory Size: 512 MB\tMax Memory Used: 40 MB\t\n"})";
  api_.answers["FilterLogEvents"] = R"({"events": [{"logStreamName": "2026/01/21/f[1]8a", )" +
                                    report + R"(, {"logStreamName": "2026/01/21/g[1]8a", )" +
                                    report + "]}";
  const MetricTime time{.now = WallTime{std::chrono::seconds(180)},
                        .machine = WallTime{std::chrono::seconds(180)}};
  const auto observed =
      read_observed(api_, "f", {}, window_of(time, std::chrono::minutes(3)), time);
  ASSERT_TRUE(observed.ok()) << observed.error().message;
  EXPECT_EQ(observed->reports.size(), 1u) << "the other one is another function's";
  EXPECT_THAT(api_.calls,
              testing::Contains(testing::AllOf(testing::StartsWith("FilterLogEvents"),
                                               testing::HasSubstr(R"("logGroupName":"/shared")"))));
}

TEST_F(SurveyTest, NoMorePagesAreReadThanItTakes) {
  api_.answers["GetMetricData"] =
      R"({"MetricDataResults": [{"Id": "m", "Timestamps": [60], "Values": [2]}]})";
  api_.answers["FilterLogEvents"] =
      R"({"nextToken": "next", "events": [{"logStreamName": "2026/01/21/[1]8a", "message":
          "REPORT RequestId: a\tDuration: 10.50 ms\tBilled Duration: 11 ms\tMemory Size: 512 MB\tMax Memory Used: 40 MB\t\n"}]})";
  const MetricTime time{.now = WallTime{std::chrono::seconds(180)},
                        .machine = WallTime{std::chrono::seconds(180)}};
  Window window = window_of(time, std::chrono::minutes(3));
  window.reports = 1;
  const auto observed = read_observed(api_, "f", {}, window, time);
  ASSERT_TRUE(observed.ok()) << observed.error().message;
  EXPECT_EQ(observed->reports.size(), 1u);
  EXPECT_EQ(std::count_if(api_.calls.begin(), api_.calls.end(),
                          [](const std::string& call) { return call.starts_with("FilterLog"); }),
            1);
}

TEST_F(SurveyTest, SizesThatItRanWithOftenEnoughAreKnown) {
  advise::Observed observed;
  for (int i = 0; i < 45; ++i)
    observed.reports.push_back({{}, i < 20 ? 100.0 + i : 50.0, {}, i < 20 ? 128 : 256, 40, false});
  observed.reports.push_back({{}, 5, {}, 512, 40, false});
  const auto sizes = sizes_of(observed);
  ASSERT_EQ(sizes.size(), 2u);
  EXPECT_EQ(sizes[0].memory_mb, 128);
  EXPECT_DOUBLE_EQ(sizes[0].p50_ms, 109.5);
  EXPECT_DOUBLE_EQ(sizes[1].p50_ms, 50);
}

TEST_F(SurveyTest, AdviceIsCarriedOutByTheOperationsThatItsCommandsName) {
  const auto calls = [&](const advise::Setting& setting, const advise::Where& where) {
    api_.calls.clear();
    const auto done = apply(api_, setting, where);
    EXPECT_TRUE(done.ok()) << done.error().message;
    return api_.calls;
  };
  for (const char* call :
       {"PUT /2017-10-31/functions/f/concurrency", "DELETE /2017-10-31/functions/f/concurrency",
        "PUT /2019-09-30/functions/f/provisioned-concurrency?Qualifier=live",
        "PUT /2015-03-31/functions/f/configuration", "RegisterScalableTarget",
        "DeregisterScalableTarget", "PutScalingPolicy", "PutMetricAlarm",
        "PUT /2015-03-31/functions/f/aliases/live"})
    api_.answers[call] = "{}";
  api_.answers["GET /2015-03-31/functions/f/configuration"] =
      R"({"LastUpdateStatus": "Successful"})";
  api_.answers["POST /2015-03-31/functions/f/versions"] = R"({"Version": "4"})";
  EXPECT_THAT(calls(advise::SetReserved{40}, {"f", "us-east-1"}),
              ElementsAre("PUT /2017-10-31/functions/f/concurrency "
                          R"({"ReservedConcurrentExecutions":40})"));
  EXPECT_THAT(calls(advise::SetReserved{}, {"f", "us-east-1"}),
              ElementsAre("DELETE /2017-10-31/functions/f/concurrency"));
  EXPECT_THAT(calls(advise::SetTracking{"live", "p", 2, 9, 0.7, "Maximum", true}, {"f", "x"}),
              ElementsAre(HasSubstr("DeregisterScalableTarget"),
                          HasSubstr(R"({"ProvisionedConcurrentExecutions":2})"),
                          HasSubstr(R"("MinCapacity":2,"MaxCapacity":9)"),
                          HasSubstr(R"("Statistic":"Maximum")")));
  // Who calls an alias gets a new version.
  EXPECT_THAT(calls(advise::SetMemory{1024}, {"f", "us-east-1", "live"}),
              ElementsAre(R"(PUT /2015-03-31/functions/f/configuration {"MemorySize":1024})",
                          "GET /2015-03-31/functions/f/configuration",
                          "POST /2015-03-31/functions/f/versions {}",
                          R"(PUT /2015-03-31/functions/f/aliases/live {"FunctionVersion":"4"})"));
  EXPECT_THAT(apply(api_, advise::SetTimeout{3}, {"f", "us-east-1", "3"}).error().message,
              HasSubstr("versions can't be changed"));
  EXPECT_THAT(calls(advise::SetIdleAlarm{"live", 30}, {"f", "us-east-1"}),
              ElementsAre(HasSubstr(R"("TreatMissingData":"breaching")")));
  EXPECT_THAT(apply(api_, advise::SetProvisioned{"gone", 3}, {"f", "x"}).error().message,
              HasSubstr("has no answer"));
}

}  // namespace
}  // namespace kiln::survey
