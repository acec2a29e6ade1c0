#include "telemetry/alarm_message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::telemetry {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kMessageTopic = "arn:aws:sns:us-east-1:111111111111:t";

AlarmSnapshot snapshot() {
  const WallTime at{std::chrono::seconds(1'744'902'641)};  // 2025-04-17T15:10:41Z
  AlarmSnapshot alarm;
  alarm.account = "111111111111";
  alarm.config.region = "us-east-1";
  alarm.config.name = "a";
  alarm.config.actions.alarm = {kMessageTopic};
  MetricStat stat;
  stat.metric = {"us-east-1", "AWS/Lambda", "Errors", {{"FunctionName", "f"}}};
  stat.stat = "Sum";
  alarm.config.metric = stat;
  alarm.config.datapoints_to_alarm = 1;
  alarm.config.has_missing = true;
  alarm.status = {AlarmState::kAlarm, "why", R"({"version":"1.0"})", at + 433ms};
  alarm.previous = {AlarmState::kOk, "before", "", at - 60s};
  alarm.configuration_updated = at - 110s;
  return alarm;
}

TEST(AlarmMessage, OfAMetric) {
  EXPECT_EQ(
      sns_message(snapshot()),
      R"x({"AlarmName":"a","AlarmDescription":null,"AWSAccountId":"111111111111",)x"
      R"x("AlarmConfigurationUpdatedTimestamp":"2025-04-17T15:08:51.000+0000",)x"
      R"x("NewStateValue":"ALARM","NewStateReason":"why",)x"
      R"x("StateChangeTime":"2025-04-17T15:10:41.433+0000","Region":"US East (N. Virginia)",)x"
      R"x("AlarmArn":"arn:aws:cloudwatch:us-east-1:111111111111:alarm:a","OldStateValue":"OK",)x"
      R"x("OKActions":[],"AlarmActions":["arn:aws:sns:us-east-1:111111111111:t"],)x"
      R"x("InsufficientDataActions":[],"ActionExecutedAfterMuteWindow":false,)x"
      R"x("Trigger":{"MetricName":"Errors","Namespace":"AWS/Lambda","StatisticType":"Statistic",)x"
      R"x("Statistic":"SUM","Unit":null,"Dimensions":[{"value":"f","name":"FunctionName"}],)x"
      R"x("Period":60,"EvaluationPeriods":1,"DatapointsToAlarm":1,)x"
      R"x("ComparisonOperator":"GreaterThanThreshold","Threshold":0.0,)x"
      R"x("TreatMissingData":"missing","EvaluateLowSampleCountPercentile":""}})x");
}

TEST(AlarmMessage, Statistics) {
  const std::pair<const char*, const char*> cases[] = {{"Average", "AVERAGE"},
                                                       {"Sum", "SUM"},
                                                       {"SampleCount", "SAMPLE_COUNT"},
                                                       {"Maximum", "MAXIMUM"},
                                                       {"Minimum", "MINIMUM"}};
  AlarmSnapshot alarm = snapshot();
  for (const auto& [stat, text] : cases) {
    alarm.config.metric->stat = stat;
    const json trigger = json::parse(sns_message(alarm))["Trigger"];
    EXPECT_EQ(trigger["StatisticType"], "Statistic");
    EXPECT_EQ(trigger["Statistic"], text);
  }
  alarm.config.metric->stat = "p99";
  alarm.config.low_sample_count_percentile = "ignore";
  const json trigger = json::parse(sns_message(alarm))["Trigger"];
  EXPECT_EQ(trigger["StatisticType"], "ExtendedStatistic");
  EXPECT_EQ(trigger["ExtendedStatistic"], "p99");
  EXPECT_FALSE(trigger.contains("Statistic"));
  EXPECT_EQ(trigger["EvaluateLowSampleCountPercentile"], "ignore");
}

TEST(AlarmMessage, MembersThatMayLack) {
  AlarmSnapshot alarm = snapshot();
  alarm.config.datapoints_to_alarm.reset();
  alarm.config.has_missing = false;
  alarm.config.has_description = true;
  alarm.config.description = "";
  alarm.config.metric->unit = "Count";
  const json message = json::parse(sns_message(alarm));
  EXPECT_FALSE(message["Trigger"].contains("DatapointsToAlarm"));
  EXPECT_EQ(message["Trigger"]["TreatMissingData"], "");
  EXPECT_EQ(message["Trigger"]["Unit"], "Count");
  EXPECT_EQ(message["AlarmDescription"], "");
}

TEST(AlarmMessage, OfMath) {
  AlarmSnapshot alarm = snapshot();
  MetricQuery metric{"m1", alarm.config.metric, "", "", false, 0};
  metric.metric_stat->period_s = 300;
  alarm.config.metric.reset();
  alarm.config.metrics = {{"e1", std::nullopt, "m1*2", "double", true, 0}, metric};
  const json trigger = json::parse(sns_message(alarm))["Trigger"];
  EXPECT_FALSE(trigger.contains("MetricName"));
  EXPECT_FALSE(trigger.contains("Statistic"));
  EXPECT_EQ(trigger["Period"], 300);
  EXPECT_EQ(trigger["Metrics"], json::parse(R"([
      {"Id":"e1","Expression":"m1*2","Label":"double","ReturnData":true},
      {"Id":"m1","MetricStat":{"Metric":{"Dimensions":[{"value":"f","name":"FunctionName"}],
       "MetricName":"Errors","Namespace":"AWS/Lambda"},"Period":300,"Stat":"Sum"},
       "ReturnData":false}])"));
}

TEST(AlarmMessage, OfAComposite) {
  AlarmSnapshot alarm = snapshot();
  alarm.config.metric.reset();
  alarm.rule = "ALARM(b)";
  alarm.status.reason_data =
      R"({"triggeringAlarms":[{"arn":"arn:b","state":{"value":"ALARM","timestamp":"T"}}]})";
  const json message = json::parse(sns_message(alarm));
  EXPECT_FALSE(message.contains("Trigger"));
  EXPECT_EQ(message["AlarmRule"], "ALARM(b)");
  EXPECT_EQ(message["TriggeringChildren"],
            json::parse(R"([{"Arn":"arn:b","State":{"Value":"ALARM","Timestamp":"T"}}])"));
  for (const char* odd : {"", "3", "{}", R"({"triggeringAlarms":[1]})"}) {
    alarm.status.reason_data = odd;
    EXPECT_EQ(json::parse(sns_message(alarm))["TriggeringChildren"], json::array()) << odd;
  }
}

TEST(AlarmMessage, Subject) {
  AlarmSnapshot alarm = snapshot();
  EXPECT_EQ(sns_subject(alarm), "ALARM: \"a\" in US East (N. Virginia)");
  alarm.status.state = AlarmState::kInsufficientData;
  alarm.config.region = "eu-west-1";
  EXPECT_EQ(sns_subject(alarm), "INSUFFICIENT_DATA: \"a\" in EU (Ireland)");
}

TEST(AlarmMessage, RegionNames) {
  EXPECT_EQ(region_long_name("ap-southeast-2"), "Asia Pacific (Sydney)");
  EXPECT_EQ(region_long_name("eu-central-2"), "Europe (Zurich)");
  EXPECT_EQ(region_long_name("local-1"), "local-1");
}

TEST(AlarmMessage, LambdaEventOfAMetric) {
  AlarmSnapshot alarm = snapshot();
  alarm.config.has_description = true;
  alarm.config.description = "d";
  json event = json::parse(lambda_event(alarm));
  json& metric = event["alarmData"]["configuration"]["metrics"][0];
  EXPECT_EQ(metric["id"].get<std::string>().size(), 36u);
  EXPECT_EQ(json::parse(lambda_event(alarm))["alarmData"]["configuration"]["metrics"][0]["id"],
            metric["id"]);
  metric.erase("id");
  EXPECT_EQ(event, json::parse(R"({
      "source":"aws.cloudwatch","alarmArn":"arn:aws:cloudwatch:us-east-1:111111111111:alarm:a",
      "accountId":"111111111111","time":"2025-04-17T15:10:41.433+0000","region":"us-east-1",
      "alarmData":{"alarmName":"a",
        "state":{"value":"ALARM","reason":"why","reasonData":"{\"version\":\"1.0\"}",
                 "timestamp":"2025-04-17T15:10:41.433+0000"},
        "previousState":{"value":"OK","reason":"before",
                         "timestamp":"2025-04-17T15:09:41.000+0000"},
        "configuration":{"description":"d","metrics":[
          {"metricStat":{"metric":{"namespace":"AWS/Lambda","name":"Errors",
                                   "dimensions":{"FunctionName":"f"}},
                         "period":60,"stat":"Sum"},"returnData":true}]}}})"));
}

TEST(AlarmMessage, LambdaEventOfMathAndComposite) {
  AlarmSnapshot alarm = snapshot();
  alarm.config.metric.reset();
  alarm.config.metrics = {{"e1", std::nullopt, "1+1", "two", true, 60}};
  EXPECT_EQ(json::parse(lambda_event(alarm))["alarmData"]["configuration"],
            json::parse(R"({"metrics":[
                {"id":"e1","expression":"1+1","label":"two","returnData":true}]})"));
  alarm.rule = "TRUE";
  EXPECT_EQ(json::parse(lambda_event(alarm))["alarmData"]["configuration"],
            json::parse(R"({"alarmRule":"TRUE"})"));
}

}  // namespace
}  // namespace kiln::telemetry
