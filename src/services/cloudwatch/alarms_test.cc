#include "services/cloudwatch/alarms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/state_doubles.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr const char* kTopicArn = "arn:aws:sns:us-east-1:000000000000:t";
constexpr const char* kRegion = "us-east-1";
constexpr const char* kAccount = "000000000000";
constexpr const char* kArn = "arn:aws:cloudwatch:us-east-1:000000000000:alarm:";
const WallTime kNow{std::chrono::milliseconds(1'758'314'280'500)};

json metric_alarm(const std::string& name = "a") {
  return {{"AlarmName", name},      {"Namespace", "AWS/Lambda"},
          {"MetricName", "Errors"}, {"Statistic", "Sum"},
          {"Period", 60},           {"EvaluationPeriods", 1},
          {"Threshold", 30},        {"ComparisonOperator", "GreaterThanThreshold"}};
}

json query(const std::string& id, bool returns = false, int period = 60) {
  return {{"Id", id},
          {"ReturnData", returns},
          {"MetricStat",
           {{"Metric", {{"Namespace", "AWS/Lambda"}, {"MetricName", "Errors"}}},
            {"Period", period},
            {"Stat", "Sum"}}}};
}

json math_alarm(json queries) {
  return {{"AlarmName", "a"},
          {"Metrics", std::move(queries)},
          {"EvaluationPeriods", 1},
          {"Threshold", 30},
          {"ComparisonOperator", "GreaterThanThreshold"}};
}

class CloudWatchAlarmsTest : public testing::Test {
 protected:
  json run(const std::string& operation, const json& input, WallTime now = kNow) {
    auto output = alarms_.run(operation, input, kRegion, kAccount, now);
    EXPECT_TRUE(output.ok()) << operation << ": " << output.error().message;
    return output.ok() ? *output : json::object();
  }
  Error refused(const std::string& operation, const json& input) {
    auto output = alarms_.run(operation, input, kRegion, kAccount, kNow);
    EXPECT_FALSE(output.ok()) << operation << " " << input;
    return output.ok() ? Error{} : output.error();
  }
  std::vector<std::string> names(const json& input, const char* member = "MetricAlarms") {
    std::vector<std::string> out;
    const json output = run("DescribeAlarms", input);
    for (const json& alarm : output[member]) out.push_back(alarm["AlarmName"]);
    return out;
  }

  tests::NoState port_;
  telemetry::AlarmBook book_{kAccount, port_};
  std::vector<telemetry::FiredAction> fired_;
  CloudWatchAlarms alarms_{book_, [this](std::vector<telemetry::FiredAction> actions) {
                             for (auto& action : actions) fired_.push_back(std::move(action));
                           }};
};

TEST_F(CloudWatchAlarmsTest, DescribesAMinimalAlarm) {
  EXPECT_EQ(run("PutMetricAlarm", metric_alarm()), json::object());
  EXPECT_EQ(run("DescribeAlarms", json::object()),
            json({{"CompositeAlarms", json::array()},
                  {"LogAlarms", json::array()},
                  {"MetricAlarms",
                   {{{"ActionsEnabled", true},
                     {"AlarmActions", json::array()},
                     {"AlarmArn", std::string(kArn) + "a"},
                     {"AlarmConfigurationUpdatedTimestamp", 1758314280.5},
                     {"AlarmName", "a"},
                     {"ComparisonOperator", "GreaterThanThreshold"},
                     {"Dimensions", json::array()},
                     {"EvaluationPeriods", 1},
                     {"InsufficientDataActions", json::array()},
                     {"MetricName", "Errors"},
                     {"Namespace", "AWS/Lambda"},
                     {"OKActions", json::array()},
                     {"Period", 60},
                     {"StateReason", "Unchecked: Initial alarm creation"},
                     {"StateTransitionedTimestamp", 1758314280.5},
                     {"StateUpdatedTimestamp", 1758314280.5},
                     {"StateValue", "INSUFFICIENT_DATA"},
                     {"Statistic", "Sum"},
                     {"Threshold", 30.0}}}}}));
}

