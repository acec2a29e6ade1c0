#include "scaling/scaling_book.h"

#include "scaling/scaling_error.h"
#include "tests/support/scaling_book.h"

namespace kiln::scaling {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class TargetTest : public ScalingBookTest {};
class PolicyTest : public ScalingBookTest {};
class ActionTest : public ScalingBookTest {};

StepPolicy steps(std::vector<Step> list = {{0, std::nullopt, 1}}) {
  StepPolicy policy;
  policy.steps = std::move(list);
  return policy;
}

TEST_F(TargetTest, RegisteringPullsTheCapacityIntoTheLimits) {
  const auto added = add_target(12, 20);
  ASSERT_TRUE(added.ok()) << added.error().message;
  EXPECT_EQ(units(), 12);
  EXPECT_THAT(
      (*added)->arn,
      StartsWith("arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/"));
  EXPECT_THAT((*added)->role_arn,
              HasSubstr("AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"));
  ASSERT_THAT(activities(), SizeIs(1));
  EXPECT_EQ(activities()[0].cause, "minimum capacity was set to 12");
  EXPECT_EQ(activities()[0].description, "Setting desired concurrency to 12.");
  EXPECT_EQ(activities()[0].status_message,
            "Successfully set desired concurrency to 12. Change successfully fulfilled by lambda.");
  const std::string arn = (*added)->arn;
  EXPECT_EQ((*add_target(0, 5))->arn, arn);
  EXPECT_EQ(units(), 5);
  EXPECT_EQ(activities()[1].cause, "maximum capacity was set to 5");
  TargetInput max_alone;
  max_alone.resource = kLive;
  max_alone.max = 7;
  ASSERT_TRUE(book_->register_target(kRegion, max_alone, kMidnight).ok());
  EXPECT_EQ(target().min, 0);
  EXPECT_EQ(target().max, 7);
  EXPECT_EQ(units(), 5);
  EXPECT_THAT(activities(), SizeIs(2));
}

TEST_F(TargetTest, WhatCannotBeRegistered) {
  EXPECT_EQ(add_target(2, 1).error().message,
            "Maximum capacity cannot be less than minimum capacity");
  EXPECT_TRUE(add_target(1, 1).ok());
  EXPECT_TRUE(add_target(0, 0).ok());
  EXPECT_EQ(add_target(-1, 1).error().type, "ValidationException");
  EXPECT_EQ(add_target(-2, -1).error().type, "ValidationException");
  const auto missing = add_target(1, 2, {"gone", "live"});
  EXPECT_EQ(missing.error().type, "ValidationException");
  EXPECT_THAT(missing.error().message, HasSubstr("Function not found"));
  capacity_.units["function:new:1"] = 0;
  TargetInput max_alone;
  max_alone.resource = {"new", "1"};
  max_alone.max = 7;
  EXPECT_EQ(book_->register_target(kRegion, max_alone, kMidnight).error().type,
            "ValidationException");
  EXPECT_THAT(book_->targets(kRegion), SizeIs(1));
}

TEST_F(TargetTest, CapacityThatLambdaRefusesIsAnActivity) {
  capacity_.reserved = 11;
  ASSERT_TRUE(add_target(12, 20).ok());
  EXPECT_EQ(units(), 10);
  ASSERT_THAT(activities(), SizeIs(1));
  EXPECT_EQ(activities()[0].status, Activity::Status::kFailed);
  EXPECT_THAT(activities()[0].status_message, HasSubstr("reservedConcurrentExecution"));
}

TEST_F(TargetTest, DeregisteringTakesEverythingWithIt) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ASSERT_TRUE(track().ok());
  ASSERT_TRUE(add_policy("steps", steps()).ok());
  ASSERT_TRUE(schedule("night", "rate(1 day)", 0, {}).ok());
  capacity_.units["function:api:live2"] = 1;
  ASSERT_TRUE(add_target(1, 2, {"api", "live2"}).ok());
  EXPECT_THAT(alarms_->list(kRegion), SizeIs(2));
  ASSERT_TRUE(book_->deregister_target(kRegion, kLive, kMidnight).ok());
  EXPECT_THAT(alarms_->list(kRegion), IsEmpty());
  EXPECT_THAT(book_->policies(kRegion), IsEmpty());
  EXPECT_THAT(book_->actions(kRegion), IsEmpty());
  EXPECT_THAT(book_->targets(kRegion), SizeIs(1));
  EXPECT_EQ(port_.count("scalable-target"), 1u);
  EXPECT_EQ(port_.count("scaling-policy") + port_.count("scheduled-action"), 0u);
  const auto again = book_->deregister_target(kRegion, kLive, kMidnight);
  EXPECT_EQ(again.error().type, "ObjectNotFoundException");
  EXPECT_EQ(again.error().message,
            "No scalable target found for service namespace: lambda, resource ID: "
            "function:api:live, scalable dimension: lambda:function:ProvisionedConcurrency");
}

