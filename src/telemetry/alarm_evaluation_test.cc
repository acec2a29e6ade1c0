#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "telemetry/alarm.h"
#include "telemetry/alarm_reason.h"

namespace kiln::telemetry {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr int64_t kAlarmStart = 1'758'314'280;  // 2025-09-19T20:38:00Z

AlarmConfig alarm(int periods, std::optional<int> to_alarm = std::nullopt) {
  AlarmConfig config;
  config.region = "us-east-1";
  config.name = "a";
  MetricStat stat;
  stat.metric = {"us-east-1", "AWS/Lambda", "Errors", {{"FunctionName", "f"}}};
  stat.stat = "Sum";
  config.metric = stat;
  config.threshold = 1;
  config.evaluation_periods = periods;
  config.datapoints_to_alarm = to_alarm;
  return config;
}

// "0 - X": OK, missing, breaching (above 1), oldest first; a period of a minute each.
AlarmWindow window(std::string_view points) {
  AlarmWindow out;
  for (const char c : points) {
    if (c == ' ') continue;
    out.times.push_back(kAlarmStart + 60 * static_cast<int64_t>(out.times.size()));
    out.points.push_back(c == '-' ? std::nullopt : std::optional<double>(c == 'X' ? 2 : 0));
    out.sample_counts.push_back(c == '-' ? 0 : 5);
  }
  return out;
}

AlarmVerdict evaluate(const AlarmConfig& config, const AlarmWindow& points,
                      AlarmState current = AlarmState::kOk) {
  return evaluate_alarm(
      config, points, current,
      WallTime(std::chrono::seconds(points.times.empty() ? kAlarmStart : points.times.back()) +
               60s + 154ms));
}

TEST(AlarmEvaluation, RangeIsLongerThanTheEvaluationPeriods) {
  EXPECT_EQ(evaluation_range(1), 3);
  EXPECT_EQ(evaluation_range(3), 5);
  EXPECT_EQ(evaluation_range(8), 10);
  EXPECT_EQ(evaluation_range(9), 12);
  EXPECT_EQ(evaluation_range(15), 20);
}

// The two tables of AWS's documentation: N = 3, a range of 5 periods. "?" keeps the state.
struct Row {
  const char* points;
  int to_alarm;
  const char* missing;
  const char* ignore;
  const char* breaching;
  const char* not_breaching;
};
constexpr Row kRows[] = {
    {"0-X-X", 3, "OK", "OK", "OK", "OK"},
    {"----0", 3, "OK", "OK", "OK", "OK"},
    {"-----", 3, "INSUFFICIENT_DATA", "?", "ALARM", "OK"},
    {"0XX-X", 3, "ALARM", "ALARM", "ALARM", "ALARM"},
    {"--X--", 3, "ALARM", "?", "ALARM", "OK"},
    {"0-X-X", 2, "ALARM", "ALARM", "ALARM", "ALARM"},
    {"00X0X", 2, "ALARM", "ALARM", "ALARM", "ALARM"},
    {"0-X--", 2, "OK", "OK", "ALARM", "OK"},
    {"----0", 2, "OK", "OK", "ALARM", "OK"},
    {"---X-", 2, "ALARM", "?", "ALARM", "OK"},
};

TEST(AlarmEvaluation, DocumentedTables) {
  for (const Row& row : kRows) {
    const std::pair<MissingData, std::string> cells[] = {
        {MissingData::kMissing, row.missing},
        {MissingData::kIgnore, row.ignore},
        {MissingData::kBreaching, row.breaching},
        {MissingData::kNotBreaching, row.not_breaching}};
    for (const auto& [missing, wanted] : cells) {
      AlarmConfig config = alarm(3, row.to_alarm);
      config.missing = missing;
      for (const AlarmState current :
           {AlarmState::kOk, AlarmState::kAlarm, AlarmState::kInsufficientData}) {
        const AlarmVerdict verdict = evaluate(config, window(row.points), current);
        EXPECT_EQ(to_text(verdict.state), wanted == "?" ? to_text(current) : wanted)
            << row.points << " " << row.to_alarm << " of 3, " << to_text(missing);
        EXPECT_EQ(verdict.reason.empty(), wanted == "?");
      }
    }
  }
}

TEST(AlarmEvaluation, DoesNotGoOffBeforeItsTime) {
  const AlarmConfig config = alarm(3, 2);
  for (const AlarmState current : {AlarmState::kOk, AlarmState::kInsufficientData}) {
    EXPECT_EQ(evaluate(config, window("----X"), current).state, current);
    EXPECT_EQ(evaluate(config, window("---X-"), current).state, AlarmState::kAlarm);
  }
}

TEST(AlarmEvaluation, MOfN) {
  struct Case {
    const char* points;
    int periods, to_alarm;
    AlarmState wanted;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"00X00", 3, 1, AlarmState::kAlarm},
           {"0X000", 3, 1, AlarmState::kOk},  // outside the last 3
           {"XX0XX", 3, 2, AlarmState::kAlarm},
           {"XXX0X", 3, 3, AlarmState::kOk},
           {"0000XXX", 5, 3, AlarmState::kAlarm},
           {"0000XX0", 5, 3, AlarmState::kOk},
           {"X-0-X-X", 3, 2, AlarmState::kAlarm},
       }) {
    EXPECT_EQ(evaluate(alarm(c.periods, c.to_alarm), window(c.points)).state, c.wanted)
        << c.points << " " << c.to_alarm << " of " << c.periods;
  }
}

