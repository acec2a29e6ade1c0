// Lists that change between two pages: what stays is shown once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/digest.h"
#include "services/cloudwatch/alarms.h"
#include "services/cloudwatch/metrics.h"
#include "tests/support/state_doubles.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::SizeIs;

const WallTime kPagesNow{std::chrono::milliseconds(1'758'314'280'500)};
constexpr int64_t kPagesMinute = 1'758'314'280;

class AlarmHistoryPagesTest : public testing::Test {
 protected:
  json run(const std::string& operation, const json& input, WallTime now = kPagesNow) {
    auto output = alarms_.run(operation, input, "us-east-1", "000000000000", now);
    EXPECT_TRUE(output.ok()) << operation << ": " << output.error().message;
    return output.ok() ? *output : json::object();
  }
  void put(const std::string& name) {
    run("PutMetricAlarm", {{"AlarmName", name},
                           {"Namespace", "N"},
                           {"MetricName", "m"},
                           {"Statistic", "Sum"},
                           {"Period", 60},
                           {"EvaluationPeriods", 1},
                           {"Threshold", 1},
                           {"ComparisonOperator", "GreaterThanThreshold"}});
  }
  // The n-th change of a state, at its own millisecond.
  void change(int n) {
    run("SetAlarmState",
        {{"AlarmName", "a"}, {"StateValue", n % 2 ? "ALARM" : "OK"}, {"StateReason", "r"}},
        kPagesNow + std::chrono::milliseconds(n));
  }
  static std::vector<int> shown(const json& page) {
    std::vector<int> out;
    for (const json& item : page["AlarmHistoryItems"])
      out.push_back(static_cast<int>(std::lround(item["Timestamp"].get<double>() * 1000 -
                                                 static_cast<double>(epoch_ms(kPagesNow)))));
    return out;
  }

  tests::NoState port_;
  telemetry::AlarmBook book_{"000000000000", port_};
  CloudWatchAlarms alarms_{book_, [](const auto&) {}};
};

TEST_F(AlarmHistoryPagesTest, AnAlarmsMetricHasAsciiNames) {
  for (const char* member : {"MetricName", "Namespace"}) {
    json input = {{"AlarmName", "ü"},  {"Namespace", "N"},
                  {"MetricName", "m"}, {"Statistic", "Sum"},
                  {"Period", 60},      {"EvaluationPeriods", 1},
                  {"Threshold", 1},    {"ComparisonOperator", "GreaterThanThreshold"}};
    run("PutMetricAlarm", input);
    input[member] = "ü";
    const auto refused =
        alarms_.run("PutMetricAlarm", input, "us-east-1", "000000000000", kPagesNow).error();
    EXPECT_EQ(refused.type, "ValidationError");
    EXPECT_EQ(refused.message, std::string(member) + " must not contain Non-ASCII characters");
  }
}

TEST_F(AlarmHistoryPagesTest, NewItemsPushNothingOntoTheNextPage) {
  put("a");
  for (int n = 1; n <= 4; ++n) change(n);
  json page = run("DescribeAlarmHistory", {{"MaxRecords", 2}});
  EXPECT_THAT(shown(page), ElementsAre(4, 3));
  for (int n = 5; n <= 8; ++n) change(n);
  page = run("DescribeAlarmHistory", {{"MaxRecords", 2}, {"NextToken", page["NextToken"]}});
  EXPECT_THAT(shown(page), ElementsAre(2, 1));
  page = run("DescribeAlarmHistory", {{"MaxRecords", 2}, {"NextToken", page["NextToken"]}});
  EXPECT_THAT(shown(page), ElementsAre(0));
  EXPECT_FALSE(page.contains("NextToken"));
}

TEST_F(AlarmHistoryPagesTest, ItemsThatWentHideNoneOfTheOthers) {
  put("a");
  constexpr int kMost = telemetry::AlarmHistory::kMaxItems;
  for (int n = 1; n < kMost; ++n) change(n);
  json input = {{"MaxRecords", 2}, {"ScanBy", "TimestampAscending"}};
  const json page = run("DescribeAlarmHistory", input);
  EXPECT_THAT(shown(page), ElementsAre(0, 1));
  for (int n = kMost; n < kMost + 2; ++n) change(n);  // the two that were shown go
  input["NextToken"] = page["NextToken"];
  EXPECT_THAT(shown(run("DescribeAlarmHistory", input)), ElementsAre(2, 3));
}

TEST_F(AlarmHistoryPagesTest, ItemsOfOneMomentAreShownOnce) {
  std::vector<std::string> names, seen;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    put(name);
    names.emplace_back(name);
  }
  json input = {{"MaxRecords", 2}};
  for (json page = {{"NextToken", ""}}; page.contains("NextToken");) {
    page = run("DescribeAlarmHistory", input);
    for (const json& item : page["AlarmHistoryItems"]) seen.push_back(item["AlarmName"]);
    if (page.contains("NextToken")) input["NextToken"] = page["NextToken"];
  }
  EXPECT_THAT(seen, testing::UnorderedElementsAreArray(names));
}