TEST_F(TargetTest, Tags) {
  ASSERT_TRUE(add_target(1, 20).ok());
  const std::string arn = target().arn;
  Tags fifty;
  for (int i = 0; i < 50; ++i) fifty["k" + std::to_string(i)] = "v";
  ASSERT_TRUE(book_->tag(kRegion, arn, fifty).ok());
  EXPECT_EQ(book_->tag(kRegion, arn, {{"one", "more"}}).error().type, "TooManyTagsException");
  EXPECT_TRUE(book_->tag(kRegion, arn, {{"k1", "other"}}).ok());
  ASSERT_TRUE(book_->untag(kRegion, arn, {"k0", "never"}).ok());
  EXPECT_THAT(target().tags, SizeIs(49));
  EXPECT_EQ(book_->tag(kRegion, arn + "0", {}).error().type, "ResourceNotFoundException");
  EXPECT_EQ(book_->untag("eu-west-1", arn, {}).error().type, "ResourceNotFoundException");
}

TEST_F(TargetTest, WhatCannotBeSavedIsNotDone) {
  ASSERT_TRUE(add_target(1, 20).ok());
  port_.full = true;
  EXPECT_FALSE(add_target(2, 30).ok());
  EXPECT_FALSE(track().ok());
  EXPECT_FALSE(schedule("night", "rate(1 day)", 0, {}).ok());
  EXPECT_FALSE(book_->tag(kRegion, target().arn, {{"k", "v"}}).ok());
  EXPECT_EQ(target().max, 20);
  EXPECT_THAT(target().tags, IsEmpty());
  EXPECT_THAT(book_->policies(kRegion), IsEmpty());
  EXPECT_THAT(book_->actions(kRegion), IsEmpty());
  EXPECT_THAT(alarms_->list(kRegion), IsEmpty());
  port_.full = false;
  ASSERT_TRUE(track().ok());
  ASSERT_TRUE(schedule("night", "rate(1 day)", 0, {}).ok());
  port_.full = true;
  EXPECT_EQ(book_->deregister_target(kRegion, kLive, kMidnight).error().type, "DatabaseError");
  EXPECT_EQ(book_->delete_policy(kRegion, kLive, "keep", kMidnight).error().type, "DatabaseError");
  EXPECT_EQ(book_->delete_action(kRegion, kLive, "night").error().type, "DatabaseError");
  EXPECT_THAT(book_->targets(kRegion), SizeIs(1));
  EXPECT_THAT(book_->policies(kRegion), SizeIs(1));
  EXPECT_THAT(book_->actions(kRegion), SizeIs(1));
  EXPECT_THAT(alarms_->list(kRegion), SizeIs(2));
}