TEST_F(CloudWatchAlarmsTest, ReadsForms) {
  run("PutMetricAlarm",
      {{"AlarmName", "a"},
       {"Namespace", "AWS/Lambda"},
       {"MetricName", "Duration"},
       {"ExtendedStatistic", "p99"},
       {"Period", "300"},
       {"EvaluationPeriods", "5"},
       {"DatapointsToAlarm", "3"},
       {"Threshold", "1.5"},
       {"ActionsEnabled", "false"},
       {"TreatMissingData", "notBreaching"},
       {"EvaluateLowSampleCountPercentile", "ignore"},
       {"Unit", "Milliseconds"},
       {"AlarmActions", {kTopicArn, kTopicArn + std::string("2")}},
       {"AlarmDescription", ""},
       {"Dimensions",
        {{{"Name", "Resource"}, {"Value", "f:live"}}, {{"Name", "FunctionName"}, {"Value", "f"}}}},
       {"ComparisonOperator", "LessThanOrEqualToThreshold"}});
  const json alarm = run("DescribeAlarms", {{"MaxRecords", "1"}})["MetricAlarms"][0];
  EXPECT_EQ(alarm["Period"], 300);
  EXPECT_EQ(alarm["EvaluationPeriods"], 5);
  EXPECT_EQ(alarm["DatapointsToAlarm"], 3);
  EXPECT_EQ(alarm["Threshold"], 1.5);
  EXPECT_EQ(alarm["ActionsEnabled"], false);
  EXPECT_EQ(alarm["ExtendedStatistic"], "p99");
  EXPECT_FALSE(alarm.contains("Statistic"));
  EXPECT_EQ(alarm["TreatMissingData"], "notBreaching");
  EXPECT_EQ(alarm["EvaluateLowSampleCountPercentile"], "ignore");
  EXPECT_EQ(alarm["Unit"], "Milliseconds");
  EXPECT_EQ(alarm["AlarmDescription"], "");
  EXPECT_EQ(alarm["AlarmActions"], json({kTopicArn, kTopicArn + std::string("2")}));
  EXPECT_EQ(alarm["Dimensions"][0]["Name"], "FunctionName");
}

struct Change {
  const char* member;
  json value;  // null: taken out
  const char* type;
  const char* message;
};

TEST_F(CloudWatchAlarmsTest, PutMetricAlarmRefuses) {
  const std::vector<Change> cases = {
      {"AlarmName", nullptr, "ValidationError",
       "1 validation error detected: Value null at 'alarmName' failed to satisfy constraint: "
       "Member must not be null"},
      {"AlarmName", "", "ValidationError", "Member must have length greater than or equal to 1"},
      {"AlarmName", std::string(256, 'n'), "ValidationError", "less than or equal to 255"},
      {"AlarmName", 3, "SerializationException", "AlarmName"},
      {"AlarmDescription", std::string(1025, 'n'), "ValidationError", "less than or equal to 1024"},
      {"OKActions", json::array({"1", "2", "3", "4", "5", "6"}), "ValidationError",
       "Value '[1, 2, 3, 4, 5, 6]' at 'oKActions' failed to satisfy constraint: Member must have "
       "length less than or equal to 5"},
      {"Dimensions", json::array_t(31, {{"Name", "n"}, {"Value", "v"}}), "ValidationError",
       "at 'dimensions'"},
      {"Dimensions", {{{"Name", "n"}}}, "ValidationError", "Value null at 'value'"},
      {"ComparisonOperator", nullptr, "ValidationError", "Value null at 'comparisonOperator'"},
      {"ComparisonOperator", "GreaterThan", "ValidationError",
       "1 validation error detected: Value 'GreaterThan' at 'comparisonOperator' failed to satisfy "
       "constraint: Member must satisfy enum value set: [GreaterThanOrEqualToThreshold, "
       "GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold, "},
      {"ComparisonOperator", "GreaterThanUpperThreshold", "ValidationError", "anomaly detection"},
      {"ThresholdMetricId", "e1", "ValidationError", "anomaly detection"},
      {"Statistic", "sum", "ValidationError", "Value 'sum' at 'statistic'"},
      {"Statistic", "p99", "ValidationError", "Value 'p99' at 'statistic'"},
      {"Statistic", nullptr, "InvalidParameterCombinationException", "Exactly one of Statistic"},
      {"ExtendedStatistic", "p99", "InvalidParameterCombinationException", "cannot both be set"},
      {"Unit", "Second", "ValidationError", "Value 'Second' at 'unit'"},
      {"TreatMissingData", "Missing", "ValidationError", "at 'treatMissingData'"},
      {"EvaluateLowSampleCountPercentile", "ignore", "InvalidParameterCombinationException",
       "percentile"},
      {"EvaluationPeriods", 0, "ValidationError",
       "Value '0' at 'evaluationPeriods' failed to satisfy constraint: Member must have value "
       "greater than or equal to 1"},
      {"EvaluationPeriods", "many", "SerializationException", "EvaluationPeriods"},
      {"EvaluationPeriods", 1441, "ValidationError",
       "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= "
       "86400)."},
      {"DatapointsToAlarm", 2, "ValidationError",
       "DatapointsToAlarm must be less than or equal to EvaluationPeriods"},
      {"Period", 0, "ValidationError", "Value '0' at 'period'"},
      {"Period", 7, "ValidationError", "Period must be 10, 20, 30 or a multiple of 60"},
      {"Period", 90, "ValidationError", "Period must be 10, 20, 30 or a multiple of 60"},
      {"Period", nullptr, "ValidationError", "Period must not be null"},
      {"Period", 604'860, "ValidationError",
       "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= "
       "604800) for alarms using period >= 3600"},
      {"MetricName", nullptr, "ValidationError", "MetricName must not be null"},
      {"Namespace", nullptr, "ValidationError", "Namespace must not be null"},
      {"Threshold", nullptr, "ValidationError", "Threshold must not be null"},
      {"Threshold", "NaN", "ValidationError", "Threshold must be a finite number"},
      {"Threshold", "inf", "ValidationError", "Threshold must be a finite number"},
      {"Metrics",
       {query("m1", true)},
       "ValidationError",
       "MetricName should not be set if list of Metrics is set."},
      {"EvaluationCriteria", json::object(), "ValidationError", "EvaluationCriteria"},
      {"Tags", json::array_t(51, {{"Key", "k"}, {"Value", "v"}}), "ValidationError", "at 'tags'"},
      {"Tags", {{{"Key", "aws:k"}, {"Value", "v"}}}, "InvalidParameterValueException", "aws:k"},
  };
  for (const Change& change : cases) {
    json input = metric_alarm();
    input[change.member] = change.value;
    const Error error = refused("PutMetricAlarm", input);
    EXPECT_EQ(error.type, change.type) << change.member << " " << change.value;
    EXPECT_THAT(error.message, HasSubstr(change.message)) << change.member;
  }
  EXPECT_THAT(names(json::object()), IsEmpty());
}

