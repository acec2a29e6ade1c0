#include "services/cloudwatch/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::services {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr const char* kMetricsRegion = "us-east-1";
// 2025-09-19T20:38:00.500Z
const WallTime kPutTime{std::chrono::milliseconds(1'758'314'280'500)};
constexpr double kMinute = 1'758'314'280;

// No more than what is in memory.
class NoArchive final : public telemetry::MetricArchive {
 public:
  void resume(int64_t) override {}
  bool write(const std::vector<Point>&, int64_t) override { return true; }
  void read(int64_t, int64_t, int64_t, const std::function<void(Point&&)>&) override {}
  int64_t add_series(const telemetry::MetricKey&, const std::string&) override { return ++last_; }
  void compact(int64_t) override {}
  std::vector<SeriesInfo> load_series() override { return {}; }

 private:
  int64_t last_ = 0;
};

class CloudWatchMetricsTest : public testing::Test {
 protected:
  json run(const std::string& operation, const json& input) {
    auto output = metrics_.run(operation, input, kMetricsRegion, kPutTime);
    EXPECT_TRUE(output.ok()) << operation << ": " << output.error().message;
    return output.ok() ? *output : json::object();
  }
  Error refused(const std::string& operation, const json& input) {
    const auto output = metrics_.run(operation, input, kMetricsRegion, kPutTime);
    EXPECT_FALSE(output.ok()) << operation << ": " << output->dump();
    return output.ok() ? Error{} : output.error();
  }
  void put(double value, const char* unit = nullptr, const char* function = nullptr) {
    json datum = {{"MetricName", "m"}, {"Value", value}, {"Timestamp", kMinute}};
    if (unit) datum["Unit"] = unit;
    if (function) datum["Dimensions"] = {{{"Name", "FunctionName"}, {"Value", function}}};
    run("PutMetricData", {{"Namespace", "N"}, {"MetricData", {datum}}});
  }
  static json query(const std::string& id, const json& more = json::object()) {
    json stat = {
        {"Metric", {{"Namespace", "N"}, {"MetricName", "m"}}}, {"Period", 60}, {"Stat", "Sum"}};
    stat.update(more);
    return {{"Id", id}, {"MetricStat", stat}};
  }
  // A single query may stand for the list of it: {query} is a copy of it, not a list.
  json data(const json& queries) {
    const json list = queries.is_array() ? queries : json::array({queries});
    return run("GetMetricData", {{"MetricDataQueries", list},
                                 {"StartTime", kMinute - 60},
                                 {"EndTime", kMinute + 60}})["MetricDataResults"];
  }

  NoArchive archive_;
  telemetry::MetricStore store_{archive_};
  CloudWatchMetrics metrics_{store_, "000000000000"};
};

// As recorded: a point for each unit.
TEST_F(CloudWatchMetricsTest, GetMetricStatisticsAnswersAPointPerUnit) {
  put(1, "Seconds");
  put(5, "Count");
  put(10);
  const json output = run("GetMetricStatistics", {{"Namespace", "N"},
                                                  {"MetricName", "m"},
                                                  {"StartTime", kMinute - 60},
                                                  {"EndTime", kMinute + 60},
                                                  {"Period", 60},
                                                  {"Statistics", {"Average"}}});
  json expected = json::array();
  for (const auto& [unit, value] : {std::pair{"Count", 5.0}, {"None", 10.0}, {"Seconds", 1.0}})
    expected.push_back({{"Average", value}, {"Timestamp", kMinute}, {"Unit", unit}});
  EXPECT_EQ(output, json({{"Datapoints", expected}, {"Label", "m"}}));
}

// As recorded.
TEST_F(CloudWatchMetricsTest, GetMetricDataAnswersOneUnitAndNamesAll) {
  put(60'000, "Milliseconds");
  put(60, "Seconds");
  EXPECT_EQ(data({query("m1")}), json::parse(R"([{"Id":"m1","Label":"m","StatusCode":"Complete",
              "Messages":[{"Code":"MultipleUnits",
                           "Value":"Multiple units returned: '[Milliseconds, Seconds]'"}],
              "Timestamps":[1758314280.0],"Values":[60000.0]}])"));
  const json seconds = data({query("m1", {{"Unit", "Seconds"}})});
  EXPECT_EQ(seconds[0]["Values"], json({60.0}));
  EXPECT_FALSE(seconds[0].contains("Messages"));
}

TEST_F(CloudWatchMetricsTest, TimesAreNumbersWithAFraction) {
  put(1);
  // AWS writes 1758314280.0.
  EXPECT_EQ(data({query("m1")})[0]["Timestamps"].dump(), "[1758314280.0]");
}