TEST_F(PolicyTest, APolicyAndItsAlarmsComeAndGoTogether) {
  ASSERT_TRUE(add_target(1, 20).ok());
  port_.refuses = [](const std::string& key) { return key.find("AlarmLow") != key.npos; };
  EXPECT_EQ(track().error().type, "DatabaseError");
  EXPECT_THAT(alarms_->list(kRegion), IsEmpty());
  port_.refuses = {};
  const auto policy = track();
  ASSERT_TRUE(policy.ok());
  const TrackingAlarms own = (*policy)->alarms;
  const auto expect_whole = [&] {
    EXPECT_THAT(book_->policies(kRegion), SizeIs(1));
    ASSERT_THAT(alarms_->list(kRegion), SizeIs(2));
    EXPECT_EQ(alarms_->find(kRegion, own.high)->config.threshold, 0.7);
  };
  for (const std::string& stuck : {own.high, own.low, kLive.text() + "/keep"}) {
    port_.refuses = [&](const std::string& key) { return key == stuck; };
    EXPECT_EQ(book_->delete_policy(kRegion, kLive, "keep", kMidnight).error().type,
              "DatabaseError");
    expect_whole();
    EXPECT_EQ(book_->deregister_target(kRegion, kLive, kMidnight).error().type, "DatabaseError");
    expect_whole();
    EXPECT_EQ(track("keep", 0.5).error().type, "DatabaseError");
    expect_whole();
    port_.refuses = {};
    restart();
    expect_whole();
  }
  EXPECT_TRUE(book_->delete_policy(kRegion, kLive, "keep", kMidnight).ok());
  EXPECT_THAT(alarms_->list(kRegion), IsEmpty());
}

TEST_F(PolicyTest, TargetTrackingMakesTwoAlarms) {
  ASSERT_TRUE(add_target(1, 20).ok());
  const auto policy = track();
  ASSERT_TRUE(policy.ok()) << policy.error().message;
  const std::string arn = (*policy)->arn;
  EXPECT_THAT(arn, StartsWith("arn:aws:autoscaling:us-east-1:000000000000:scalingPolicy:"));
  EXPECT_TRUE(arn.ends_with(":resource/lambda/function:api:live:policyName/keep")) << arn;
  EXPECT_TRUE(book_->owns_arn(arn));
  EXPECT_FALSE(book_->owns_arn("arn:aws:sns:us-east-1:000000000000:t"));
  const auto names = book_->alarms_of(**policy);
  ASSERT_THAT(names, SizeIs(2));
  EXPECT_EQ(alarms_->find(kRegion, names[0])->config.threshold, 0.7);
  EXPECT_DOUBLE_EQ(alarms_->find(kRegion, names[1])->config.threshold, 0.63);

  const auto changed = track("keep", 0.5);
  EXPECT_EQ((*changed)->arn, arn);
  EXPECT_EQ(book_->alarms_of(**changed), names);
  EXPECT_EQ(alarms_->find(kRegion, names[0])->config.threshold, 0.5);

  ASSERT_TRUE(book_->delete_policy(kRegion, kLive, "keep", kMidnight).ok());
  EXPECT_THAT(alarms_->list(kRegion), IsEmpty());
  EXPECT_THAT(book_->delete_policy(kRegion, kLive, "keep", kMidnight).error().message,
              HasSubstr("No scaling policy found for service namespace: lambda"));
}

TEST_F(PolicyTest, AnAlarmThatIsGoneIsNoObstacle) {
  ASSERT_TRUE(add_target(1, 20).ok());
  const auto policy = track();
  ASSERT_TRUE(alarms_->remove(kRegion, {(*policy)->alarms.high}, kMidnight).ok());
  EXPECT_TRUE(book_->delete_policy(kRegion, kLive, "keep", kMidnight).ok());
  EXPECT_THAT(alarms_->list(kRegion), IsEmpty());
}

TEST_F(PolicyTest, WhatIsRefused) {
  EXPECT_EQ(track().error().type, "ObjectNotFoundException");
  EXPECT_THAT(track().error().message, StartsWith("No scalable target registered for service"));
  ASSERT_TRUE(add_target(1, 20).ok());
  EXPECT_EQ(track("keep", 70).error().type, "ValidationException");
  EXPECT_EQ(add_policy("steps", steps({})).error().type, "ValidationException");
  EXPECT_EQ(book_->put_policy(kRegion, {kLive, "new", std::nullopt}, kMidnight).error().type,
            "ValidationException");
  ASSERT_TRUE(track().ok());
  EXPECT_THAT(track("other").error().message,
              HasSubstr("Only one TargetTrackingScaling policy for a given metric"));
  EXPECT_THAT(add_policy("keep", steps()).error().message, HasSubstr("can't be changed"));
  EXPECT_TRUE(book_->put_policy(kRegion, {kLive, "keep", std::nullopt}, kMidnight).ok());
  EXPECT_THAT(alarms_->list(kRegion), SizeIs(2));
}