TEST_F(CloudWatchAlarmsTest, PutMetricAlarmTakesWhatIsAtItsLimits) {
  const std::vector<std::pair<const char*, json>> cases = {
      {"AlarmName", std::string(255, 'n')},
      {"AlarmDescription", std::string(1024, 'n')},
      {"OKActions", json::array_t(5, "arn:aws:automate:us-east-1:ec2:stop")},
      {"Dimensions", json::array_t(30, {{"Name", "n"}, {"Value", "v"}})},
      {"EvaluationPeriods", 1440},
      {"DatapointsToAlarm", 1},
      {"Period", 10},
      {"Period", 20},
      {"Period", 30},
      {"Period", 604'800},
      {"Threshold", -1e300},
      {"Tags", json::array_t(50, {{"Key", "k"}, {"Value", "v"}})},
  };
  for (const auto& [member, value] : cases) {
    json input = metric_alarm();
    input[member] = value;
    run("PutMetricAlarm", input);
  }
}

TEST_F(CloudWatchAlarmsTest, ErrorsAreCountedTogether) {
  json input = metric_alarm();
  input.erase("AlarmName");
  input["EvaluationPeriods"] = 0;
  EXPECT_EQ(refused("PutMetricAlarm", input).message,
            "2 validation errors detected: Value null at 'alarmName' failed to satisfy constraint: "
            "Member must not be null; Value '0' at 'evaluationPeriods' failed to satisfy "
            "constraint: Member must have value greater than or equal to 1");
}

TEST_F(CloudWatchAlarmsTest, MathAlarms) {
  run("PutMetricAlarm",
      math_alarm({{{"Id", "e1"}, {"Expression", "m1 * 2"}, {"Label", "twice"}}, query("m1")}));
  const json alarm = run("DescribeAlarms", json::object())["MetricAlarms"][0];
  EXPECT_FALSE(alarm.contains("MetricName"));
  EXPECT_FALSE(alarm.contains("Period"));
  EXPECT_EQ(alarm["Metrics"], json::parse(R"([
      {"Id":"e1","Expression":"m1 * 2","Label":"twice","ReturnData":true},
      {"Id":"m1","ReturnData":false,"MetricStat":{"Period":60,"Stat":"Sum","Metric":
        {"Namespace":"AWS/Lambda","MetricName":"Errors","Dimensions":[]}}}])"));
}

TEST_F(CloudWatchAlarmsTest, MathAlarmsRefuse) {
  const auto expression = [](const char* id, const char* text, bool returns = true) {
    return json{{"Id", id}, {"Expression", text}, {"ReturnData", returns}};
  };
  json many = json::array({expression("e1", "m0")});
  for (int i = 0; i < 10; ++i) many.push_back(query("m" + std::to_string(i)));
  run("PutMetricAlarm", math_alarm(many));
  many.push_back(query("m10"));
  const std::vector<std::pair<json, const char*>> cases = {
      {many, "at most 10 metrics and 10 expressions"},
      {json::array({query("m1")}), "Exactly one element of the metrics list should return data."},
      {json::array({query("m1", true), query("m2", true)}), "Exactly one element"},
      {json::array({query("m1", true), query("m2", false, 300)}), "the same period"},
      {json::array({query("m1", true, 7)}), "Period must be"},
      {json::array({expression("e1", "SEARCH('x', 'Sum', 60)")}),
       "SEARCH is not supported on Metric Alarms"},
      {json::array({expression("e1", "SELECT SUM(Errors) FROM \"AWS/Lambda\"")}),
       "Period must not be null"},
      {json::array({{{"Id", "e1"},
                     {"Expression", "SELECT SUM(Errors) FROM \"AWS/Lambda\" GROUP BY FunctionName"},
                     {"Period", 60}}}),
       "a single time series"},
      {json::array({expression("e1", "nowhere * 2")}), "nowhere"},
      {json::array({expression("e1", "METRICS()"), query("m1")}), "a single time series"},
      {json::array({expression("e1", "SORT([m1, m2], MAX, ASC)"), query("m1"), query("m2")}),
       "a single time series"},
      {json::array({query("M1", true)}), "M1"},
      {json::array({{{"Id", "m1"}, {"MetricStat", {{"Period", 60}, {"Stat", "Sum"}}}}}),
       "Metric must not"},
      {json::array({"m1"}), "Value null at 'id'"},
  };
  for (const auto& [queries, message] : cases) {
    const Error error = refused("PutMetricAlarm", math_alarm(queries));
    EXPECT_EQ(error.type, "ValidationError") << queries;
    EXPECT_THAT(error.message, HasSubstr(message)) << queries;
  }
}

TEST_F(CloudWatchAlarmsTest, ActionsAreArnsOfTheAlarmsRegion) {
  const std::pair<const char*, const char*> kCases[] = {
      {"my-topic", "Invalid arn syntax: my-topic"},
      {"arn:aws:sns:us-east-1:0", "Invalid arn syntax: arn:aws:sns:us-east-1:0"},
      {"arn:aws-cn:sns:cn-north-1:0:t",
       "Invalid partition aws-cn specified. Only aws is supported."},
      {"arn:aws:sns:eu-west-1:0:t",
       "Invalid region eu-west-1 specified. Only us-east-1 is supported."},
  };
  for (const auto& [action, message] : kCases)
    for (const char* member : {"OKActions", "AlarmActions", "InsufficientDataActions"}) {
      json alarm = metric_alarm("a");
      alarm[member] = json::array({action});
      EXPECT_EQ(refused("PutMetricAlarm", alarm).message, message);
      alarm = {{"AlarmName", "c"}, {"AlarmRule", "TRUE"}, {member, alarm[member]}};
      EXPECT_EQ(refused("PutCompositeAlarm", alarm).message, message);
    }
}

TEST_F(CloudWatchAlarmsTest, DescribeFilters) {
  for (const char* name : {"a1", "a2", "b1"}) run("PutMetricAlarm", metric_alarm(name));
  run("PutCompositeAlarm", {{"AlarmName", "c1"},
                            {"AlarmRule", std::string("ALARM(\"") + kArn + "a1\") OR OK(b1)"},
                            {"AlarmActions", {kTopicArn}}});
  run("SetAlarmState", {{"AlarmName", "a2"}, {"StateValue", "ALARM"}, {"StateReason", "r"}});
  EXPECT_THAT(names(json::object()), ElementsAre("a1", "a2", "b1"));
  EXPECT_THAT(names({{"AlarmNamePrefix", "a"}}), ElementsAre("a1", "a2"));
  EXPECT_THAT(names({{"AlarmNames", {"b1", "a1", "never"}}}), ElementsAre("a1", "b1"));
  EXPECT_THAT(names({{"StateValue", "ALARM"}}), ElementsAre("a2"));
  EXPECT_THAT(names({{"AlarmNames", {"c1"}}}, "CompositeAlarms"), IsEmpty());
  const json both = {{"AlarmTypes", {"CompositeAlarm", "MetricAlarm"}}};
  EXPECT_THAT(names(both), SizeIs(3));
  EXPECT_THAT(names(both, "CompositeAlarms"), ElementsAre("c1"));
  EXPECT_THAT(names({{"AlarmTypes", {"CompositeAlarm"}}}), IsEmpty());
  EXPECT_THAT(names({{"AlarmTypes", {"CompositeAlarm"}}, {"ActionPrefix", "arn:aws:sns"}},
                    "CompositeAlarms"),
              ElementsAre("c1"));
  EXPECT_THAT(names({{"ActionPrefix", "arn:aws:lambda"}}), IsEmpty());
  EXPECT_THAT(names({{"ChildrenOfAlarmName", "c1"}}), ElementsAre("a1", "b1"));
  EXPECT_THAT(names({{"ParentsOfAlarmName", "a1"}}, "CompositeAlarms"), ElementsAre("c1"));
  const json composite =
      run("DescribeAlarms", {{"AlarmTypes", {"CompositeAlarm"}}})["CompositeAlarms"][0];
  EXPECT_EQ(composite["AlarmRule"], std::string("ALARM(\"") + kArn + "a1\") OR OK(b1)");
  EXPECT_FALSE(composite.contains("Threshold"));

  for (const char* operation : {"DescribeAlarms", "EnableAlarmActions", "DisableAlarmActions"}) {
    run(operation, {{"AlarmNames", {std::string(255, 'n')}}});
    for (const size_t length : {size_t{0}, size_t{256}})
      EXPECT_THAT(
          refused(operation, {{"AlarmNames", {std::string(length, 'n')}}}).message,
          HasSubstr("at 'alarmNames' failed to satisfy constraint: Member must satisfy constraint: "
                    "[Member must have length less than or equal to 255, Member must have length "
                    "greater than or equal to 1]"));
  }
  EXPECT_EQ(refused("DescribeAlarms", {{"AlarmNames", {"a"}}, {"AlarmNamePrefix", "a"}}).type,
            "InvalidParameterCombinationException");
  EXPECT_THAT(refused("DescribeAlarms", {{"MaxRecords", 101}}).message,
              HasSubstr("Value '101' at 'maxRecords' failed to satisfy constraint: Member must "
                        "have value less than or equal to 100"));
  EXPECT_THAT(refused("DescribeAlarms", {{"AlarmTypes", {"Metric"}}}).message,
              HasSubstr("Value 'Metric' at 'alarmTypes'"));
}

TEST_F(CloudWatchAlarmsTest, DescribePages) {
  for (int i = 0; i < 5; ++i) run("PutMetricAlarm", metric_alarm("a" + std::to_string(i)));
  run("PutCompositeAlarm", {{"AlarmName", "a"}, {"AlarmRule", "TRUE"}});
  json input = {{"MaxRecords", 2}, {"AlarmTypes", {"CompositeAlarm", "MetricAlarm"}}};
  std::vector<std::string> seen;
  for (int page = 0; page < 3; ++page) {
    const json output = run("DescribeAlarms", input);
    for (const char* member : {"MetricAlarms", "CompositeAlarms"})
      for (const json& alarm : output[member]) seen.push_back(alarm["AlarmName"]);
    EXPECT_EQ(output.contains("NextToken"), page < 2);
    input["NextToken"] = output.value("NextToken", "");
  }
  EXPECT_THAT(seen, ElementsAre("a0", "a1", "a2", "a3", "a4", "a"));
  for (const char* token : {"???", "YWJj"})
    EXPECT_EQ(refused("DescribeAlarms", {{"NextToken", token}}).type, "InvalidNextToken");
}

TEST_F(CloudWatchAlarmsTest, DescribeForMetric) {
  run("PutMetricAlarm", metric_alarm("a"));
  json other = metric_alarm("b");
  other["Dimensions"] = {{{"Name", "FunctionName"}, {"Value", "f"}}};
  other["Period"] = 300;
  run("PutMetricAlarm", other);
  const auto found = [&](json filter) {
    filter["Namespace"] = "AWS/Lambda";
    filter["MetricName"] = "Errors";
    std::vector<std::string> out;
    const json output = run("DescribeAlarmsForMetric", filter);
    for (const json& alarm : output["MetricAlarms"]) out.push_back(alarm["AlarmName"]);
    return out;
  };
  EXPECT_THAT(found(json::object()), ElementsAre("a"));
  EXPECT_THAT(found({{"Dimensions", other["Dimensions"]}}), ElementsAre("b"));
  EXPECT_THAT(found({{"Dimensions", other["Dimensions"]}, {"Period", 60}}), IsEmpty());
  EXPECT_THAT(found({{"Statistic", "Sum"}, {"Period", 60}}), ElementsAre("a"));
  EXPECT_THAT(found({{"Statistic", "Average"}}), IsEmpty());
  EXPECT_THAT(found({{"Unit", "Count"}}), IsEmpty());
  EXPECT_EQ(refused("DescribeAlarmsForMetric", {{"Namespace", "n"}}).type, "ValidationError");
  for (const char* member : {"Statistic", "Unit"})
    EXPECT_THAT(
        refused("DescribeAlarmsForMetric",
                {{"Namespace", "n"}, {"MetricName", "m"}, {member, "Centuries"}})
            .message,
        HasSubstr("Value 'Centuries' at '" + std::string(member[0] == 'U' ? "unit" : "statistic") +
                  "' failed to satisfy constraint: Member must satisfy enum value set"));
}

TEST_F(CloudWatchAlarmsTest, SetAlarmStateRunsActions) {
  json input = metric_alarm();
  input["AlarmActions"] = {"arn:aws:sns:us-east-1:000000000000:t"};
  run("PutMetricAlarm", input);
  run("SetAlarmState",
      {{"AlarmName", "a"},
       {"StateValue", "ALARM"},
       {"StateReason", "testing alarm"},
       {"StateReasonData", "{\"k\":1}"}},
      kNow + 1s);
  ASSERT_THAT(fired_, SizeIs(1));
  EXPECT_EQ(fired_[0].alarm->status.reason, "testing alarm");
  const json alarm = run("DescribeAlarms", json::object())["MetricAlarms"][0];
  EXPECT_EQ(alarm["StateValue"], "ALARM");
  EXPECT_EQ(alarm["StateReasonData"], "{\"k\":1}");
  EXPECT_EQ(alarm["StateUpdatedTimestamp"], 1758314281.5);
}

TEST_F(CloudWatchAlarmsTest, SetAlarmStateRefuses) {
  run("PutMetricAlarm", metric_alarm());
  json input = {{"AlarmName", "a"}, {"StateValue", "INVALID"}, {"StateReason", "r"}};
  EXPECT_EQ(refused("SetAlarmState", input).message,
            "1 validation error detected: Value 'INVALID' at 'stateValue' failed to satisfy "
            "constraint: Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]");
  input["StateValue"] = "OK";
  input["StateReasonData"] = "{";
  EXPECT_EQ(refused("SetAlarmState", input).type, "InvalidFormatFault");
  input.erase("StateReasonData");
  input["StateReason"] = std::string(1024, 'r');
  EXPECT_EQ(refused("SetAlarmState", input).type, "ValidationError");
  input["StateReason"] = std::string(1023, 'r');
  run("SetAlarmState", input);
  input["AlarmName"] = "gone";
  const Error error = refused("SetAlarmState", input);
  EXPECT_EQ(error.type, "ResourceNotFound");
  EXPECT_EQ(error.kind, ErrorKind::kNotFound);
  EXPECT_EQ(error.message, "");
}

TEST_F(CloudWatchAlarmsTest, History) {
  run("PutMetricAlarm", metric_alarm());
  const char* states[] = {"ALARM", "OK", "ALARM"};
  for (int i = 0; i < 3; ++i)
    run("SetAlarmState", {{"AlarmName", "a"}, {"StateValue", states[i]}, {"StateReason", "r"}},
        kNow + std::chrono::seconds(i + 1));
  run("PutCompositeAlarm", {{"AlarmName", "c"}, {"AlarmRule", "TRUE"}});
  const auto items = [&](const json& input) {
    return run("DescribeAlarmHistory", input)["AlarmHistoryItems"];
  };
  const json all = items(json::object());
  ASSERT_THAT(all, SizeIs(4));
  EXPECT_EQ(all[0]["HistorySummary"], "Alarm updated from OK to ALARM");
  EXPECT_EQ(all[0]["AlarmType"], "MetricAlarm");
  EXPECT_EQ(all[0]["Timestamp"], 1758314283.5);
  EXPECT_EQ(all[3]["HistoryItemType"], "ConfigurationUpdate");
  EXPECT_EQ(json::parse(all[0]["HistoryData"].get<std::string>())["newState"]["stateValue"],
            "ALARM");
  EXPECT_EQ(items({{"ScanBy", "TimestampAscending"}})[0]["HistoryItemType"], "ConfigurationUpdate");
  EXPECT_THAT(items({{"HistoryItemType", "StateUpdate"}}), SizeIs(3));
  EXPECT_THAT(items({{"AlarmName", "never"}}), IsEmpty());
  EXPECT_THAT(items({{"AlarmTypes", {"CompositeAlarm"}}}), SizeIs(1));
  EXPECT_THAT(items({{"StartDate", 1758314282}, {"EndDate", 1758314283}}), SizeIs(1));
  json page = run("DescribeAlarmHistory", {{"MaxRecords", 3}});
  EXPECT_THAT(page["AlarmHistoryItems"], SizeIs(3));
  page = run("DescribeAlarmHistory", {{"MaxRecords", 3}, {"NextToken", page["NextToken"]}});
  EXPECT_THAT(page["AlarmHistoryItems"], SizeIs(1));
  EXPECT_FALSE(page.contains("NextToken"));
  EXPECT_EQ(refused("DescribeAlarmHistory", {{"NextToken", "YXQ6eA=="}}).type, "InvalidNextToken");
  EXPECT_EQ(refused("DescribeAlarmHistory", {{"ScanBy", "up"}}).type, "ValidationError");
}

TEST_F(CloudWatchAlarmsTest, DeletesAllOrNone) {
  for (const char* name : {"a", "b"}) run("PutMetricAlarm", metric_alarm(name));
  run("PutCompositeAlarm", {{"AlarmName", "c"}, {"AlarmRule", "ALARM(a)"}});
  EXPECT_EQ(refused("DeleteAlarms", {{"AlarmNames", {"a"}}}).message,
            "Cannot delete a as there are composite alarm(s) depending on it.");
  EXPECT_EQ(refused("DeleteAlarms", json::object()).type, "ValidationError");
  EXPECT_THAT(names(json::object()), ElementsAre("a", "b"));
  run("DeleteAlarms", {{"AlarmNames", {"a", "c"}}});
  EXPECT_THAT(names(json::object()), ElementsAre("b"));
  // As documented: names of no alarm change nothing for the others.
  run("DeleteAlarms", {{"AlarmNames", {"gone", "b"}}});
  EXPECT_THAT(names(json::object()), IsEmpty());
}

TEST_F(CloudWatchAlarmsTest, CompositesRefuse) {
  run("PutMetricAlarm", metric_alarm());
  const auto message = [&](const json& rule) {
    return refused("PutCompositeAlarm", {{"AlarmName", "c"}, {"AlarmRule", rule}}).message;
  };
  EXPECT_THAT(message(nullptr), HasSubstr("Value null at 'alarmRule'"));
  EXPECT_EQ(message("()"), "Error in AlarmRule [Unsupported token ')' at char 1]");
  EXPECT_THAT(message("ALARM(gone)"), HasSubstr("alarms [gone] in the alarm rule do not exist"));
  EXPECT_THAT(message(std::string(10'241, 'x')), HasSubstr("less than or equal to 10240"));
}

TEST_F(CloudWatchAlarmsTest, ActionsSuppressor) {
  for (const char* name : {"a", "s"}) run("PutMetricAlarm", metric_alarm(name));
  const auto input = [](const json& more) {
    json out = {{"AlarmName", "c"}, {"AlarmRule", "ALARM(a)"}};
    out.update(more);
    return out;
  };
  const json whole = {{"ActionsSuppressor", "s"},
                      {"ActionsSuppressorWaitPeriod", 60},
                      {"ActionsSuppressorExtensionPeriod", 90}};
  const auto described = [&] {
    return run("DescribeAlarms", {{"AlarmTypes", {"CompositeAlarm"}}})["CompositeAlarms"][0];
  };
  run("PutCompositeAlarm", input(whole));
  json alarm = described();
  for (const auto& [name, value] : whole.items()) EXPECT_EQ(alarm[name], value);
  EXPECT_FALSE(alarm.contains("ActionsSuppressedBy"));
  run("SetAlarmState", {{"AlarmName", "s"}, {"StateValue", "ALARM"}, {"StateReason", "r"}});
  alarm = described();
  EXPECT_EQ(alarm["ActionsSuppressedBy"], "Alarm");
  EXPECT_EQ(alarm["ActionsSuppressedReason"], "Actions suppressed by Alarm");

  const std::pair<json, const char*> cases[] = {
      {{{"ActionsSuppressor", "s"}}, "ActionsSuppressorWaitPeriod must not be null"},
      {{{"ActionsSuppressor", "s"}, {"ActionsSuppressorWaitPeriod", 1}},
       "ActionsSuppressorExtensionPeriod must not be null"},
      {{{"ActionsSuppressorWaitPeriod", 1}}, "give one, too"},
      {{{"ActionsSuppressor", std::string(1601, 'x')}}, "less than or equal to 1600"},
      {{{"ActionsSuppressor", "s"}, {"ActionsSuppressorWaitPeriod", -1}},
       "greater than or equal to 0"},
      {{{"ActionsSuppressor", "gone"},
        {"ActionsSuppressorWaitPeriod", 0},
        {"ActionsSuppressorExtensionPeriod", 0}},
       "gone does not exist"},
  };
  for (const auto& [more, message] : cases) {
    const Error error = refused("PutCompositeAlarm", input(more));
    EXPECT_EQ(error.type, "ValidationError");
    EXPECT_THAT(error.message, HasSubstr(message));
  }
}

TEST_F(CloudWatchAlarmsTest, SwitchesActions) {
  run("PutMetricAlarm", metric_alarm());
  const auto enabled = [&] {
    return run("DescribeAlarms", json::object())["MetricAlarms"][0]["ActionsEnabled"].get<bool>();
  };
  run("DisableAlarmActions", {{"AlarmNames", {"a", "never"}}});
  EXPECT_FALSE(enabled());
  run("EnableAlarmActions", {{"AlarmNames", {"a"}}});
  EXPECT_TRUE(enabled());
  EXPECT_EQ(refused("EnableAlarmActions", json::object()).type, "ValidationError");
}

TEST_F(CloudWatchAlarmsTest, Tags) {
  json input = metric_alarm();
  input["Tags"] = {{{"Key", "tag1"}, {"Value", "foo"}}};
  run("PutMetricAlarm", input);
  const json arn = {{"ResourceARN", std::string(kArn) + "a"}};
  const auto with = [&](const char* name, const json& value) {
    json out = arn;
    out[name] = value;
    return out;
  };
  run("TagResource", with("Tags", {{{"Key", "tag2"}, {"Value", "bar"}}}));
  EXPECT_EQ(run("ListTagsForResource", arn)["Tags"],
            json::parse(R"([{"Key":"tag1","Value":"foo"},{"Key":"tag2","Value":"bar"}])"));
  run("UntagResource", with("TagKeys", {"tag1"}));
  EXPECT_THAT(run("ListTagsForResource", arn)["Tags"], SizeIs(1));
  // An update keeps the tags that are there.
  run("PutMetricAlarm", input);
  EXPECT_EQ(run("ListTagsForResource", arn)["Tags"][0]["Key"], "tag2");

  json many = json::array();
  for (int i = 0; i < 50; ++i) many.push_back({{"Key", std::to_string(i)}, {"Value", ""}});
  EXPECT_EQ(refused("TagResource", with("Tags", many)).type, "InvalidParameterValueException");
  EXPECT_EQ(refused("TagResource", arn).type, "ValidationError");
  for (const std::string& key : {std::string(), std::string(129, 'k')})
    EXPECT_EQ(
        refused("UntagResource", {{"ResourceARN", std::string(kArn) + "gone"}, {"TagKeys", {key}}})
            .type,
        "ValidationError");
  EXPECT_EQ(run("ListTagsForResource", {{"ResourceARN", std::string(kArn) + "gone"}})["Tags"],
            json::array());
  EXPECT_EQ(refused("ListTagsForResource", {{"ResourceARN", "arn:aws:sns:x"}}).type,
            "InvalidParameterValueException");
}

TEST_F(CloudWatchAlarmsTest, KnowsItsOperations) {
  EXPECT_TRUE(CloudWatchAlarms::has("PutMetricAlarm"));
  EXPECT_FALSE(CloudWatchAlarms::has("PutMetricData"));
  EXPECT_EQ(refused("PutMetricData", json::object()).type, "UnknownOperationException");
}

}  // namespace
}  // namespace kiln::services