TEST_F(CloudWatchMetricsTest, DroppedPointsAreSaid) {
  put(0);
  json hidden = query("m1");
  hidden["ReturnData"] = false;
  const json result = data({hidden, {{"Id", "e1"}, {"Expression", "1 / m1"}}});
  EXPECT_EQ(result, json::parse(R"x([{"Id":"e1","Label":"e1","StatusCode":"Complete",
      "Messages":[{"Code":"ArithmeticError",
        "Value":"One or more data-points have been dropped due to non-numeric values (NaN, -Infinite, +Infinite)"}],
      "Timestamps":[],"Values":[]}])x"));
}

// As recorded: a day in periods of 60 s is 1,440 points wherever it begins.
TEST_F(CloudWatchMetricsTest, HowManyDatapointsAreAskedFor) {
  const auto input = [](double start, double seconds, int period) {
    return json{{"Namespace", "N"},           {"MetricName", "m"}, {"StartTime", start},
                {"EndTime", start + seconds}, {"Period", period},  {"Statistics", {"Sum"}}};
  };
  EXPECT_TRUE(run("GetMetricStatistics", input(kMinute + 0.5 - 86'400, 86'400, 60)).is_object());
  EXPECT_TRUE(run("GetMetricStatistics", input(kMinute + 17 - 86'400, 86'400, 60)).is_object());
  const Error error = refused("GetMetricStatistics", input(kMinute - 86'400, 86'400, 1));
  EXPECT_EQ(error.type, "InvalidParameterCombinationException");
  EXPECT_EQ(error.message,
            "You have requested up to 86400 datapoints, which exceeds the limit of 1440. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range.");
  EXPECT_EQ(refused("GetMetricStatistics", input(kMinute - 86'460, 86'460, 60)).type,
            "InvalidParameterCombinationException");
  EXPECT_EQ(refused("GetMetricStatistics", input(kMinute, -1, 60)).message,
            "The parameter StartTime must be less than the parameter EndTime.");
}

// As recorded.
TEST_F(CloudWatchMetricsTest, PutMetricDataRefuses) {
  const auto put_datum = [&](json datum) {
    datum["MetricName"] = "m";
    return refused("PutMetricData", {{"Namespace", "N"}, {"MetricData", {datum}}});
  };
  Error error = put_datum({{"Value", 1}, {"Values", {1, 2}}});
  EXPECT_EQ(error.type, "InvalidParameterCombinationException");
  EXPECT_EQ(error.message,
            "The parameters MetricData.member.1.Value and MetricData.member.1.Values are mutually "
            "exclusive and you have specified both.");
  error = put_datum({{"Values", {1, 2}}, {"Counts", {1, 2, 3}}});
  EXPECT_EQ(error.type, "InvalidParameterValueException");
  EXPECT_EQ(error.message,
            "The parameters MetricData.member.1.Values and MetricData.member.1.Counts must be of "
            "the same size.");
  error = put_datum(
      {{"Value", 1},
       {"StatisticValues", {{"SampleCount", 1}, {"Sum", 1}, {"Minimum", 1}, {"Maximum", 1}}}});
  EXPECT_EQ(error.type, "InvalidParameterCombinationException");
  EXPECT_EQ(error.message,
            "The parameters MetricData.member.1.Value and MetricData.member.1.StatisticValues are "
            "mutually exclusive and you have specified both.");
  // AWS takes these two together.
  run("PutMetricData",
      {{"Namespace", "N"},
       {"MetricData",
        {{{"MetricName", "m"},
          {"Values", {1, 10}},
          {"StatisticValues",
           {{"SampleCount", 10}, {"Sum", 55}, {"Minimum", 1}, {"Maximum", 10}}}}}}});
}

