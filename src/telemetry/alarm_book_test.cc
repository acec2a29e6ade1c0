#include "telemetry/alarm_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <tuple>

#include "tests/support/state_doubles.h"

namespace kiln::telemetry {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

constexpr int64_t kDay = 1'758'240'000;  // 2025-09-19T00:00:00Z
const WallTime kMidnight{std::chrono::seconds(kDay)};
constexpr const char* kRegion = "us-east-1";
constexpr const char* kTopic = "arn:aws:sns:us-east-1:000000000000:t";
constexpr const char* kPolicy =
    "arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:1:resource/lambda/function:f:live:"
    "policyName/p";

AlarmConfig config(const std::string& name, int period_s = 60, int periods = 1) {
  AlarmConfig out;
  out.region = kRegion;
  out.name = name;
  MetricStat stat;
  stat.metric = {kRegion, "AWS/Lambda", "Errors", {{"FunctionName", name}}};
  stat.stat = "Sum";
  stat.period_s = period_s;
  out.metric = stat;
  out.evaluation_periods = periods;
  out.actions.alarm = {kTopic};
  return out;
}

// `data`: values by time; the values of a period are added up, counted from the asked start.
struct Metrics {
  std::map<int64_t, double> data;
  std::vector<std::tuple<int64_t, int64_t, std::string>> asked;

  FetchSeries fetch() {
    return [this](const MetricStat& metric, int64_t start_s, int64_t end_s) {
      asked.emplace_back(start_s - kDay, end_s - kDay, metric.stat);
      Series series;
      series.period_s = metric.period_s;
      for (const auto& [time_s, value] : data) {
        if (time_s < start_s || time_s >= end_s) continue;
        const int64_t period = metric.period_s;
        series.points[start_s + (time_s - start_s) / period * period] +=
            metric.stat == "SampleCount" ? 1 : value;
      }
      return series;
    };
  }
};

class AlarmBookTest : public ::testing::Test {
 protected:
  std::vector<FiredAction> minute(int minutes) {
    return book_.evaluate(kMidnight + std::chrono::minutes(minutes), metrics_.fetch());
  }
  const Alarm& alarm(const std::string& name) { return *book_.find(kRegion, name); }
  AlarmState state(const std::string& name) { return alarm(name).status.state; }
  void put(AlarmConfig alarm_config, WallTime now = kMidnight) {
    const auto result = book_.put(std::move(alarm_config), {}, now);
    ASSERT_TRUE(result.ok()) << result.error().message;
  }
  Result<void> put_composite(const std::string& name, const std::string& rule_text,
                             WallTime now = kMidnight) {
    AlarmConfig names;
    names.region = kRegion;
    names.name = name;
    names.actions.alarm = {kTopic};
    auto rule = CompositeRule::parse(rule_text);
    if (!rule) return rule.error();
    return book_.put_composite(names, std::move(*rule), {}, now);
  }
  Result<std::vector<FiredAction>> set(const std::string& name, AlarmState to,
                                       WallTime now = kMidnight + 30s) {
    return book_.set_state(kRegion, name, to, "testing", "", now);
  }
  void breach(int minute) { metrics_.data[kDay + 60 * minute] = 5; }