TEST(AlarmEvaluation, ComparisonsAtTheThreshold) {
  struct Case {
    Comparison comparison;
    bool below, at, above;
  };
  for (const Case& c : std::initializer_list<Case>{
           {Comparison::kGreaterThan, false, false, true},
           {Comparison::kGreaterThanOrEqual, false, true, true},
           {Comparison::kLessThan, true, false, false},
           {Comparison::kLessThanOrEqual, true, true, false},
       }) {
    EXPECT_EQ(breaches(0.9, c.comparison, 1), c.below) << to_text(c.comparison);
    EXPECT_EQ(breaches(1.0, c.comparison, 1), c.at) << to_text(c.comparison);
    EXPECT_EQ(breaches(1.1, c.comparison, 1), c.above) << to_text(c.comparison);
  }
}

TEST(AlarmEvaluation, MetricsOfDynamoDbIgnoreMissingData) {
  AlarmConfig config = alarm(1);
  config.missing = MissingData::kBreaching;
  config.metric->metric.metric_namespace = "AWS/DynamoDB";
  EXPECT_EQ(evaluate(config, window("---")).state, AlarmState::kOk);
  EXPECT_EQ(evaluate(config, window("---"), AlarmState::kInsufficientData).state,
            AlarmState::kInsufficientData);
}

TEST(AlarmEvaluation, PercentilesOfFewSamplesCanBeIgnored) {
  struct Case {
    const char* stat;
    double needed;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"p99", 1000}, {"p90", 100}, {"p50", 20}, {"p10", 100}, {"p99.9", 10'000}}) {
    AlarmConfig config = alarm(1);
    config.metric->stat = c.stat;
    AlarmWindow points = window("--X");
    points.sample_counts = {0, 0, c.needed - 1};
    EXPECT_EQ(evaluate(config, points).state, AlarmState::kAlarm) << c.stat;
    config.low_sample_count_percentile = "evaluate";
    EXPECT_EQ(evaluate(config, points).state, AlarmState::kAlarm) << c.stat;
    config.low_sample_count_percentile = "ignore";
    EXPECT_EQ(evaluate(config, points).state, AlarmState::kOk) << c.stat;
    EXPECT_EQ(evaluate(config, points, AlarmState::kInsufficientData).state,
              AlarmState::kInsufficientData);
    points.sample_counts = {0, 0, c.needed};
    EXPECT_EQ(evaluate(config, points).state, AlarmState::kAlarm) << c.stat;
  }
}