class NoPagesArchive final : public telemetry::MetricArchive {
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

class MetricPagesTest : public testing::Test {
 protected:
  json run(const std::string& operation, const json& input) {
    auto output = metrics_.run(operation, input, "us-east-1", kPagesNow);
    EXPECT_TRUE(output.ok()) << operation << ": " << output.error().message;
    return output.ok() ? *output : json::object();
  }
  void put(const std::string& name, int64_t minutes_ago = 0, double value = 1) {
    run("PutMetricData", {{"Namespace", "N"},
                          {"MetricData",
                           {{{"MetricName", name},
                             {"Value", value},
                             {"Dimensions", {{{"Name", "d"}, {"Value", "v"}}}},
                             {"Timestamp", kPagesMinute - 60 * minutes_ago}}}}});
  }

  NoPagesArchive archive_;
  telemetry::MetricStore store_{archive_};
  CloudWatchMetrics metrics_{store_, "000000000000"};
};

TEST_F(MetricPagesTest, ANewMetricPushesNoneOntoTheNextPage) {
  const auto name = [](int n) { return "m" + std::to_string(10'000 + n); };
  for (int n = 0; n < 501; ++n) put(name(n));
  json page = run("ListMetrics", {{"Namespace", "N"}});
  ASSERT_THAT(page["Metrics"], SizeIs(500));
  EXPECT_EQ(page["Metrics"][499]["MetricName"], name(499));
  for (const char* first : {"a", "b", "c"}) put(first);
  page = run("ListMetrics", {{"Namespace", "N"}, {"NextToken", page["NextToken"]}});
  ASSERT_THAT(page["Metrics"], SizeIs(1));
  EXPECT_EQ(page["Metrics"][0]["MetricName"], name(500));
  EXPECT_FALSE(page.contains("NextToken"));
}

TEST_F(MetricPagesTest, ANewPointPushesNoneOntoTheNextPage) {
  for (int ago = 1; ago <= 3; ++ago) put("m", ago, ago);
  for (int ago = 1; ago <= 2; ++ago) put("o", ago, 10 * ago);
  const auto query = [](const char* id, const char* name) {
    const json metric = {{"Namespace", "N"},
                         {"MetricName", name},
                         {"Dimensions", {{{"Name", "d"}, {"Value", "v"}}}}};
    return json{{"Id", id}, {"MetricStat", {{"Metric", metric}, {"Period", 60}, {"Stat", "Sum"}}}};
  };
  for (const char* order : {"TimestampDescending", "TimestampAscending"}) {
    json input = {{"MetricDataQueries", {query("a", "m"), query("b", "o")}},
                  {"StartTime", kPagesMinute - 600},
                  {"EndTime", kPagesMinute + 60},
                  {"ScanBy", order},
                  {"MaxDatapoints", 2}};
    std::vector<std::vector<double>> a, b;
    for (json page = {{"NextToken", ""}}; page.contains("NextToken");) {
      page = run("GetMetricData", input);
      a.push_back(page["MetricDataResults"][0]["Values"]);
      b.push_back(page["MetricDataResults"][1]["Values"]);
      if (page.contains("NextToken")) input["NextToken"] = page["NextToken"];
      // At the end that is shown first.
      if (*(order + 9) == 'D') put("m", 0, 7);
    }
    if (*(order + 9) == 'D') {
      EXPECT_THAT(a, ElementsAre(ElementsAre(1, 2), ElementsAre(3), ElementsAre()));
      EXPECT_THAT(b, ElementsAre(ElementsAre(), ElementsAre(10), ElementsAre(20)));
    } else {
      EXPECT_THAT(a, ElementsAre(ElementsAre(3, 2), ElementsAre(1, 21), ElementsAre()));
      EXPECT_THAT(b, ElementsAre(ElementsAre(), ElementsAre(), ElementsAre(20, 10)));
    }
  }
}

TEST_F(MetricPagesTest, TokensThatWereNotGivenAreRefused) {
  for (const char* text :
       {"", "5", "[]", R"(["N"])", R"(["N", "m", "d"])", R"(["N", 5])", "1/x", "x/1"}) {
    const json token = {{"NextToken", *text ? base64_encode(text) : "!"}};
    EXPECT_EQ(metrics_.run("ListMetrics", token, "us-east-1", kPagesNow).error().type,
              "InvalidNextToken")
        << text;
    json data = {
        {"MetricDataQueries", {{{"Id", "a"}, {"Expression", "TIME_SERIES(1)"}, {"Period", 60}}}},
        {"StartTime", kPagesMinute - 60},
        {"EndTime", kPagesMinute}};
    data.update(token);
    EXPECT_EQ(metrics_.run("GetMetricData", data, "us-east-1", kPagesNow).error().type,
              "InvalidNextToken")
        << text;
  }
}

}  // namespace
}  // namespace kiln::services