  tests::MemoryState port_;
  AlarmBook book_{"000000000000", port_};
  Metrics metrics_;
};

TEST_F(AlarmBookTest, StartsWithInsufficientData) {
  put(config("a"));
  EXPECT_EQ(state("a"), AlarmState::kInsufficientData);
  EXPECT_EQ(alarm("a").status.reason, "Unchecked: Initial alarm creation");
  EXPECT_EQ(alarm("a").configuration_updated, kMidnight);
  EXPECT_THAT(book_.history().of_region(kRegion).at("a"), SizeIs(1));
}

TEST_F(AlarmBookTest, UpdateKeepsTheState) {
  put(config("a"));
  ASSERT_TRUE(set("a", AlarmState::kAlarm).ok());
  AlarmConfig changed = config("a");
  changed.threshold = 7;
  put(changed, kMidnight + 40s);
  EXPECT_EQ(state("a"), AlarmState::kAlarm);
  EXPECT_EQ(alarm("a").status.updated, kMidnight + 30s);
  EXPECT_EQ(alarm("a").config.threshold, 7);
  EXPECT_EQ(alarm("a").configuration_updated, kMidnight + 40s);
}

TEST_F(AlarmBookTest, ActionsRunOnlyWhenTheStateChanges) {
  AlarmConfig with_ok = config("a");
  with_ok.actions.ok = {"arn:aws:sns:us-east-1:000000000000:ok"};
  with_ok.missing = MissingData::kNotBreaching;
  put(with_ok);
  breach(1);
  EXPECT_THAT(minute(1), SizeIs(1));  // OK
  const auto fired = minute(2);
  ASSERT_THAT(fired, SizeIs(1));
  EXPECT_EQ(fired[0].action, kTopic);
  EXPECT_EQ(fired[0].cause, FiredAction::Cause::kTransition);
  EXPECT_EQ(fired[0].latest_value, 5);
  EXPECT_EQ(fired[0].alarm->status.state, AlarmState::kAlarm);
  EXPECT_EQ(fired[0].alarm->previous.state, AlarmState::kOk);
  EXPECT_EQ(fired[0].alarm->status.reason,
            "Threshold Crossed: 1 datapoint [5.0 (19/09/25 00:01:00)] was greater than the "
            "threshold (0.0).");
  EXPECT_EQ(
      json::parse(fired[0].alarm->status.reason_data)["evaluatedDatapoints"][0],
      json({{"timestamp", "2025-09-19T00:01:00.000+0000"}, {"sampleCount", 1.0}, {"value", 5.0}}));
  EXPECT_THAT(minute(3), IsEmpty());
  EXPECT_EQ(state("a"), AlarmState::kAlarm);  // the range still holds the point
}

TEST_F(AlarmBookTest, DisabledActionsDoNotRun) {
  put(config("a"));
  ASSERT_TRUE(
      book_.enable_actions(kRegion, {"a", "gone"}, AlarmBook::Actions::kDisabled, kMidnight).ok());
  breach(0);
  EXPECT_THAT(minute(1), IsEmpty());
  EXPECT_EQ(state("a"), AlarmState::kAlarm);
}

TEST_F(AlarmBookTest, ScalingPoliciesRunEachMinute) {
  AlarmConfig scaling = config("a");
  scaling.actions.alarm = {kTopic, kPolicy};
  put(scaling);
  for (int i = 0; i < 4; ++i) metrics_.data[kDay + 60 * i] = 5 + i;
  EXPECT_THAT(minute(1), SizeIs(2));
  for (int i = 2; i < 4; ++i) {
    const auto fired = minute(i);
    ASSERT_THAT(fired, SizeIs(1)) << i;
    EXPECT_EQ(fired[0].action, kPolicy);
    EXPECT_EQ(fired[0].cause, FiredAction::Cause::kRefire);
    EXPECT_EQ(fired[0].latest_value, 4 + i);
  }
  EXPECT_THAT(minute(3), IsEmpty());  // the same minute again
}

TEST_F(AlarmBookTest, WindowsSlideByAMinute) {
  put(config("a", 300));
  breach(1);
  minute(6);
  // Three periods of five minutes; the newest is minutes 1 to 5 and ends now.
  EXPECT_EQ(metrics_.asked.front(), std::make_tuple(360 - 900, 360, std::string("Sum")));
  EXPECT_EQ(state("a"), AlarmState::kAlarm);
  EXPECT_THAT(alarm("a").status.reason, HasSubstr("[5.0 (19/09/25 00:01:00)]"));
}

TEST_F(AlarmBookTest, ShortPeriodsAreEvaluatedEachTenSeconds) {
  EXPECT_FALSE(book_.due(kMidnight));
  put(config("minute"));
  EXPECT_TRUE(book_.due(kMidnight));
  minute(0);
  EXPECT_FALSE(book_.due(kMidnight));
  EXPECT_FALSE(book_.due(kMidnight + 59s));
  EXPECT_TRUE(book_.due(kMidnight + 60s));
  put(config("short", 10));
  EXPECT_FALSE(book_.due(kMidnight + 9s));
  EXPECT_TRUE(book_.due(kMidnight + 10s));
  metrics_.asked.clear();
  metrics_.data[kDay + 5] = 5;
  book_.evaluate(kMidnight + 10s, metrics_.fetch());
  EXPECT_EQ(state("short"), AlarmState::kAlarm);
  EXPECT_EQ(state("minute"), AlarmState::kInsufficientData);
  EXPECT_EQ(metrics_.asked.front(), std::make_tuple(-20, 10, std::string("Sum")));
  EXPECT_FALSE(book_.due(kMidnight + 19s));
}

TEST_F(AlarmBookTest, MathAlarms) {
  AlarmConfig math = config("a");
  MetricQuery errors{"m1", math.metric, "", "", false, 0};
  math.metric.reset();
  math.metrics = {errors, {"e1", std::nullopt, "m1 * 10", "", true, 0}};
  math.threshold = 49;
  put(math);
  breach(0);
  minute(1);
  EXPECT_EQ(state("a"), AlarmState::kAlarm);
  EXPECT_EQ(alarm("a").latest_value, 50);
  EXPECT_THAT(alarm("a").status.reason, HasSubstr("[50.0 (19/09/25 00:00:00)]"));
}

TEST_F(AlarmBookTest, IgnoredPercentilesAskForSamplesFirst) {
  AlarmConfig percentile = config("a");
  percentile.metric->stat = "p50";
  percentile.low_sample_count_percentile = "ignore";
  put(percentile);
  breach(0);
  minute(1);  // one sample
  EXPECT_EQ(state("a"), AlarmState::kInsufficientData);
  const auto counts = [](double samples) {
    return [samples](const MetricStat&, int64_t start_s, int64_t) {
      return Series{"", 60, {{start_s + 60, samples}}};
    };
  };
  book_.evaluate(kMidnight + 2min, metrics_.fetch(), counts(19));
  EXPECT_EQ(state("a"), AlarmState::kInsufficientData);
  metrics_.data = {{kDay + 60, 5}};
  book_.evaluate(kMidnight + 3min, metrics_.fetch(), counts(20));
  EXPECT_EQ(state("a"), AlarmState::kAlarm);
}

TEST_F(AlarmBookTest, NothingIsWrittenWhenNothingChanges) {
  put(config("a"));
  breach(0);
  minute(1);
  const int writes = port_.writes;
  minute(2);
  minute(3);
  EXPECT_EQ(port_.writes, writes);
}

TEST_F(AlarmBookTest, SetStateRunsActionsUntilTheNextEvaluation) {
  put(config("a"));
  const auto fired = set("a", AlarmState::kAlarm);
  ASSERT_TRUE(fired.ok());
  ASSERT_THAT(*fired, SizeIs(1));
  EXPECT_EQ(fired->front().alarm->status.reason, "testing");
  EXPECT_THAT(*set("a", AlarmState::kAlarm), IsEmpty());
  minute(1);
  EXPECT_EQ(state("a"), AlarmState::kInsufficientData);
  EXPECT_EQ(alarm("a").status.reason, "Insufficient Data: 1 datapoint was unknown.");
  EXPECT_EQ(set("gone", AlarmState::kOk).error().type, "ResourceNotFound");
}

TEST_F(AlarmBookTest, HistoryTellsStateChanges) {
  put(config("a"));
  ASSERT_TRUE(set("a", AlarmState::kAlarm).ok());
  const auto& items = book_.history().of_region(kRegion).at("a");
  ASSERT_THAT(items, SizeIs(2));
  const AlarmHistoryItem& created = items.begin()->second;
  EXPECT_EQ(created.type, "ConfigurationUpdate");
  EXPECT_EQ(created.summary, "Alarm \"a\" created");
  const json data = json::parse(created.data);
  EXPECT_EQ(data["type"], "Create");
  EXPECT_EQ(data["createdAlarm"]["alarmName"], "a");
  EXPECT_EQ(data["createdAlarm"]["okActions"], json::array());
  EXPECT_EQ(data["createdAlarm"]["dimensions"][0],
            json({{"name", "FunctionName"}, {"value", "a"}}));
  const AlarmHistoryItem& changed = items.rbegin()->second;
  EXPECT_EQ(changed.summary, "Alarm updated from INSUFFICIENT_DATA to ALARM");
  EXPECT_EQ(changed.data,
            R"({"version":"1.0","oldState":{"stateValue":"INSUFFICIENT_DATA","stateReason":)"
            R"("Unchecked: Initial alarm creation"},"newState":{"stateValue":"ALARM",)"
            R"("stateReason":"testing"}})");
}

TEST_F(AlarmBookTest, HistoryTellsActions) {
  put(config("a"));
  const auto fired = set("a", AlarmState::kAlarm);
  book_.record_action(fired->front(), AlarmBook::Outcome::kSucceeded, "", kMidnight);
  book_.record_action(fired->front(), AlarmBook::Outcome::kFailed, "no such topic", kMidnight);
  const auto& items = book_.history().of_region(kRegion).at("a");
  auto item = items.rbegin();
  EXPECT_THAT(item->second.summary, HasSubstr("Failed to execute action"));
  EXPECT_EQ((++item)->second.summary, std::string("Successfully executed action ") + kTopic);
  EXPECT_EQ(item->second.type, "Action");
}

TEST_F(AlarmBookTest, HistoryIsKeptForTwoWeeks) {
  put(config("a"));
  ASSERT_TRUE(book_.remove(kRegion, {"a"}, kMidnight + 1h).ok());
  EXPECT_EQ(port_.count("alarm-history"), 2u);
  book_.evaluate(kMidnight + 14 * 24h, metrics_.fetch());
  EXPECT_THAT(book_.history().of_region(kRegion).at("a"), SizeIs(2));
  book_.evaluate(kMidnight + 14 * 24h + 1h, metrics_.fetch());
  EXPECT_THAT(book_.history().of_region(kRegion).at("a"), SizeIs(1));
  book_.evaluate(kMidnight + 14 * 24h + 2h, metrics_.fetch());
  EXPECT_THAT(book_.history().of_region(kRegion), IsEmpty());
  EXPECT_EQ(port_.count("alarm-history"), 0u);
}

TEST_F(AlarmBookTest, HistoryHasAMostLength) {
  put(config("a"));
  for (size_t i = 0; i < AlarmHistory::kMaxItems; ++i)
    ASSERT_TRUE(set("a", i % 2 ? AlarmState::kOk : AlarmState::kAlarm).ok());
  const auto& items = book_.history().of_region(kRegion).at("a");
  EXPECT_THAT(items, SizeIs(AlarmHistory::kMaxItems));
  EXPECT_EQ(items.begin()->second.type, "StateUpdate");
  EXPECT_EQ(port_.count("alarm-history"), AlarmHistory::kMaxItems);
}

TEST_F(AlarmBookTest, EverythingComesBack) {
  AlarmConfig full = config("a", 300, 5);
  full.description = "d";
  full.has_description = true;
  full.datapoints_to_alarm = 3;
  full.has_missing = true;
  full.missing = MissingData::kIgnore;
  full.metric->unit = "Count";
  full.metric->stat = "p99.9";
  full.low_sample_count_percentile = "ignore";
  full.comparison = Comparison::kLessThanOrEqual;
  full.threshold = -1.5;
  ASSERT_TRUE(book_.put(full, {{"team", "blue"}}, kMidnight).ok());
  AlarmConfig math = config("m");
  MetricQuery query{"m1", math.metric, "", "label", false, 0};
  math.metric.reset();
  math.metrics = {query, {"e1", std::nullopt, "m1", "", true, 60}};
  put(math);
  ASSERT_TRUE(put_composite("c", "ALARM(a) OR ALARM(m)").ok());
  minute(1);
  ASSERT_TRUE(set("a", AlarmState::kAlarm, kMidnight + 90s).ok());
  ASSERT_EQ(state("c"), AlarmState::kAlarm);

  tests::MemoryState other_port;
  AlarmBook other("000000000000", other_port);
  for (const auto& [key, text] : port_.documents) {
    const auto loaded = other.load(std::get<0>(key), std::get<1>(key), std::get<2>(key), text);
    EXPECT_TRUE(loaded.ok()) << loaded.error().message;
  }
  EXPECT_EQ(other_port.writes, 0);
  ASSERT_EQ(other.list(kRegion).size(), 3u);
  const AlarmConfig& back = other.find(kRegion, "a")->config;
  EXPECT_EQ(back.description, "d");
  EXPECT_EQ(back.datapoints_to_alarm, 3);
  EXPECT_EQ(back.missing, MissingData::kIgnore);
  EXPECT_EQ(back.metric->unit, "Count");
  EXPECT_EQ(back.metric->stat, "p99.9");
  EXPECT_EQ(back.metric->metric, full.metric->metric);
  EXPECT_EQ(back.low_sample_count_percentile, "ignore");
  EXPECT_EQ(back.comparison, Comparison::kLessThanOrEqual);
  EXPECT_EQ(back.threshold, -1.5);
  EXPECT_EQ(back.period_s(), 300);
  EXPECT_EQ(other.find(kRegion, "a")->tags, (Tags{{"team", "blue"}}));
  EXPECT_EQ(other.find(kRegion, "a")->status.state, AlarmState::kAlarm);
  EXPECT_EQ(other.find(kRegion, "a")->transitioned, kMidnight + 90s);
  EXPECT_EQ(other.find(kRegion, "m")->config.metrics[0].label, "label");
  EXPECT_EQ(other.find(kRegion, "m")->config.metrics[1].period_s, 60);
  EXPECT_EQ(other.find(kRegion, "c")->rule->text(), "ALARM(a) OR ALARM(m)");
  EXPECT_EQ(other.find(kRegion, "c")->status.reason, alarm("c").status.reason);
  EXPECT_EQ(other.history().of_region(kRegion).at("a").size(),
            book_.history().of_region(kRegion).at("a").size());
}

TEST_F(AlarmBookTest, BrokenDocumentsAreRefused) {
  for (const char* text : {"", "{}", "[]", "{\"config\":{\"AlarmName\":1}}", "null"})
    EXPECT_FALSE(book_.load("alarm", kRegion, "a", text).ok()) << text;
  EXPECT_FALSE(book_.load("alarm-history", kRegion, "a/1", "{}").ok());
  EXPECT_FALSE(book_.load("alarm-history", kRegion, "a", "{}").ok());
  EXPECT_FALSE(book_.load("topic", kRegion, "a", "{}").ok());
}

TEST_F(AlarmBookTest, WhatCannotBeSavedIsNotDone) {
  port_.full = true;
  EXPECT_FALSE(book_.put(config("a"), {}, kMidnight).ok());
  EXPECT_EQ(book_.find(kRegion, "a"), nullptr);
  port_.full = false;
  put(config("a"));
  port_.full = true;
  EXPECT_FALSE(set("a", AlarmState::kOk).ok());
  EXPECT_FALSE(book_.tag(kRegion, "a", {{"k", "v"}}).ok());
  const size_t told = book_.history().of_region(kRegion).at("a").size();
  EXPECT_FALSE(book_.remove(kRegion, {"a"}, kMidnight).ok());
  EXPECT_EQ(book_.history().of_region(kRegion).at("a").size(), told);
  EXPECT_EQ(state("a"), AlarmState::kInsufficientData);
  EXPECT_THAT(alarm("a").tags, IsEmpty());
  // An evaluation goes on, and saves when that works again.
  breach(0);
  EXPECT_THAT(minute(1), SizeIs(1));
  port_.full = false;
  minute(2);
  EXPECT_THAT((port_.documents[{"alarm", kRegion, "a"}]), HasSubstr("\"state\":\"ALARM\""));
}

TEST_F(AlarmBookTest, Tags) {
  put(config("a"));
  ASSERT_TRUE(book_.tag(kRegion, "a", {{"k", "v"}, {"l", "w"}}).ok());
  ASSERT_TRUE(book_.untag(kRegion, "a", {"k", "never"}).ok());
  EXPECT_EQ(alarm("a").tags, (telemetry::Tags{{"l", "w"}}));
  EXPECT_FALSE(book_.tag(kRegion, "gone", {}).ok());
  EXPECT_FALSE(book_.untag("eu-west-1", "a", {}).ok());
}

class CompositeTest : public AlarmBookTest {};

TEST_F(CompositeTest, ANewOneDoesNotWaitForTheMinute) {
  put(config("a"));
  minute(0);
  ASSERT_TRUE(put_composite("c", "ALARM(a)").ok());
  EXPECT_TRUE(book_.due(kMidnight + 10s));
  book_.evaluate(kMidnight + 10s, metrics_.fetch());
  EXPECT_EQ(state("c"), AlarmState::kOk);
  EXPECT_FALSE(book_.due(kMidnight + 20s));
}

TEST_F(CompositeTest, FollowsItsAlarms) {
  put(config("a"));
  put(config("b"));
  ASSERT_TRUE(put_composite("c", "ALARM(a) AND ALARM(b)").ok());
  EXPECT_EQ(state("c"), AlarmState::kInsufficientData);
  minute(1);
  EXPECT_EQ(state("c"), AlarmState::kOk);
  EXPECT_EQ(alarm("c").status.reason,
            "arn:aws:cloudwatch:us-east-1:000000000000:alarm:c was created and its alarm rule "
            "evaluates to OK");
  const json triggering = json::parse(alarm("c").status.reason_data)["triggeringAlarms"];
  ASSERT_THAT(triggering, SizeIs(2));
  EXPECT_EQ(triggering[1]["arn"], "arn:aws:cloudwatch:us-east-1:000000000000:alarm:b");
  EXPECT_EQ(triggering[1]["state"]["value"], "INSUFFICIENT_DATA");
  breach(1);
  const auto fired = minute(2);
  ASSERT_THAT(fired, SizeIs(3));  // a, b, then c
  EXPECT_EQ(fired[2].alarm->config.name, "c");
  EXPECT_EQ(fired[2].alarm->rule, "ALARM(a) AND ALARM(b)");
  EXPECT_EQ(fired[2].alarm->status.reason,
            "arn:aws:cloudwatch:us-east-1:000000000000:alarm:a transitioned to ALARM at Friday 19 "
            "September, 2025 00:02:00 UTC");
  EXPECT_EQ(fired[2].alarm->status.reason_data,
            R"({"triggeringAlarms":[{"arn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:a",)"
            R"("state":{"value":"ALARM","timestamp":"2025-09-19T00:02:00.000+0000"}},)"
            R"({"arn":"arn:aws:cloudwatch:us-east-1:000000000000:alarm:b",)"
            R"("state":{"value":"ALARM","timestamp":"2025-09-19T00:02:00.000+0000"}}]})");
}

TEST_F(CompositeTest, CompositesOfCompositesSettleAtOnce) {
  put(config("m"));
  // In order of names, the outer one is looked at first.
  ASSERT_TRUE(put_composite("z", "ALARM(m)").ok());
  ASSERT_TRUE(put_composite("y", "ALARM(z)").ok());
  ASSERT_TRUE(put_composite("x", "ALARM(m) AND NOT ALARM(y)").ok());
  minute(1);
  breach(1);
  const auto fired = minute(2);
  std::vector<std::string> names;
  for (const auto& action : fired) names.push_back(action.alarm->config.name);
  EXPECT_THAT(names, ElementsAre("m", "z", "y"));  // x never was in ALARM
  EXPECT_EQ(state("x"), AlarmState::kOk);
}

TEST_F(CompositeTest, SetStateOfAnAlarmReachesItsComposite) {
  put(config("a"));
  ASSERT_TRUE(
      put_composite("c", "ALARM(\"arn:aws:cloudwatch:us-east-1:000000000000:alarm:a\")").ok());
  minute(1);
  const auto fired = set("a", AlarmState::kAlarm);
  EXPECT_THAT(*fired, SizeIs(2));
  EXPECT_EQ(state("c"), AlarmState::kAlarm);
}

TEST_F(CompositeTest, ASetStateHoldsUntilAnAlarmChanges) {
  put(config("a"));
  ASSERT_TRUE(put_composite("c", "ALARM(a)").ok());
  minute(1);
  ASSERT_TRUE(set("c", AlarmState::kAlarm).ok());
  minute(2);
  EXPECT_EQ(state("c"), AlarmState::kAlarm);
  ASSERT_TRUE(set("a", AlarmState::kOk).ok());
  EXPECT_EQ(state("c"), AlarmState::kOk);
}

TEST_F(CompositeTest, RefusesWhatIsMissingAndCircles) {
  put(config("a"));
  EXPECT_EQ(put_composite("c", "ALARM(a) OR ALARM(gone)").error().message,
            "Could not save the composite alarm as alarms [gone] in the alarm rule do not exist");
  EXPECT_FALSE(put_composite("c", "ALARM(arn:aws:cloudwatch:eu-west-1:000000000000:alarm:a)").ok());
  EXPECT_FALSE(put_composite("c", "ALARM(c)").ok());
  ASSERT_TRUE(put_composite("c", "ALARM(a)").ok());
  ASSERT_TRUE(put_composite("d", "ALARM(c)").ok());
  ASSERT_TRUE(put_composite("e", "ALARM(d)").ok());
  const auto circle = put_composite("c", "ALARM(a) OR ALARM(e)");
  ASSERT_FALSE(circle.ok());
  EXPECT_THAT(circle.error().message, HasSubstr("circle"));
  EXPECT_EQ(alarm("c").rule->text(), "ALARM(a)");
}

TEST_F(CompositeTest, AnAlarmStaysOfItsKind) {
  put(config("a"));
  EXPECT_FALSE(put_composite("a", "TRUE").ok());
  ASSERT_TRUE(put_composite("c", "TRUE").ok());
  EXPECT_FALSE(book_.put(config("c"), {}, kMidnight).ok());
}

TEST_F(CompositeTest, RemovesAllOrNone) {
  put(config("a"));
  put(config("b"));
  ASSERT_TRUE(put_composite("c", "ALARM(a)").ok());
  ASSERT_TRUE(put_composite("d", "TRUE").ok());
  const auto remove = [&](const std::vector<std::string>& names) {
    return book_.remove(kRegion, names, kMidnight);
  };
  EXPECT_EQ(remove({"gone", "b", "a"}).error().message,
            "Cannot delete a as there are composite alarm(s) depending on it.");
  EXPECT_EQ(remove({"c", "d"}).error().type, "ValidationError");
  EXPECT_EQ(book_.list(kRegion).size(), 4u);
  EXPECT_TRUE(remove({"gone"}).ok());
  EXPECT_TRUE(remove({"a", "gone", "b", "c"}).ok());
  EXPECT_EQ(book_.list(kRegion).size(), 1u);
  EXPECT_EQ(port_.count("alarm"), 0u);
  EXPECT_EQ(port_.count("composite-alarm"), 1u);
  minute(1);
  EXPECT_EQ(state("d"), AlarmState::kAlarm);
}

}  // namespace
}  // namespace kiln::telemetry
