// PutScheduledAction, and the order in which requests are checked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/autoscaling_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace std::chrono_literals;

TEST_F(ApplicationAutoScalingTest, ScheduledActions) {
  add_target();
  must(on("PutScheduledAction", {{"ScheduledActionName", "morning"},
                                 {"Schedule", "cron(0 9 ? * MON-FRI *)"},
                                 {"Timezone", "Europe/Berlin"},
                                 {"StartTime", 1'758'240'000},
                                 {"EndTime", "2026-01-01T00:00:00Z"},
                                 {"ScalableTargetAction", {{"MinCapacity", 3}}}}));
  const json found = describe("DescribeScheduledActions")["ScheduledActions"][0];
  EXPECT_THAT(found["ScheduledActionARN"].get<std::string>(),
              StartsWith("arn:aws:autoscaling:us-east-1:000000000000:scheduledAction:"));
  EXPECT_EQ(found["Schedule"], "cron(0 9 ? * MON-FRI *)");
  EXPECT_EQ(found["Timezone"], "Europe/Berlin");
  EXPECT_EQ(found["StartTime"], 1'758'240'000.0);
  EXPECT_EQ(found["EndTime"], 1'767'225'600.0);
  EXPECT_EQ(found["ScalableTargetAction"], json({{"MinCapacity", 3}}));
  for (const json& wrong :
       {json{{"Schedule", "cron(0 9 * * * *)"}}, json{{"Timezone", "Mars/Olympus"}},
        json{{"ScheduledActionName", "a/b"}}, json{{"ScheduledActionName", "a:b"}},
        json{{"ScalableTargetAction", json::object()}}}) {
    json input{{"ScheduledActionName", "morning"}};
    input.update(wrong);
    EXPECT_EQ(on("PutScheduledAction", input).error().type, "ValidationException") << wrong;
  }
  EXPECT_EQ(on("PutScheduledAction", {{"ScheduledActionName", "morning"}, {"StartTime", "soon"}})
                .error()
                .type,
            "SerializationException");
  must(on("DeleteScheduledAction", {{"ScheduledActionName", "morning"}}));
  EXPECT_EQ(on("DeleteScheduledAction", {{"ScheduledActionName", "morning"}}).error().type,
            "ObjectNotFoundException");
}

TEST_F(ApplicationAutoScalingTest, TimesOfScheduledActionsAreStillToCome) {
  const auto put = [&](json input) {
    input["ScheduledActionName"] = "once";
    input["ScalableTargetAction"] = {{"MinCapacity", 3}};
    const auto result = on("PutScheduledAction", input);
    return result.ok() ? std::string("ok") : result.error().message;
  };
  add_target();
  // It is 2025-09-19T00:00:00.500Z.
  EXPECT_EQ(put({{"Schedule", "at(2025-09-19T00:00:00)"}}),
            "The schedule at(2025-09-19T00:00:00) is in the past. It is now "
            "2025-09-19T00:00:00.500Z; choose a later time.");
  EXPECT_THAT(put({{"Schedule", "at(2025-09-19T02:00:00)"}, {"Timezone", "Europe/Berlin"}}),
              HasSubstr("is in the past"));
  EXPECT_EQ(put({{"Schedule", "rate(1 day)"}, {"EndTime", 1'758'240'000}}),
            "The end time 2025-09-19T00:00:00.000Z is in the past. It is now "
            "2025-09-19T00:00:00.500Z; choose a later time.");
  EXPECT_EQ(put({{"Schedule", "at(2025-09-19T00:00:01)"}, {"EndTime", 1'758'240'001}}), "ok");
  now_ += 1h;
  // What it was before may be told again, as deployments do.
  EXPECT_EQ(put({{"Schedule", "at(2025-09-19T00:00:01)"}, {"EndTime", 1'758'240'001}}), "ok");
  EXPECT_THAT(put({{"Schedule", "at(2025-09-19T00:00:02)"}}), HasSubstr("is in the past"));
  // A stack may restore what it deleted.
  times_ = ApplicationAutoScaling::Times::kAny;
  EXPECT_EQ(put({{"Schedule", "at(2025-09-19T00:00:02)"}, {"EndTime", 1'758'240'000}}), "ok");
}

TEST_F(ApplicationAutoScalingTest, RequestsAreCheckedBeforeTheirTargetIsLookedFor) {
  const json limits = {{"MinCapacity", 3}};
  const auto error = [&](const char* operation, const json& input) {
    return on(operation, input).error();
  };
  for (const json& wrong :
       {json{{"Schedule", "daily"}, {"ScalableTargetAction", limits}},
        json{{"Schedule", "at(2020-01-01T00:00:00)"}, {"ScalableTargetAction", limits}},
        json{{"Schedule", "rate(1 day)"},
             {"ScalableTargetAction", {{"MinCapacity", 3}, {"MaxCapacity", 2}}}}}) {
    json input{{"ScheduledActionName", "a"}};
    input.update(wrong);
    EXPECT_EQ(error("PutScheduledAction", input).type, "ValidationException") << wrong;
  }
  EXPECT_EQ(error("PutScheduledAction", {{"ScheduledActionName", "a"}, {"Schedule", "rate(1 day)"}})
                .message,
            "At least one of minimum capacity and maximum capacity should be provided");
  EXPECT_EQ(error("PutScheduledAction", {{"ScheduledActionName", "a"},
                                         {"Schedule", "rate(1 day)"},
                                         {"ScalableTargetAction", limits}})
                .type,
            "ObjectNotFoundException");
  EXPECT_EQ(put_tracking("a", tracking(-1)).error().type, "ValidationException");
  EXPECT_EQ(put_tracking("a").error().type, "ObjectNotFoundException");
}

}  // namespace
}  // namespace kiln::services
