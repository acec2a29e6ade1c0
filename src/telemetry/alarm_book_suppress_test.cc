// Action suppression of composite alarms. The numbered examples are those of AWS's documentation
// ("Composite alarm action suppression"), with its 2 units of WaitPeriod and 3 of ExtensionPeriod;
// a unit is a minute here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "telemetry/alarm_book.h"
#include "telemetry/alarm_document.h"
#include "telemetry/alarm_message.h"
#include "tests/support/state_doubles.h"

namespace kiln::telemetry {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr const char* kSuppressRegion = "us-east-1";
const WallTime kSuppressStart{std::chrono::seconds(1'758'240'000)};  // 2025-09-19T00:00:00Z

class SuppressionTest : public ::testing::Test {
 protected:
  SuppressionTest() {
    for (const char* name : {"child", "suppressor", "other"}) {
      AlarmConfig config;
      config.region = kSuppressRegion;
      config.name = name;
      // Nobody writes this metric; the alarm stays as it was set.
      config.metric = MetricStat{{kSuppressRegion, "N", "m", {}}, 60, "Sum", ""};
      config.missing = MissingData::kIgnore;
      config.has_missing = true;
      EXPECT_TRUE(book_.put(config, {}, kSuppressStart).ok());
    }
    at(0);
    set("child", AlarmState::kOk);
    set("suppressor", AlarmState::kOk);
    EXPECT_TRUE(put_main(ActionsSuppressor{"suppressor", 120, 180}).ok());
    at(1);  // the composite alarm leaves INSUFFICIENT_DATA, which is a change of state, too
    at(3);
    at(10);
    fired_.clear();
  }

  Result<void> put_main(std::optional<ActionsSuppressor> suppressor) {
    AlarmConfig config;
    config.region = kSuppressRegion;
    config.name = "main";
    config.actions.alarm = {"alarm-action"};
    config.actions.ok = {"ok-action"};
    auto rule = CompositeRule::parse("ALARM(child)");
    return book_.put_composite(config, std::move(*rule), {}, now_, std::move(suppressor));
  }
  // The clock goes on to a minute; the alarms are looked at.
  void at(double minute) {
    now_ = kSuppressStart + std::chrono::milliseconds(static_cast<int64_t>(minute * 60'000));
    if (book_.due(now_))
      note(book_.evaluate(now_, [](const MetricStat&, int64_t, int64_t) { return Series{}; }));
  }
  void set(const std::string& name, AlarmState state) {
    auto fired = book_.set_state(kSuppressRegion, name, state, "testing", "", now_);
    ASSERT_TRUE(fired.ok()) << fired.error().message;
    note(*std::move(fired));
  }
  void note(std::vector<FiredAction> fired) {
    for (FiredAction& action : fired) {
      const double minute =
          std::chrono::duration<double, std::ratio<60>>(now_ - kSuppressStart).count();
      fired_.push_back(action.action + " at " + json(minute).dump());
      last_ = std::move(action);
    }
  }
  std::string by() {
    return std::string(to_text(book_.find(kSuppressRegion, "main")->suppression.by));
  }

  tests::MemoryState port_;
  AlarmBook book_{"111122223333", port_};
  WallTime now_ = kSuppressStart;
  std::vector<std::string> fired_;  // "alarm-action at 12.0"
  FiredAction last_;
};

TEST_F(SuppressionTest, Example1ActionsRunAfterTheWaitPeriod) {
  at(12);
  set("child", AlarmState::kAlarm);
  EXPECT_EQ(by(), "WaitPeriod");
  at(13);
  EXPECT_THAT(fired_, IsEmpty());
  at(14);
  EXPECT_THAT(fired_, ElementsAre("alarm-action at 14.0"));
  EXPECT_EQ(by(), "");
  at(20);
  EXPECT_THAT(fired_, ElementsAre("alarm-action at 14.0"));
}

TEST_F(SuppressionTest, Example2TheSuppressorComesWithinTheWaitPeriod) {
  at(12);
  set("child", AlarmState::kAlarm);
  at(13);
  set("suppressor", AlarmState::kAlarm);
  EXPECT_EQ(by(), "Alarm");
  at(14);
  at(100);
  EXPECT_THAT(fired_, IsEmpty());
  EXPECT_EQ(by(), "Alarm");
}

TEST_F(SuppressionTest, Example3AChangeStartsANewWaitPeriod) {
  at(12);
  set("child", AlarmState::kAlarm);
  at(13);
  set("child", AlarmState::kOk);
  at(14);
  EXPECT_THAT(fired_, IsEmpty());
  at(15);
  EXPECT_THAT(fired_, ElementsAre("ok-action at 15.0"));
}

TEST_F(SuppressionTest, Example4TheSuppressorWasThereBefore) {
  at(11);
  set("suppressor", AlarmState::kAlarm);
  EXPECT_EQ(by(), "Alarm");
  at(12);
  set("child", AlarmState::kAlarm);
  EXPECT_EQ(by(), "Alarm");
  at(30);
  EXPECT_THAT(fired_, IsEmpty());
}

TEST_F(SuppressionTest, Example5ActionsRunAfterTheExtensionPeriod) {
  at(12);
  set("child", AlarmState::kAlarm);
  at(13);
  set("suppressor", AlarmState::kAlarm);
  at(16);
  set("suppressor", AlarmState::kOk);
  EXPECT_EQ(by(), "ExtensionPeriod");
  at(18);
  EXPECT_THAT(fired_, IsEmpty());
  at(19);
  EXPECT_THAT(fired_, ElementsAre("alarm-action at 19.0"));
}

TEST_F(SuppressionTest, Example6AChangeEndsTheExtensionPeriod) {
  at(12);
  set("child", AlarmState::kAlarm);
  at(13);
  set("suppressor", AlarmState::kAlarm);
  at(16);
  set("suppressor", AlarmState::kOk);
  at(17);
  set("child", AlarmState::kOk);
  EXPECT_EQ(by(), "WaitPeriod");
  at(18);
  EXPECT_THAT(fired_, IsEmpty());
  at(19);
  EXPECT_THAT(fired_, ElementsAre("ok-action at 19.0"));
}

TEST_F(SuppressionTest, TheSuppressorMayReturnWithinTheExtensionPeriod) {
  at(12);
  set("suppressor", AlarmState::kAlarm);
  set("child", AlarmState::kAlarm);
  at(13);
  set("suppressor", AlarmState::kInsufficientData);
  EXPECT_EQ(by(), "ExtensionPeriod");
  at(14);
  set("suppressor", AlarmState::kAlarm);
  at(17);
  EXPECT_EQ(by(), "Alarm");
  EXPECT_THAT(fired_, IsEmpty());
}

// Nothing was held back, so there is nothing to run.
TEST_F(SuppressionTest, AStateThatStayedRunsNothingAgain) {
  at(11);
  set("suppressor", AlarmState::kAlarm);
  at(12);
  set("suppressor", AlarmState::kOk);
  at(15);
  EXPECT_EQ(by(), "");
  EXPECT_THAT(fired_, IsEmpty());
}

TEST_F(SuppressionTest, PeriodsOfNoLength) {
  ASSERT_TRUE(put_main(ActionsSuppressor{"suppressor", 0, 0}).ok());
  at(12);
  set("child", AlarmState::kAlarm);
  EXPECT_THAT(fired_, ElementsAre("alarm-action at 12.0"));
  EXPECT_EQ(last_.alarm->previous.state, AlarmState::kOk);
  set("suppressor", AlarmState::kAlarm);
  set("child", AlarmState::kOk);
  EXPECT_EQ(by(), "Alarm");
  set("suppressor", AlarmState::kOk);
  EXPECT_THAT(fired_, ElementsAre("alarm-action at 12.0", "ok-action at 12.0"));
}

TEST_F(SuppressionTest, APeriodEndsBetweenMinutes) {
  ASSERT_TRUE(put_main(ActionsSuppressor{"suppressor", 20, 0}).ok());
  at(12);
  set("child", AlarmState::kAlarm);
  now_ = kSuppressStart + 12min + 10s;
  EXPECT_FALSE(book_.due(now_));
  now_ = kSuppressStart + 12min + 20s;
  EXPECT_TRUE(book_.due(now_));
  at(12 + 20.0 / 60);
  EXPECT_EQ(fired_.size(), 1u);
}

TEST_F(SuppressionTest, AnotherSuppressorEndsThePeriod) {
  at(12);
  set("child", AlarmState::kAlarm);
  // Other periods alone don't.
  ASSERT_TRUE(put_main(ActionsSuppressor{"suppressor", 60, 60}).ok());
  EXPECT_EQ(by(), "WaitPeriod");
  ASSERT_TRUE(put_main(ActionsSuppressor{"other", 120, 180}).ok());
  EXPECT_EQ(by(), "");
  at(12 + 10.0 / 60);
  EXPECT_EQ(fired_.size(), 1u);
}

TEST_F(SuppressionTest, WithoutItsSuppressorAnAlarmActs) {
  at(12);
  set("suppressor", AlarmState::kAlarm);
  set("child", AlarmState::kAlarm);
  ASSERT_TRUE(put_main(std::nullopt).ok());
  EXPECT_THAT(fired_, IsEmpty());
  at(13);
  EXPECT_THAT(fired_, ElementsAre("alarm-action at 13.0"));
}

TEST_F(SuppressionTest, OutlivesARestart) {
  at(12);
  set("child", AlarmState::kAlarm);
  AlarmBook again("111122223333", port_);
  for (const auto& [key, text] : port_.documents)
    ASSERT_TRUE(again.load(std::get<0>(key), std::get<1>(key), std::get<2>(key), text).ok());
  const auto nothing = [](const MetricStat&, int64_t, int64_t) { return Series{}; };
  EXPECT_THAT(again.evaluate(kSuppressStart + 13min, nothing), IsEmpty());
  const auto fired = again.evaluate(kSuppressStart + 14min, nothing);
  ASSERT_EQ(fired.size(), 1u);
  EXPECT_EQ(fired[0].action, "alarm-action");
}

// The shape is that of an event recorded on AWS (the example of a composite alarm in Lambda's
// published event types).
TEST_F(SuppressionTest, TheEventSaysWhatSuppressedIt) {
  at(12);
  set("child", AlarmState::kAlarm);
  at(14);
  const json event = json::parse(lambda_event(*last_.alarm));
  const json& data = event["alarmData"];
  EXPECT_EQ(event["time"], "2025-09-19T00:14:00.000+0000");
  EXPECT_EQ(data["state"]["value"], "ALARM");
  EXPECT_EQ(data["state"]["timestamp"], "2025-09-19T00:14:00.000+0000");
  EXPECT_FALSE(data["state"].contains("actionsSuppressedBy"));
  EXPECT_EQ(data["previousState"]["value"], "ALARM");
  EXPECT_EQ(data["previousState"]["reason"], data["state"]["reason"]);
  EXPECT_EQ(data["previousState"]["timestamp"], "2025-09-19T00:12:00.000+0000");
  EXPECT_EQ(data["previousState"]["actionsSuppressedBy"], "WaitPeriod");
  EXPECT_EQ(data["previousState"]["actionsSuppressedReason"], "Actions suppressed by WaitPeriod");
  EXPECT_EQ(data["configuration"], json({{"alarmRule", "ALARM(child)"},
                                         {"actionsSuppressor", "suppressor"},
                                         {"actionsSuppressorWaitPeriod", 120},
                                         {"actionsSuppressorExtensionPeriod", 180}}));
}

TEST_F(SuppressionTest, TheSuppressorIsThereAndStays) {
  const auto unknown = put_main(ActionsSuppressor{"nobody", 1, 1});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().type, "ValidationError");
  EXPECT_THAT(unknown.error().message, HasSubstr("suppressor alarm nobody does not exist"));
  const auto own = put_main(ActionsSuppressor{"main", 1, 1});
  ASSERT_FALSE(own.ok());
  EXPECT_THAT(own.error().message, HasSubstr("can't be its own ActionsSuppressor"));
  const auto arn = put_main(
      ActionsSuppressor{"arn:aws:cloudwatch:us-east-1:111122223333:alarm:suppressor", 1, 1});
  EXPECT_TRUE(arn.ok());
  const auto removed = book_.remove(kSuppressRegion, {"suppressor"}, now_);
  ASSERT_FALSE(removed.ok());
  EXPECT_EQ(removed.error().message,
            "Cannot delete suppressor as there are composite alarm(s) depending on it.");
  EXPECT_TRUE(book_.remove(kSuppressRegion, {"suppressor", "main"}, now_).ok());
}

}  // namespace
}  // namespace kiln::telemetry