TEST(AlarmEvaluation, LatestValueIsTheNewestPointThatIsThere) {
  AlarmWindow points = window("0X-");
  points.points[1] = 42;
  EXPECT_EQ(evaluate(alarm(1), points).latest_value, 42);
  EXPECT_FALSE(evaluate(alarm(1), window("---")).latest_value.has_value());
}

struct ReasonCase {
  int periods;
  std::optional<int> to_alarm;
  MissingData missing;
  const char* points;
  const char* reason;
};

TEST(AlarmReason, Texts) {
  constexpr auto kMissing = MissingData::kMissing;
  for (const ReasonCase& c : std::initializer_list<ReasonCase>{
           {1,
            {},
            kMissing,
            "X--",
            "Threshold Crossed: 1 datapoint [2.0 (19/09/25 20:38:00)] was greater than the "
            "threshold (1.0)."},
           {1,
            {},
            kMissing,
            "0",
            "Threshold Crossed: 1 datapoint [0.0 (19/09/25 20:38:00)] was not greater than the "
            "threshold (1.0)."},
           {2,
            {},
            kMissing,
            "XX",
            "Threshold Crossed: 2 datapoints [2.0 (19/09/25 20:39:00), 2.0 (19/09/25 20:38:00)] "
            "were greater than the threshold (1.0)."},
           {5,
            {},
            kMissing,
            "XXXXX",
            "Threshold Crossed: 5 datapoints were greater than the threshold (1.0). The most "
            "recent datapoints which crossed the threshold: [2.0 (19/09/25 20:42:00), 2.0 "
            "(19/09/25 20:41:00), 2.0 (19/09/25 20:40:00), 2.0 (19/09/25 20:39:00), 2.0 "
            "(19/09/25 20:38:00)]."},
           {1, 1, kMissing, "X",
            "Threshold Crossed: 1 out of the last 1 datapoints [2.0 (19/09/25 20:38:00)] was "
            "greater than the threshold (1.0) (minimum 1 datapoint for OK -> ALARM transition)."},
           {1, 1, kMissing, "0",
            "Threshold Crossed: 1 out of the last 1 datapoints [0.0 (19/09/25 20:38:00)] was not "
            "greater than the threshold (1.0) (minimum 1 datapoint for ALARM -> OK transition)."},
           {5, 3, kMissing, "0-00XX",
            "Threshold Crossed: 3 out of the last 5 datapoints [0.0 (19/09/25 20:41:00), 0.0 "
            "(19/09/25 20:40:00), 0.0 (19/09/25 20:38:00)] were not greater than the threshold "
            "(1.0) (minimum 3 datapoints for ALARM -> OK transition)."},
           {5, 5, kMissing, "XXXXX",
            "Threshold Crossed: 5 out of the last 5 datapoints were greater than the threshold "
            "(1.0). The most recent datapoints which crossed the threshold: [2.0 (19/09/25 "
            "20:42:00), 2.0 (19/09/25 20:41:00), 2.0 (19/09/25 20:40:00), 2.0 (19/09/25 20:39:00), "
            "2.0 (19/09/25 20:38:00)] (minimum 5 datapoints for OK -> ALARM transition)."},
           {2,
            {},
            MissingData::kBreaching,
            "----",
            "Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints "
            "were treated as [Breaching]."},
           {1,
            {},
            MissingData::kNotBreaching,
            "---",
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
            "was treated as [NonBreaching]."},
           {3,
            {},
            MissingData::kBreaching,
            "----X",
            "Threshold Crossed: 1 datapoint was received for 3 periods and 2 missing datapoints "
            "were treated as [Breaching]."},
           {20, 1, MissingData::kNotBreaching, "X",
            "Threshold Crossed: 1 out of the last 20 datapoints [2.0 (19/09/25 20:38:00)] was "
            "greater than the threshold (1.0) and 19 missing datapoints were treated as "
            "[NonBreaching] (minimum 1 datapoint for OK -> ALARM transition)."},
           {1, {}, kMissing, "---", "Insufficient Data: 1 datapoint was unknown."},
           {5, 3, kMissing, "-------", "Insufficient Data: 5 datapoints were unknown."},
       }) {
    AlarmConfig config = alarm(c.periods, c.to_alarm);
    config.missing = c.missing;
    EXPECT_EQ(evaluate(config, window(c.points)).reason, c.reason);
  }
}

