#include "services/autoscaling/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/support/autoscaling_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

TEST_F(ApplicationAutoScalingTest, Targets) {
  const json added =
      must(on("RegisterScalableTarget", {{"MinCapacity", 6},
                                         {"MaxCapacity", 10},
                                         {"SuspendedState", {{"DynamicScalingInSuspended", true}}},
                                         {"Tags", {{"team", "blue"}}}}));
  const std::string arn = added["ScalableTargetARN"];
  const json found = describe("DescribeScalableTargets");
  ASSERT_EQ(found["ScalableTargets"].size(), 1u);
  const json expected{
      {"ServiceNamespace", "lambda"},
      {"ResourceId", "function:a:live"},
      {"ScalableDimension", "lambda:function:ProvisionedConcurrency"},
      {"MinCapacity", 6},
      {"MaxCapacity", 10},
      {"RoleARN",
       "arn:aws:iam::000000000000:role/aws-service-role/lambda.application-autoscaling.amazonaws."
       "com/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"},
      {"CreationTime", 1'758'240'000.5},
      {"ScalableTargetARN", arn},
      {"SuspendedState",
       {{"DynamicScalingInSuspended", true},
        {"DynamicScalingOutSuspended", false},
        {"ScheduledScalingSuspended", false}}}};
  EXPECT_EQ(found["ScalableTargets"][0], expected);
  EXPECT_FALSE(found.contains("NextToken"));
  EXPECT_EQ(capacity_.units["function:a:live"], 6);

  // What is not given again stays.
  must(on("RegisterScalableTarget", {{"MinCapacity", 2}}));
  const json after = describe("DescribeScalableTargets")["ScalableTargets"][0];
  EXPECT_EQ(after["MinCapacity"], 2);
  EXPECT_EQ(after["SuspendedState"]["DynamicScalingInSuspended"], true);
  must(on("DeregisterScalableTarget", {}));
  EXPECT_TRUE(describe("DescribeScalableTargets")["ScalableTargets"].empty());
  EXPECT_EQ(on("DeregisterScalableTarget", {}).error().type, "ObjectNotFoundException");
}

TEST_F(ApplicationAutoScalingTest, WhatTheModelExcludesIsSaidTogetherBeforeTheTargetIsLookedFor) {
  EXPECT_THAT(run("PutScalingPolicy", json::object()).error().message,
              testing::AllOf(StartsWith("4 validation errors detected: "),
                             testing::HasSubstr("Value null at 'policyName'")));
  EXPECT_THAT(run("PutScheduledAction", json::object()).error().message,
              testing::AllOf(StartsWith("4 validation errors detected: "),
                             testing::HasSubstr("Value null at 'scheduledActionName'")));
  struct {
    const char* operation;
    json members;
    const char* says;
  } const cases[] = {
      {"PutScheduledAction", {{"ScheduledActionName", " a"}}, "'scheduledActionName' failed"},
      {"PutScheduledAction", {{"ScheduledActionName", "a|b"}}, "regular expression pattern: (?!"},
      {"PutScheduledAction",
       {{"ScheduledActionName", std::string(257, 'a')}},
       "Member must have length less than or equal to 256"},
      {"PutScalingPolicy",
       {{"PolicyName", "p"}, {"PolicyType", "X"}},
       "'policyType' failed to satisfy constraint: Member must satisfy enum value set: "},
      {"PutScalingPolicy",
       {{"PolicyName", "p"},
        {"PolicyType", "TargetTrackingScaling"},
        {"TargetTrackingScalingPolicyConfiguration", json::object()}},
       "Value null at 'targetTrackingScalingPolicyConfiguration.targetValue' failed"},
      {"PutScalingPolicy",
       {{"PolicyName", "p"},
        {"PolicyType", "TargetTrackingScaling"},
        {"TargetTrackingScalingPolicyConfiguration",
         {{"TargetValue", 0.5},
          {"PredefinedMetricSpecification", {{"PredefinedMetricType", "X"}}}}}},
       "Value 'X' at 'targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification."
       "predefinedMetricType' failed to satisfy constraint: Member must satisfy enum value set: "},
  };
  for (const auto& c : cases) {
    const auto refused = on(c.operation, c.members);
    ASSERT_FALSE(refused.ok()) << c.says;
    EXPECT_EQ(refused.error().type, "ValidationException");
    EXPECT_THAT(refused.error().message, testing::HasSubstr(c.says));
  }
  EXPECT_THAT(run("ListTagsForResource", {{"ResourceARN", "arn:aws:lambda:x"}}).error().message,
              testing::HasSubstr("'resourceARN' failed to satisfy constraint: Member must satisfy "
                                 "regular expression pattern: ^arn:"));
}

TEST_F(ApplicationAutoScalingTest, OnlyVersionsAndAliasesOfLambdaAreScaled) {
  const json limits{{"MinCapacity", 1}, {"MaxCapacity", 10}};
  for (const char* resource :
       {"function:a:$LATEST", "function:a", "a:live", "function::live", "service/x/y"}) {
    json input = limits;
    input["ResourceId"] = resource;
    const auto refused = on("RegisterScalableTarget", input);
    ASSERT_FALSE(refused.ok()) << resource;
    EXPECT_EQ(refused.error().type, "ValidationException");
    EXPECT_THAT(refused.error().message, StartsWith("Unsupported service namespace"));
  }
  for (const char* member : {"ServiceNamespace", "ScalableDimension"}) {
    json input{{"ServiceNamespace", "lambda"},
               {"ResourceId", "function:a:live"},
               {"ScalableDimension", "lambda:function:ProvisionedConcurrency"}};
    input[member] = "Y";
    const auto refused = run("RegisterScalableTarget", input);
    ASSERT_FALSE(refused.ok()) << member;
    EXPECT_EQ(refused.error().type, "ValidationException");
    EXPECT_THAT(refused.error().message,
                testing::AllOf(StartsWith("1 validation error detected: Value 'Y' at '"),
                               testing::HasSubstr("Member must satisfy enum value set: [ecs"),
                               testing::HasSubstr("lambda")));
  }
  json other = limits;
  other.update({{"ServiceNamespace", "ecs"},
                {"ResourceId", "service/c/s"},
                {"ScalableDimension", "ecs:service:DesiredCount"}});
  EXPECT_EQ(run("RegisterScalableTarget", other).error().type, "ValidationException");
  EXPECT_TRUE(must(run("DescribeScalableTargets", {{"ServiceNamespace", "ecs"}}))["ScalableTargets"]
                  .empty());
  for (const char* operation : {"DescribeScalableTargets", "DescribeScalingPolicies",
                                "DescribeScheduledActions", "DescribeScalingActivities"}) {
    EXPECT_THAT(run(operation, {{"ServiceNamespace", "λ"}}).error().message,
                StartsWith("1 validation error detected: Value 'λ' at 'serviceNamespace'"));
    EXPECT_EQ(run(operation, {{"ServiceNamespace", "lambda"},
                              {"ScalableDimension", "ecs:service:DesiredCount"}})
                  .error()
                  .message,
              "Unsupported service namespace, resource type or scalable dimension")
        << operation;
  }
}

TEST_F(ApplicationAutoScalingTest, MembersThatAreMissingOrWrong) {
  EXPECT_EQ(run("RegisterScalableTarget", json::object()).error().message,
            "3 validation errors detected: Value null at 'serviceNamespace' failed to satisfy "
            "constraint: Member must not be null; Value null at 'resourceId' failed to satisfy "
            "constraint: Member must not be null; Value null at 'scalableDimension' failed to "
            "satisfy constraint: Member must not be null");
  EXPECT_EQ(run("RegisterScalableTarget", json::object()).error().type, "ValidationException");
  EXPECT_EQ(run("DescribeScalableTargets", json::object()).error().type, "ValidationException");
  EXPECT_EQ(on("RegisterScalableTarget", {{"MinCapacity", 1}}).error().type, "ValidationException");
  for (const json& wrong :
       {json{{"MinCapacity", "many"}, {"MaxCapacity", 3}},
        json{{"MinCapacity", 1}, {"MaxCapacity", 3}, {"SuspendedState", "yes"}},
        json{{"MinCapacity", 1},
             {"MaxCapacity", 3},
             {"SuspendedState", {{"DynamicScalingInSuspended", "maybe"}}}},
        json{{"MinCapacity", 1}, {"MaxCapacity", 3}, {"Tags", json::array({1})}},
        json{{"MinCapacity", 1}, {"MaxCapacity", 3}, {"Tags", {{"a", 1}}}}})
    EXPECT_EQ(on("RegisterScalableTarget", wrong).error().type, "SerializationException") << wrong;
  EXPECT_EQ(on("RegisterScalableTarget", {{"MinCapacity", 1}, {"MaxCapacity", 3'000'000'000}})
                .error()
                .type,
            "ValidationException");
}

TEST_F(ApplicationAutoScalingTest, TargetTrackingPolicies) {
  EXPECT_EQ(put_tracking("keep").error().type, "ObjectNotFoundException");
  add_target();
  json configuration = tracking();
  configuration["ScaleInCooldown"] = 60;
  configuration["DisableScaleIn"] = false;
  const json put = must(put_tracking("keep", configuration));
  ASSERT_EQ(put["Alarms"].size(), 2u);
  const std::string alarm = put["Alarms"][0]["AlarmName"];
  EXPECT_THAT(alarm, StartsWith("TargetTracking-function:a:live-AlarmHigh-"));
  EXPECT_EQ(put["Alarms"][0]["AlarmARN"],
            "arn:aws:cloudwatch:us-east-1:000000000000:alarm:" + alarm);
  const json found = describe("DescribeScalingPolicies")["ScalingPolicies"][0];
  EXPECT_EQ(found["PolicyARN"], put["PolicyARN"]);
  EXPECT_EQ(found["Alarms"], put["Alarms"]);
  EXPECT_EQ(found["PolicyType"], "TargetTrackingScaling");
  EXPECT_EQ(found["PolicyName"], "keep");
  EXPECT_EQ(found["CreationTime"], 1'758'240'000.5);
  EXPECT_EQ(found["TargetTrackingScalingPolicyConfiguration"], configuration);
  EXPECT_FALSE(found.contains("StepScalingPolicyConfiguration"));

  // The type of the policy that is there counts when none is given.
  must(on("PutScalingPolicy",
          {{"PolicyName", "keep"}, {"TargetTrackingScalingPolicyConfiguration", tracking(0.5)}}));
  EXPECT_EQ(alarms_.find(kRegion, alarm)->config.threshold, 0.5);
  must(on("DeleteScalingPolicy", {{"PolicyName", "keep"}}));
  EXPECT_TRUE(describe("DescribeScalingPolicies")["ScalingPolicies"].empty());
  EXPECT_EQ(on("DeleteScalingPolicy", {{"PolicyName", "keep"}}).error().type,
            "ObjectNotFoundException");
}

TEST_F(ApplicationAutoScalingTest, TrackingOfCustomMetrics) {
  add_target();
  const json simple{{"TargetValue", 50.0},
                    {"CustomizedMetricSpecification",
                     {{"MetricName", "Load"},
                      {"Namespace", "Mine"},
                      {"Dimensions", {{{"Name", "d"}, {"Value", "v"}}}},
                      {"Statistic", "Maximum"},
                      {"Unit", "Count"}}}};
  must(put_tracking("simple", simple));
  const json math{
      {"TargetValue", 10.0},
      {"CustomizedMetricSpecification",
       {{"Metrics",
         {{{"Id", "m1"},
           {"MetricStat",
            {{"Metric",
              {{"MetricName", "Load"}, {"Namespace", "Mine"}, {"Dimensions", json::array()}}},
             {"Stat", "Sum"}}},
           {"ReturnData", false}},
          {{"Id", "e1"}, {"Expression", "m1 / 2"}, {"Label", "half"}, {"ReturnData", true}}}}}}};
  must(put_tracking("math", math));
  const json described = describe("DescribeScalingPolicies");
  for (const json& policy : described["ScalingPolicies"])
    EXPECT_EQ(policy["TargetTrackingScalingPolicyConfiguration"],
              policy["PolicyName"] == "math" ? math : simple);

  json percentile = simple;
  percentile["CustomizedMetricSpecification"]["Statistic"] = "p90";
  json nameless = simple;
  nameless["CustomizedMetricSpecification"].erase("MetricName");
  json both = simple;
  both.update(tracking());
  json broken = math;
  broken["CustomizedMetricSpecification"]["Metrics"][1]["Expression"] = "m2 /";
  for (const json& wrong :
       {percentile, nameless, both, broken, json{{"TargetValue", 0.5}},
        json{{"PredefinedMetricSpecification", tracking()["PredefinedMetricSpecification"]}}})
    EXPECT_EQ(put_tracking("wrong", wrong).error().type, "ValidationException") << wrong;
  json other = tracking();
  other["PredefinedMetricSpecification"]["PredefinedMetricType"] =
      "ECSServiceAverageCPUUtilization";
  EXPECT_EQ(put_tracking("wrong", other).error().type, "ValidationException");
  other["PredefinedMetricSpecification"] = "x";
  EXPECT_EQ(put_tracking("wrong", other).error().type, "SerializationException");
  EXPECT_EQ(put_tracking("wrong", json("x")).error().type, "SerializationException");
  for (const double target : {0.0999, 0.9001, 70.0})
    EXPECT_EQ(put_tracking("wrong", tracking(target)).error().type, "ValidationException");
}

TEST_F(ApplicationAutoScalingTest, StepPolicies) {
  add_target();
  const json configuration{
      {"AdjustmentType", "PercentChangeInCapacity"},
      {"StepAdjustments",
       {{{"MetricIntervalLowerBound", 0.0},
         {"MetricIntervalUpperBound", 0.15000000000000002},
         {"ScalingAdjustment", 10}},
        {{"MetricIntervalLowerBound", 0.15000000000000002}, {"ScalingAdjustment", 30}}}},
      {"MinAdjustmentMagnitude", 2},
      {"Cooldown", 60},
      {"MetricAggregationType", "Maximum"}};
  const json put = must(put_steps("steps", configuration));
  EXPECT_EQ(put["Alarms"], json::array());
  json found = describe("DescribeScalingPolicies")["ScalingPolicies"][0];
  EXPECT_EQ(found["PolicyType"], "StepScaling");
  EXPECT_EQ(found["StepScalingPolicyConfiguration"], configuration);

  telemetry::AlarmConfig alarm;
  alarm.region = kRegion;
  alarm.name = "busy";
  alarm.metric.emplace();
  alarm.metric->metric = {kRegion, "Mine", "Load", {}};
  alarm.metric->stat = "Sum";
  alarm.actions.alarm = {put["PolicyARN"]};
  ASSERT_TRUE(alarms_.put(alarm, {}, now_).ok());
  found = describe("DescribeScalingPolicies")["ScalingPolicies"][0];
  EXPECT_EQ(found["Alarms"][0]["AlarmName"], "busy");

  for (const json& wrong :
       {json{{"AdjustmentType", "Double"}}, json{{"MetricAggregationType", "Sum"}},
        json{{"StepAdjustments", json::array()}}, json{{"StepAdjustments", {json::object()}}},
        json{{"Cooldown", -1}}})
    EXPECT_EQ(put_steps("wrong", wrong).error().type, "ValidationException") << wrong;
  for (const json& wrong : {json{{"StepAdjustments", 1}}, json{{"StepAdjustments", {1}}},
                            json{{"Cooldown", 1.5}}, json{{"Cooldown", 3'000'000'000}}})
    EXPECT_FALSE(put_steps("wrong", wrong).ok()) << wrong;
  EXPECT_EQ(on("PutScalingPolicy", {{"PolicyName", "p"}, {"PolicyType", "PredictiveScaling"}})
                .error()
                .type,
            "ValidationException");
  EXPECT_EQ(on("PutScalingPolicy", {{"PolicyName", "p"}, {"PolicyType", "Magic"}}).error().type,
            "ValidationException");
  EXPECT_EQ(on("PutScalingPolicy", {{"PolicyName", "p"},
                                    {"PolicyType", "StepScaling"},
                                    {"TargetTrackingScalingPolicyConfiguration", tracking()}})
                .error()
                .type,
            "ValidationException");
  EXPECT_EQ(put_steps(std::string(256, 'n')).ok(), true);
  EXPECT_EQ(put_steps(std::string(257, 'n')).error().type, "ValidationException");
  EXPECT_EQ(put_steps("a\nb").error().type, "ValidationException");
}

TEST_F(ApplicationAutoScalingTest, Filters) {
  for (const char* function : {"a", "b", "c"}) {
    add_target(function);
    must(put_tracking("keep", tracking(), function));
    must(on("PutScheduledAction",
            {{"ScheduledActionName", std::string("to ") + function},
             {"Schedule", "rate(1 day)"},
             {"ScalableTargetAction", {{"MinCapacity", 3}}}},
            function));
  }
  const auto count = [&](const char* operation, const char* list, const json& input) {
    return describe(operation, input)[list].size();
  };
  const json one{{"ResourceId", "function:b:live"}};
  EXPECT_EQ(count("DescribeScalableTargets", "ScalableTargets",
                  {{"ResourceIds", {"function:a:live", "function:c:live", "function:d:live"}}}),
            2u);
  EXPECT_EQ(count("DescribeScalingPolicies", "ScalingPolicies", one), 1u);
  EXPECT_EQ(count("DescribeScalingPolicies", "ScalingPolicies", {{"PolicyNames", {"keep"}}}), 3u);
  EXPECT_EQ(count("DescribeScalingPolicies", "ScalingPolicies", {{"PolicyNames", {"other"}}}), 0u);
  EXPECT_EQ(count("DescribeScheduledActions", "ScheduledActions", one), 1u);
  for (const auto& [operation, member] :
       {std::pair("DescribeScalableTargets", "ResourceIds"),
        std::pair("DescribeScalingPolicies", "PolicyNames"),
        std::pair("DescribeScheduledActions", "ScheduledActionNames")}) {
    describe(operation, {{member, {std::string(1'600, 'n')}}});
    for (const size_t length : {size_t{0}, size_t{1'601}}) {
      json input{{"ServiceNamespace", "lambda"}, {member, {std::string(length, 'n')}}};
      EXPECT_EQ(run(operation, input).error().type, "ValidationException") << member << length;
    }
  }
  EXPECT_EQ(count("DescribeScheduledActions", "ScheduledActions",
                  {{"ScheduledActionNames", {"to a", "to b"}}}),
            2u);
}

TEST_F(ApplicationAutoScalingTest, Pages) {
  std::set<std::string> expected;
  for (const char* function : {"a", "b", "c", "d", "e"}) {
    add_target(function);
    expected.insert(std::string("function:") + function + ":live");
  }
  std::set<std::string> seen;
  json input{{"MaxResults", 2}};
  std::vector<size_t> sizes;
  for (;;) {
    const json page = describe("DescribeScalableTargets", input);
    sizes.push_back(page["ScalableTargets"].size());
    for (const json& each : page["ScalableTargets"]) seen.insert(each["ResourceId"]);
    if (!page.contains("NextToken")) break;
    input["NextToken"] = page["NextToken"];
  }
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(sizes, (std::vector<size_t>{2, 2, 1}));
  EXPECT_FALSE(describe("DescribeScalableTargets", {{"MaxResults", 5}}).contains("NextToken"));

  for (const json& token : {json("x"), json("!"), input["NextToken"]})
    EXPECT_EQ(run("DescribeScalingPolicies", {{"ServiceNamespace", "lambda"}, {"NextToken", token}})
                  .error()
                  .type,
              "InvalidNextTokenException");
  for (const int most : {0, 51})
    EXPECT_EQ(run("DescribeScalableTargets", {{"ServiceNamespace", "lambda"}, {"MaxResults", most}})
                  .error()
                  .type,
              "ValidationException");
  for (const int most : {1, 50}) describe("DescribeScalableTargets", {{"MaxResults", most}});
}

TEST_F(ApplicationAutoScalingTest, PagesOfPoliciesHaveTen) {
  add_target();
  for (int i = 0; i < 11; ++i) must(put_steps("p" + std::to_string(i)));
  const json first = describe("DescribeScalingPolicies");
  EXPECT_EQ(first["ScalingPolicies"].size(), 10u);
  const json second = describe("DescribeScalingPolicies", {{"NextToken", first["NextToken"]}});
  EXPECT_EQ(second["ScalingPolicies"].size(), 1u);
  EXPECT_FALSE(second.contains("NextToken"));
}

TEST_F(ApplicationAutoScalingTest, Activities) {
  must(on("RegisterScalableTarget", {{"MinCapacity", 6}, {"MaxCapacity", 10}}));
  now_ += 1s;
  must(on("RegisterScalableTarget", {{"MinCapacity", 7}}));
  now_ += 1s;
  must(on("RegisterScalableTarget", {{"MinCapacity", 8}, {"MaxCapacity", 10}}, "b"));
  const json all = describe("DescribeScalingActivities")["ScalingActivities"];
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0]["ResourceId"], "function:b:live");  // newest first
  EXPECT_EQ(all[2]["Description"], "Setting desired concurrency to 6.");
  EXPECT_EQ(all[2]["Cause"], "minimum capacity was set to 6");
  EXPECT_EQ(all[2]["StatusCode"], "Successful");
  EXPECT_EQ(all[2]["StartTime"], 1'758'240'000.5);
  EXPECT_EQ(all[2]["ServiceNamespace"], "lambda");
  EXPECT_FALSE(all[2].contains("NotScaledReasons"));
  EXPECT_EQ(describe("DescribeScalingActivities",
                     {{"ResourceId", "function:a:live"}})["ScalingActivities"]
                .size(),
            2u);
  const json first = describe("DescribeScalingActivities", {{"MaxResults", 2}});
  const json rest = describe("DescribeScalingActivities", {{"NextToken", first["NextToken"]}});
  ASSERT_EQ(rest["ScalingActivities"].size(), 1u);
  EXPECT_EQ(rest["ScalingActivities"][0], all[2]);
  EXPECT_FALSE(rest.contains("NextToken"));
}

TEST_F(ApplicationAutoScalingTest, ActivitiesGoOnBehindOneThatIsGone) {
  must(on("RegisterScalableTarget", {{"MinCapacity", 6}, {"MaxCapacity", 10}}));
  now_ += 1s;
  must(on("RegisterScalableTarget", {{"MinCapacity", 7}}, "a"));
  now_ += 1s;
  must(on("RegisterScalableTarget", {{"MinCapacity", 8}, {"MaxCapacity", 10}}, "b"));
  const json first = describe("DescribeScalingActivities", {{"MaxResults", 1}});
  // After six weeks they are gone, also the one that the page ended with.
  now_ += scaling::Activities::kKept + 24h;
  book_.each_minute(now_);
  const json rest = describe("DescribeScalingActivities", {{"NextToken", first["NextToken"]}});
  EXPECT_TRUE(rest["ScalingActivities"].empty());
  EXPECT_FALSE(rest.contains("NextToken"));
}

TEST_F(ApplicationAutoScalingTest, DecisionsNotToScaleAreShownWhenAskedFor) {
  must(on("RegisterScalableTarget", {{"MinCapacity", 1}, {"MaxCapacity", 5}}));
  must(put_tracking("keep"));
  for (int minute = 1; minute <= 4; ++minute) {
    now_ = WallTime(1'758'240'000s) + std::chrono::minutes(minute);
    const auto fetch = [](const telemetry::MetricStat&, int64_t start_s, int64_t end_s) {
      telemetry::Series series;
      for (int64_t at = start_s; at < end_s; at += 60) series.points[at] = 1.0;
      return series;
    };
    for (const auto& fired : alarms_.evaluate(now_, fetch))
      ASSERT_TRUE(book_.on_alarm(fired, now_).ok());
  }
  EXPECT_TRUE(describe("DescribeScalingActivities")["ScalingActivities"].empty());
  const json all = describe("DescribeScalingActivities",
                            {{"IncludeNotScaledActivities", true}})["ScalingActivities"];
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0]["NotScaledReasons"],
            json::array({{{"Code", "AlreadyAtMaxCapacity"}, {"MaxCapacity", 5}}}));
  EXPECT_THAT(all[0]["Cause"].get<std::string>(),
              HasSubstr("in state ALARM triggered policy keep"));
}

TEST_F(ApplicationAutoScalingTest, Tags) {
  add_target();
  const std::string arn =
      describe("DescribeScalableTargets")["ScalableTargets"][0]["ScalableTargetARN"];
  must(run("TagResource", {{"ResourceARN", arn}, {"Tags", {{"a", "1"}, {"b", "2"}}}}));
  must(run("UntagResource", {{"ResourceARN", arn}, {"TagKeys", {"a"}}}));
  EXPECT_EQ(must(run("ListTagsForResource", {{"ResourceARN", arn}})),
            json({{"Tags", {{"b", "2"}}}}));
  for (const char* operation : {"TagResource", "UntagResource", "ListTagsForResource"}) {
    json input{{"ResourceARN", arn + "0"}, {"Tags", {{"a", "1"}}}, {"TagKeys", {"a"}}};
    EXPECT_EQ(run(operation, input).error().type, "ResourceNotFoundException") << operation;
    EXPECT_EQ(run(operation, json::object()).error().type, "ValidationException") << operation;
  }
  const auto tag = [&](const std::string& key, const std::string& value) {
    return run("TagResource", {{"ResourceARN", arn}, {"Tags", {{key, value}}}}).ok();
  };
  EXPECT_TRUE(tag(std::string(128, 'k'), std::string(256, 'v')));
  EXPECT_FALSE(tag(std::string(129, 'k'), ""));
  EXPECT_FALSE(tag("k", std::string(257, 'v')));
  EXPECT_FALSE(tag("", "v"));
}

TEST_F(ApplicationAutoScalingTest, StrangeDocuments) {
  for (const char* operation :
       {"RegisterScalableTarget", "DeregisterScalableTarget", "DescribeScalableTargets",
        "PutScalingPolicy", "DeleteScalingPolicy", "DescribeScalingPolicies", "PutScheduledAction",
        "DeleteScheduledAction", "DescribeScheduledActions", "DescribeScalingActivities",
        "TagResource", "UntagResource", "ListTagsForResource"}) {
    EXPECT_TRUE(ApplicationAutoScaling::has(operation));
    for (const json& input : {json(), json::array(), json("text"), json(1)})
      EXPECT_FALSE(run(operation, input).ok()) << operation << input;
  }
  EXPECT_FALSE(ApplicationAutoScaling::has("GetPredictiveScalingForecast"));
  EXPECT_EQ(run("Nothing", json::object()).error().type, "UnknownOperationException");
}

}  // namespace
}  // namespace kiln::services