TEST_F(PolicyTest, FiftyOfATarget) {
  ASSERT_TRUE(add_target(1, 20).ok());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(add_policy("p" + std::to_string(i), steps()).ok());
  EXPECT_EQ(add_policy("one more", steps()).error().type, "LimitExceededException");
  EXPECT_TRUE(add_policy("p49", steps()).ok());
  capacity_.units["function:other:1"] = 1;
  ASSERT_TRUE(add_target(1, 2, {"other", "1"}).ok());
  EXPECT_TRUE(book_->put_policy(kRegion, {ResourceId{"other", "1"}, "p", steps()}, kMidnight).ok());
}

TEST_F(PolicyTest, StepScalingIsRunWithAWarningOrRejected) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ASSERT_TRUE(add_policy("steps", steps()).ok());
  ASSERT_THAT(warnings_, SizeIs(1));
  EXPECT_THAT(warnings_[0], HasSubstr("AWS does not support for Lambda"));
  restart(StepScaling::kReject);
  const auto refused = add_policy("more", steps());
  EXPECT_EQ(refused.error().type, "ValidationException");
  EXPECT_THAT(refused.error().message, HasSubstr("StepScaling is not supported"));
  EXPECT_TRUE(track().ok());
}

TEST_F(PolicyTest, AlarmsOfAStepPolicyAreThoseThatActOnIt) {
  ASSERT_TRUE(add_target(1, 20).ok());
  const auto policy = add_policy("steps", steps());
  EXPECT_THAT(book_->alarms_of(**policy), IsEmpty());
  add_alarm("busy", "steps", 50, telemetry::Comparison::kGreaterThan);
  EXPECT_THAT(book_->alarms_of(**policy), ElementsAre("busy"));
}

TEST_F(ActionTest, SetsLimitsAndPullsTheCapacity) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ASSERT_TRUE(schedule("morning", "cron(2 0 * * ? *)", 15, 30).ok());
  ASSERT_TRUE(schedule("evening", "cron(4 0 * * ? *)", 0, 3).ok());
  minute(1);
  EXPECT_EQ(units(), 10);
  minute(2);
  EXPECT_EQ(units(), 15);
  EXPECT_EQ(target().min, 15);
  EXPECT_EQ(target().max, 30);
  ASSERT_THAT(activities(), SizeIs(2));
  EXPECT_EQ(activities()[0].description, "Setting min capacity to 15 and max capacity to 30");
  EXPECT_EQ(activities()[0].cause, "scheduled action name morning was triggered");
  EXPECT_EQ(activities()[0].status_message,
            "Successfully set min capacity to 15 and max capacity to 30");
  EXPECT_EQ(activities()[1].cause, "minimum capacity was set to 15");
  minute(3);
  EXPECT_THAT(activities(), SizeIs(2));
  minute(4);
  EXPECT_EQ(units(), 3);
  EXPECT_EQ(activities().back().cause, "maximum capacity was set to 3");
}

TEST_F(ActionTest, OneLimitAlone) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ASSERT_TRUE(schedule("more", "at(2025-09-19T00:01:00)", 12, {}).ok());
  ASSERT_TRUE(schedule("much", "at(2025-09-19T00:02:00)", 21, {}).ok());
  minute(1);
  EXPECT_EQ(target().min, 12);
  EXPECT_EQ(target().max, 20);
  minute(2);
  EXPECT_EQ(target().min, 12);
  EXPECT_EQ(activities().back().status, Activity::Status::kFailed);
  EXPECT_THAT(activities().back().status_message, HasSubstr("greater than the maximum"));
}