TEST(AlarmReason, ComparisonWords) {
  const std::pair<Comparison, const char*> cases[] = {
      {Comparison::kGreaterThan, "was greater than the"},
      {Comparison::kGreaterThanOrEqual, "was greater than or equal to the"},
      {Comparison::kLessThan, "was not less than the"},
      {Comparison::kLessThanOrEqual, "was not less than or equal to the"}};
  for (const auto& [comparison, words] : cases) {
    AlarmConfig config = alarm(1);
    config.comparison = comparison;
    EXPECT_NE(evaluate(config, window("X")).reason.find(words), std::string::npos) << words;
  }
}

TEST(AlarmReason, Data) {
  AlarmConfig config = alarm(2);
  config.metric->unit = "Seconds";
  EXPECT_EQ(evaluate(config, window("0XX")).reason_data,
            R"({"version":"1.0","queryDate":"2025-09-19T20:41:00.154+0000",)"
            R"("startDate":"2025-09-19T20:39:00.000+0000","unit":"Seconds","statistic":"Sum",)"
            R"("period":60,"recentDatapoints":[2.0,2.0],"threshold":1.0,"evaluatedDatapoints":[)"
            R"({"timestamp":"2025-09-19T20:40:00.000+0000","sampleCount":5.0,"value":2.0},)"
            R"({"timestamp":"2025-09-19T20:39:00.000+0000","sampleCount":5.0,"value":2.0}]})");
}

TEST(AlarmReason, DataWithoutPoints) {
  AlarmConfig config = alarm(2);
  config.missing = MissingData::kBreaching;
  EXPECT_EQ(evaluate(config, window("----")).reason_data,
            R"({"version":"1.0","queryDate":"2025-09-19T20:42:00.154+0000","statistic":"Sum",)"
            R"("period":60,"recentDatapoints":[],"threshold":1.0,"evaluatedDatapoints":[)"
            R"({"timestamp":"2025-09-19T20:41:00.000+0000"},)"
            R"({"timestamp":"2025-09-19T20:40:00.000+0000"}]})");
}

TEST(AlarmReason, DataOfMathHasNoStatistic) {
  AlarmConfig config = alarm(1);
  config.metrics = {{"e1", std::nullopt, "m1/m2", "", true, 300}};
  config.metric.reset();
  const json data = json::parse(evaluate(config, window("X")).reason_data);
  EXPECT_FALSE(data.contains("statistic"));
  EXPECT_EQ(data["period"], 300);
}

TEST(AlarmReason, StaysWithinTheLimits) {
  const std::string many(1440, 'X');
  AlarmConfig config = alarm(1440, 1440);
  const AlarmVerdict verdict = evaluate(config, window(many));
  EXPECT_LE(verdict.reason.size(), 1023u);
  EXPECT_LE(verdict.reason_data.size(), 4000u);
  EXPECT_EQ(json::parse(verdict.reason_data)["evaluatedDatapoints"][0]["timestamp"],
            "2025-09-20T20:37:00.000+0000");
}

TEST(AlarmReason, Decimals) {
  const std::pair<double, const char*> cases[] = {
      {0, "0.0"},          {21.5, "21.5"},           {45628, "45628.0"},
      {-3, "-3.0"},        {9'999'999, "9999999.0"}, {1e7, "1.0E7"},
      {0.001, "0.001"},    {0.00025, "2.5E-4"},      {99.50160229693434, "99.50160229693434"},
      {-1.5e10, "-1.5E10"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(decimal_text(value), text);
}

}  // namespace
}  // namespace kiln::telemetry