// As users have reported AWS's answers.
TEST_F(CloudWatchMetricsTest, PutMetricDataRefusesDimensionsAndNames) {
  const auto said = [&](const json& dimensions, const std::string& name = "m",
                        const std::string& metric_namespace = "N") {
    const json datum = {{"MetricName", name}, {"Value", 1}, {"Dimensions", dimensions}};
    const auto answer =
        metrics_.run("PutMetricData", {{"Namespace", metric_namespace}, {"MetricData", {datum}}},
                     kMetricsRegion, kPutTime);
    return answer ? std::string("taken") : answer.error().type + ": " + answer.error().message;
  };
  const auto one = [](const std::string& name, const std::string& value) {
    return json::array({{{"Name", name}, {"Value", value}}});
  };
  const auto many = [](int count) {
    json list = json::array();
    for (int i = 0; i < count; ++i)
      list.push_back({{"Name", "d" + std::to_string(i)}, {"Value", "v"}});
    return list;
  };
  const std::string invalid = "InvalidParameterValueException: ",
                    missing = "MissingRequiredParameterException: ",
                    member = "MetricData.member.1.Dimensions.member.1.";
  EXPECT_EQ(said(many(30)), "taken");
  EXPECT_EQ(said(many(31)),
            invalid +
                "The collection MetricData.member.1.Dimensions must not have a size greater "
                "than 30.");
  EXPECT_EQ(said({{{"Name", "d"}, {"Value", "v"}}, {{"Name", "d"}, {"Value", "w"}}}),
            invalid + "No metric may specify the same dimension name twice.");
  EXPECT_EQ(said(one(std::string(255, 'n'), std::string(1024, 'v'))), "taken");
  EXPECT_EQ(said(one(std::string(256, 'n'), "v")),
            invalid + "The parameter " + member + "Name must be shorter than 256 characters.");
  EXPECT_EQ(said(one("n", std::string(1025, 'v'))),
            invalid + "The parameter " + member + "Value must be shorter than 1025 characters.");
  EXPECT_EQ(said(one("n", "")), missing + "The parameter " + member + "Value is required.");
  EXPECT_EQ(said(one("", "v")), missing + "The parameter " + member + "Name is required.");
  EXPECT_EQ(said(one("n", "ü")),
            invalid + "The value for parameter " + member + "Value contains non-ASCII characters.");
  EXPECT_EQ(said(one("ü", "v")),
            invalid + "The value for parameter " + member + "Name contains non-ASCII characters.");
  EXPECT_EQ(said(one(":n", "v")),
            invalid + "The value :n for parameter " + member + "Name is invalid.");
  EXPECT_EQ(said(one("n", " ")),
            invalid + "The value   for parameter " + member + "Value is invalid.");
  EXPECT_EQ(said(json::array(), std::string(255, 'm'), std::string(255, 'n')), "taken");
  EXPECT_EQ(
      said(json::array(), std::string(256, 'm')),
      invalid +
          "The parameter MetricData.member.1.MetricName must be shorter than 256 characters.");
  EXPECT_EQ(said(json::array(), "ü"),
            invalid +
                "The value for parameter MetricData.member.1.MetricName contains non-ASCII "
                "characters.");
  EXPECT_EQ(said(json::array(), "m", "ü"),
            invalid + "The value for parameter Namespace contains non-ASCII characters.");
  EXPECT_EQ(said(json::array(), "m", std::string(256, 'n')),
            invalid + "The parameter Namespace must be shorter than 256 characters.");
}

TEST_F(CloudWatchMetricsTest, LabelsAreFilledIn) {
  put(3, "Count", "f");
  json labeled = query("m1", {{"Metric",
                               {{"Namespace", "N"},
                                {"MetricName", "m"},
                                {"Dimensions", {{{"Name", "FunctionName"}, {"Value", "f"}}}}}}});
  labeled["Label"] = "${PROP('Dim.FunctionName')} of ${PROP('AccountId')}: ${MAX}";
  EXPECT_EQ(data({labeled})[0]["Label"], "f of 000000000000: 3");
}

TEST_F(CloudWatchMetricsTest, ListMetricsChecksWhatItIsAskedFor) {
  const auto dimensions = [](size_t n) {
    json list = json::array();
    for (size_t i = 0; i < n; ++i) list.push_back({{"Name", "d" + std::to_string(i)}});
    return json{{"Dimensions", list}};
  };
  const auto dimension = [](size_t name, size_t value) {
    return json{
        {"Dimensions", {{{"Name", std::string(name, 'n')}, {"Value", std::string(value, 'v')}}}}};
  };
  run("ListMetrics", {{"Namespace", std::string(255, 'n')}, {"MetricName", std::string(255, 'm')}});
  run("ListMetrics", dimensions(10));
  run("ListMetrics", dimension(255, 1'024));
  std::string umlauts;
  for (int i = 0; i < 255; ++i) umlauts += "ü";
  run("ListMetrics", {{"Namespace", umlauts},
                      {"MetricName", umlauts},
                      {"Dimensions", {{{"Name", umlauts}, {"Value", umlauts}}}}});
  EXPECT_EQ(refused("ListMetrics", {{"Namespace", umlauts + "ü"}}).type,
            "InvalidParameterValueException");
  for (const json& wrong :
       {json{{"Namespace", ""}}, json{{"MetricName", ""}},
        json{{"Namespace", std::string(256, 'n')}}, json{{"MetricName", std::string(256, 'm')}},
        dimensions(11), dimension(256, 1), dimension(1, 1'025), dimension(1, 0)})
    EXPECT_EQ(refused("ListMetrics", wrong).type, "InvalidParameterValueException") << wrong;
}

}  // namespace
}  // namespace kiln::services