TEST_F(ActionTest, StartAndEnd) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ActionInput input;
  input.resource = kLive;
  input.name = "often";
  input.schedule = "cron(* * * * ? *)";
  input.limits = ActionInput::Limits{2, {}};
  input.start = kMidnight + 3min;
  input.end = kMidnight + 5min;
  ASSERT_TRUE(book_->put_action(kRegion, input, kMidnight).ok());
  minutes(1, 2);
  EXPECT_THAT(activities(), IsEmpty());
  minutes(3, 10);
  EXPECT_THAT(activities(), SizeIs(3));  // minutes 3, 4 and 5
  EXPECT_EQ(target().min, 2);
  input.end = input.start;
  EXPECT_EQ(book_->put_action(kRegion, input, kMidnight).error().type, "ValidationException");
}

TEST_F(ActionTest, RatesStartAtTheirStart) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ActionInput input;
  input.resource = kLive;
  input.name = "often";
  input.schedule = "rate(5 minutes)";
  input.limits = ActionInput::Limits{2, {}};
  input.start = kMidnight + 2min;
  ASSERT_TRUE(book_->put_action(kRegion, input, kMidnight).ok());
  ASSERT_TRUE(schedule("plain", "rate(5 minutes)", 2, {}).ok());
  std::vector<std::string> causes;
  minutes(1, 7);
  for (const Activity& each : activities())
    causes.push_back(each.cause + " " + std::to_string(epoch_s(each.start) - kDay));
  EXPECT_THAT(causes, ElementsAre("scheduled action name often was triggered 120",
                                  "scheduled action name plain was triggered 300",
                                  "scheduled action name often was triggered 420"));
}

TEST_F(ActionTest, UpdatesKeepWhatIsNotGiven) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ActionInput input;
  input.resource = kLive;
  input.name = "a";
  input.schedule = "cron(0 9 * * ? *)";
  input.time_zone = "Europe/Berlin";
  input.start = kMidnight;
  input.limits = ActionInput::Limits{2, 3};
  ASSERT_TRUE(book_->put_action(kRegion, input, kMidnight).ok());
  const auto action = [&] { return book_->actions(kRegion).at({kLive.text(), "a"}); };
  const std::string arn = action().arn;
  EXPECT_TRUE(arn.ends_with(":resource/lambda/function:api:live:scheduledActionName/a")) << arn;
  ActionInput update;
  update.resource = kLive;
  update.name = "a";
  update.limits = ActionInput::Limits{4, {}};
  ASSERT_TRUE(book_->put_action(kRegion, update, kMidnight).ok());
  EXPECT_EQ(action().arn, arn);
  EXPECT_EQ(action().schedule_text, "cron(0 9 * * ? *)");
  EXPECT_EQ(action().time_zone, "Europe/Berlin");
  EXPECT_EQ(action().start, std::nullopt);
  EXPECT_EQ(action().min, 4);
  EXPECT_EQ(action().max, std::nullopt);
}

TEST_F(ActionTest, WhatIsRefused) {
  EXPECT_EQ(schedule("a", "rate(1 day)", 1, 2).error().type, "ObjectNotFoundException");
  ASSERT_TRUE(add_target(1, 20).ok());
  EXPECT_EQ(schedule("a", "rate(1 week)", 1, 2).error().type, "ValidationException");
  EXPECT_EQ(schedule("a", "rate(1 day)", {}, {}).error().type, "ValidationException");
  EXPECT_EQ(schedule("a", "rate(1 day)", 3, 2).error().type, "ValidationException");
  EXPECT_EQ(schedule("a", "rate(1 day)", -1, 2).error().type, "ValidationException");
  EXPECT_TRUE(schedule("a", "rate(1 day)", 2, 2).ok());
  EXPECT_THAT(book_->delete_action(kRegion, kLive, "b").error().message,
              HasSubstr("scheduled action name: b"));
  EXPECT_TRUE(book_->delete_action(kRegion, kLive, "a").ok());
  EXPECT_EQ(port_.count("scheduled-action"), 0u);
}

TEST_F(ActionTest, TwoHundredOfATarget) {
  ASSERT_TRUE(add_target(1, 20).ok());
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(schedule("a" + std::to_string(i), "rate(1 day)", 1, {}).ok());
  EXPECT_EQ(schedule("one more", "rate(1 day)", 1, {}).error().type, "LimitExceededException");
  EXPECT_TRUE(schedule("a0", "rate(2 days)", 1, {}).ok());
}

TEST_F(ActionTest, SuspendedOnesAreNotMadeUpFor) {
  ASSERT_TRUE(add_target(1, 20).ok());
  ASSERT_TRUE(schedule("a", "at(2025-09-19T00:02:00)", 15, {}).ok());
  TargetInput input;
  input.resource = kLive;
  input.suspend_scheduled = true;
  ASSERT_TRUE(book_->register_target(kRegion, input, kMidnight).ok());
  minutes(1, 2);
  restart();
  input.suspend_scheduled = false;
  ASSERT_TRUE(book_->register_target(kRegion, input, kMidnight).ok());
  minute(3);
  EXPECT_EQ(units(), 10);
  EXPECT_THAT(activities(), IsEmpty());
}

TEST_F(ActionTest, WhatWasMissedIsMadeUpForInOrder) {
  ASSERT_TRUE(add_target(1, 30).ok());
  ASSERT_TRUE(schedule("a evening", "cron(0 18 * * ? *)", 2, 5).ok());
  ASSERT_TRUE(schedule("b morning", "cron(0 8 * * ? *)", 15, 30).ok());
  minute(1);
  restart();
  minute(3 * 24 * 60 + 9 * 60);  // three days later, at nine
  EXPECT_EQ(target().min, 15);
  EXPECT_EQ(target().max, 30);
  EXPECT_EQ(units(), 15);
  EXPECT_THAT(activities(), SizeIs(4));  // each once, and what they pulled
  restart();
  minute(3 * 24 * 60 + 9 * 60 + 1);
  EXPECT_THAT(activities(), SizeIs(4));
}

TEST_F(ActionTest, AClockThatWentBackStartsAgain) {
  ASSERT_TRUE(add_target(1, 30).ok());
  ASSERT_TRUE(schedule("a", "cron(0/10 * * * ? *)", 15, {}).ok());
  minute(600);
  restart();
  const size_t before = activities().size();
  minute(25);
  EXPECT_EQ(activities().size(), before);
  minute(30);
  EXPECT_EQ(activities().size(), before + 1);
}

TEST_F(TargetTest, ForeignAndBrokenDocumentsAreRefused) {
  for (const char* kind :
       {"scalable-target", "scaling-policy", "scheduled-action", "scaling-activity"}) {
    EXPECT_TRUE(ScalingBook::owns(kind));
    for (const char* text :
         {"", "{}", "[]", "null", R"({"resource":"function:a:$LATEST","arn":"x"})",
          R"({"resource":"function:a:1","arn":1})"})
      EXPECT_FALSE(book_->load(kind, kRegion, "k", text).ok()) << kind << text;
  }
  EXPECT_FALSE(ScalingBook::owns("alarm"));
  EXPECT_FALSE(book_->load("alarm", kRegion, "k", "{}").ok());
  EXPECT_THAT(book_->targets(kRegion), IsEmpty());
}

TEST_F(TargetTest, ActivitiesAreKeptForSixWeeks) {
  ASSERT_TRUE(add_target(12, 20).ok());
  ASSERT_TRUE(add_target(1, 11).ok());
  EXPECT_EQ(port_.count("scaling-activity"), 2u);
  book_->each_minute(kMidnight + 42 * 24h);
  EXPECT_THAT(activities(), SizeIs(2));
  book_->each_minute(kMidnight + 42 * 24h + 1h);
  EXPECT_THAT(activities(), IsEmpty());
  EXPECT_EQ(port_.count("scaling-activity"), 0u);
}

TEST_F(TargetTest, ActivitiesHaveAMostNumber) {
  for (size_t i = 0; i <= Activities::kMaxOfResource; ++i) {
    const int units = i % 2 ? 12 : 11;
    ASSERT_TRUE(add_target(units, units, kLive, kMidnight + std::chrono::seconds(i)).ok());
  }
  EXPECT_THAT(activities(), SizeIs(Activities::kMaxOfResource));
  EXPECT_EQ(activities().front().start, kMidnight + 1s);
  EXPECT_EQ(port_.count("scaling-activity"), Activities::kMaxOfResource);
}

}  // namespace
}  // namespace kiln::scaling
