// Scaling over simulated minutes: metrics raise real alarms, alarms move capacities.
#include "tests/support/scaling_book.h"

namespace kiln::scaling {
namespace {

using telemetry::Comparison;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TrackingStory : public ScalingBookTest {
 protected:
  void SetUp() override { ASSERT_TRUE(add_target(1, 40).ok()); }
  Result<const Policy*> track_with(int out_cooldown_s, int in_cooldown_s) {
    TrackingPolicy rule;
    rule.target = 0.7;
    rule.scale_out_cooldown_s = out_cooldown_s;
    rule.scale_in_cooldown_s = in_cooldown_s;
    return add_policy("keep", rule);
  }
  // So many environments are busy: the utilization that follows from the capacity.
  void busy(int environments) {
    values_[kUtilization] = static_cast<double>(environments) / std::max(units(), 1);
  }
  void minutes_of_load(int from, int to, int environments) {
    for (int i = from; i <= to; ++i) {
      busy(environments);
      minute(i);
    }
  }
};

TEST_F(TrackingStory, LoadIdlenessAndLessLoad) {
  ASSERT_TRUE(track().ok());
  minutes_of_load(1, 2, 10);
  EXPECT_EQ(units(), 10);  // two points are not three
  minutes_of_load(3, 3, 10);
  EXPECT_EQ(units(), 15);  // 10 / 0.7 and up
  ASSERT_THAT(activities(), SizeIs(1));
  EXPECT_EQ(activities()[0].cause, "monitor alarm " +
                                       book_->policies(kRegion).begin()->second.alarms.high +
                                       " in state ALARM triggered policy keep");
  EXPECT_EQ(activities()[0].description, "Setting desired concurrency to 15.");
  EXPECT_EQ(activities()[0].start, kMidnight + 3min);
  minutes_of_load(4, 30, 10);  // 0.67: neither too much nor too little
  EXPECT_EQ(units(), 15);
  EXPECT_THAT(activities(), SizeIs(1));

  // Without invocations there is no metric, and the capacity stays for ever.
  values_[kUtilization].reset();
  minutes(31, 200);
  EXPECT_EQ(units(), 15);
  for (const auto& [name, alarm] : alarms_->list(kRegion))
    EXPECT_EQ(alarm.status.state, telemetry::AlarmState::kInsufficientData);

  // A little load: 15 points below 63 % bring it down.
  minutes_of_load(201, 214, 3);
  EXPECT_EQ(units(), 15);
  minutes_of_load(215, 215, 3);
  EXPECT_EQ(units(), 5);
  EXPECT_THAT(activities().back().cause, HasSubstr("-AlarmLow-"));
  // Then 3 of 5 is 60 %, but 3 of 4 would be too much.
  minutes_of_load(216, 260, 3);
  EXPECT_EQ(units(), 5);
  ASSERT_THAT(activities(), SizeIs(3));
  const Activity& flapping = activities().back();
  EXPECT_FALSE(flapping.is_scaling());
  EXPECT_THAT(flapping.not_scaled,
              ElementsAre(NotScaledReason{"AutoScalingAnticipatedFlapping", {}, {}, 5}));
}

TEST_F(TrackingStory, LimitsHold) {
  ASSERT_TRUE(add_target(8, 12).ok());
  ASSERT_TRUE(track().ok());
  minutes_of_load(1, 6, 10);
  EXPECT_EQ(units(), 12);
  EXPECT_EQ(activities().back().not_scaled,
            (std::vector<NotScaledReason>{{"AlreadyAtMaxCapacity", 12, {}, {}}}));
  EXPECT_THAT(activities(), SizeIs(2));  // minutes 4, 5 and 6 are one
  values_[kUtilization] = 0.01;
  minutes(7, 40);
  EXPECT_EQ(units(), 8);
  EXPECT_EQ(activities().back().not_scaled,
            (std::vector<NotScaledReason>{{"AlreadyAtMinCapacity", {}, 8, {}}}));
}

TEST_F(TrackingStory, ScaleInToNothingWhenTheMinimumAllows) {
  ASSERT_TRUE(add_target(0, 40).ok());
  ASSERT_TRUE(track().ok());
  values_[kUtilization] = 0;
  minutes(1, 15);
  EXPECT_EQ(units(), 0);
}

TEST_F(TrackingStory, OutCooldownsCountWhatWasAdded) {
  ASSERT_TRUE(track_with(120, 0).ok());
  values_[kUtilization] = 1.0;
  minutes(1, 3);
  EXPECT_EQ(units(), 15);
  minute(4);
  EXPECT_EQ(units(), 15);  // 10 / 0.7 again: it is there already
  values_[kUtilization] = 1.4;
  // In minute 5 the cooldown is over: 15 at twice the target.
  minute(5);
  EXPECT_EQ(units(), 30);
  EXPECT_THAT(activities(), SizeIs(2));
}

TEST_F(TrackingStory, ALargerScaleOutInTheCooldownAddsTheDifference) {
  ASSERT_TRUE(track_with(300, 0).ok());
  values_[kUtilization] = 1.0;
  minutes(1, 3);
  EXPECT_EQ(units(), 15);
  values_[kUtilization] = 1.4;
  minute(4);
  EXPECT_EQ(units(), 20);  // twice of the 10 that there were
  minutes(5, 8);
  EXPECT_EQ(units(), 20);
  minute(9);  // five minutes after the last
  EXPECT_EQ(units(), 40);
}

TEST_F(TrackingStory, InCooldownsBlockScalingInButNotOut) {
  ASSERT_TRUE(track_with(0, 600).ok());
  capacity_.units[kLive.text()] = 40;
  values_[kUtilization] = 0.35;
  minutes(1, 15);
  EXPECT_EQ(units(), 20);
  minutes(16, 24);
  EXPECT_EQ(units(), 20);
  minute(25);
  EXPECT_EQ(units(), 10);
  values_[kUtilization] = 1.0;
  minutes(26, 28);
  EXPECT_EQ(units(), 15);  // at once, and the cooldown is over
  EXPECT_EQ(target().cooldowns.in_until, WallTime());
}

TEST_F(TrackingStory, CooldownsGoOnAfterARestart) {
  ASSERT_TRUE(track_with(300, 0).ok());
  values_[kUtilization] = 1.0;
  minutes(1, 3);
  EXPECT_EQ(units(), 15);
  const auto before = activities();
  restart();
  EXPECT_THAT(activities(), SizeIs(1));
  EXPECT_EQ(activities()[0].id, before[0].id);
  EXPECT_EQ(activities()[0].cause, before[0].cause);
  EXPECT_EQ(target().max, 40);
  EXPECT_EQ(book_->policies(kRegion).begin()->second.tracking()->scale_out_cooldown(), 300);
  minutes(4, 7);
  EXPECT_EQ(units(), 15);
  minute(8);
  EXPECT_EQ(units(), 22);
}

TEST_F(TrackingStory, CooldownsOfAFasterClockEndWithItsRun) {
  ASSERT_TRUE(track_with(300, 0).ok());
  values_[kUtilization] = 1.0;
  minutes(1001, 1003);
  EXPECT_EQ(units(), 15);
  restart();
  points_.clear();
  minutes(1, 3);
  EXPECT_EQ(units(), 22);
}

TEST_F(TrackingStory, ScaleInCanBeDisabled) {
  TrackingPolicy rule;
  rule.target = 0.7;
  rule.disable_scale_in = true;
  ASSERT_TRUE(add_policy("keep", rule).ok());
  values_[kUtilization] = 0.1;
  minutes(1, 40);
  EXPECT_EQ(units(), 10);
  EXPECT_THAT(activities(), IsEmpty());
}

TEST_F(TrackingStory, SuspendedDirections) {
  ASSERT_TRUE(track().ok());
  TargetInput input;
  input.resource = kLive;
  input.suspend_out = true;
  ASSERT_TRUE(book_->register_target(kRegion, input, kMidnight).ok());
  values_[kUtilization] = 1.0;
  minutes(1, 5);
  EXPECT_EQ(units(), 10);
  input.suspend_out = false;
  input.suspend_in = true;
  ASSERT_TRUE(book_->register_target(kRegion, input, kMidnight).ok());
  minute(6);
  EXPECT_EQ(units(), 15);
  values_[kUtilization] = 0.1;
  minutes(7, 30);
  EXPECT_EQ(units(), 15);
}

TEST_F(TrackingStory, WhatLambdaRefusesIsAFailedActivity) {
  ASSERT_TRUE(track().ok());
  capacity_.reserved = 12;
  values_[kUtilization] = 1.0;
  minutes(1, 2);
  const auto results = minute(3);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_TRUE(results[0].ok());
  EXPECT_EQ(units(), 10);
  EXPECT_EQ(activities().back().status, Activity::Status::kFailed);
  EXPECT_THAT(activities().back().status_message, HasSubstr("reservedConcurrentExecution"));
  EXPECT_EQ(target().cooldowns.out_until, WallTime());
  capacity_.reserved = 20;
  minute(4);
  EXPECT_EQ(units(), 15);
  capacity_.units.clear();  // the function is deleted
  minute(5);
  EXPECT_EQ(activities().back().description, "Attempting to scale due to alarm triggered");
  EXPECT_THAT(activities().back().status_message, HasSubstr("Function not found"));
}

TEST_F(TrackingStory, OneWishOutIsEnoughAndTheLargestWins) {
  ASSERT_TRUE(track().ok());
  TrackingPolicy load;
  load.target = 100;
  load.custom.emplace();
  load.custom->metric.emplace();
  load.custom->metric->metric = {kRegion, "Mine", "Load", {}};
  load.custom->metric->stat = "Average";
  ASSERT_TRUE(add_policy("a load", load).ok());
  values_[kUtilization] = 1.0;
  values_["Load"] = 200;
  minutes(1, 3);
  EXPECT_EQ(units(), 20);  // from 10, once, though both act
  ASSERT_THAT(activities(), SizeIs(1));
  EXPECT_THAT(activities()[0].cause, HasSubstr("policy a load"));

  // In only when both agree; what leaves more is done.
  values_[kUtilization] = 0.7;
  values_["Load"] = 10;
  minutes(4, 30);
  EXPECT_EQ(units(), 20);
  values_[kUtilization] = 0.35;
  minutes(31, 44);
  EXPECT_EQ(units(), 20);
  minute(45);
  EXPECT_EQ(units(), 10);
  values_["Load"] = 200;
  minutes(46, 48);
  EXPECT_EQ(units(), 20);
}

class StepStory : public ScalingBookTest {
 protected:
  void SetUp() override { ASSERT_TRUE(add_target(1, 40).ok()); }
  void add(const std::string& name, AdjustmentType type, std::vector<Step> steps, int cooldown_s) {
    StepPolicy policy;
    policy.type = type;
    policy.steps = std::move(steps);
    policy.cooldown_s = cooldown_s;
    const auto added = add_policy(name, policy);
    ASSERT_TRUE(added.ok()) << added.error().message;
  }
};

TEST_F(StepStory, UpAndDown) {
  add("up", AdjustmentType::kChangeInCapacity, {{0, 20, 2}, {20, {}, 5}}, 0);
  add("down", AdjustmentType::kChangeInCapacity, {{{}, 0, -1}}, 0);
  add_alarm("busy", "up", 50, Comparison::kGreaterThanOrEqual);
  add_alarm("calm", "down", 10, Comparison::kLessThanOrEqual);
  values_["Load"] = 60;
  minute(1);
  EXPECT_EQ(units(), 12);
  values_["Load"] = 70;
  minute(2);
  EXPECT_EQ(units(), 17);
  values_["Load"] = 30;
  minute(3);
  EXPECT_EQ(units(), 17);
  values_["Load"] = 10;
  minutes(4, 5);
  EXPECT_EQ(units(), 15);
  EXPECT_THAT(activities(), SizeIs(4));
  EXPECT_EQ(activities()[3].cause, "monitor alarm calm in state ALARM triggered policy down");
}

TEST_F(StepStory, OutCooldownsCountWhatWasAdded) {
  add("up", AdjustmentType::kChangeInCapacity, {{0, 20, 2}, {20, {}, 3}}, 300);
  add_alarm("busy", "up", 50, Comparison::kGreaterThan);
  values_["Load"] = 60;
  minutes(1, 3);
  EXPECT_EQ(units(), 12);
  values_["Load"] = 80;
  minutes(4, 8);
  EXPECT_EQ(units(), 13);  // 3 more than at first, of which 2 were there
  minute(9);
  EXPECT_EQ(units(), 16);
}

TEST_F(StepStory, InCooldowns) {
  add("down", AdjustmentType::kPercentChangeInCapacity, {{{}, 0, -10}}, 120);
  add_alarm("calm", "down", 10, Comparison::kLessThan);
  values_["Load"] = 5;
  minutes(1, 2);
  EXPECT_EQ(units(), 9);
  minute(3);
  EXPECT_EQ(units(), 8);
}

TEST_F(StepStory, ExactCapacities) {
  add("exact", AdjustmentType::kExactCapacity, {{{}, 0, 3}, {0, {}, 60}}, 0);
  add_alarm("busy", "exact", 50, Comparison::kGreaterThan);
  values_["Load"] = 60;
  minutes(1, 3);
  EXPECT_EQ(units(), 40);  // the most that the target may have
  EXPECT_EQ(activities().back().not_scaled,
            (std::vector<NotScaledReason>{{"AlreadyAtMaxCapacity", 40, {}, {}}}));
}

TEST_F(StepStory, WithoutAStepTheActionFails) {
  add("up", AdjustmentType::kChangeInCapacity, {{0, {}, 2}}, 0);
  add_alarm("calm", "up", 50, Comparison::kLessThan);
  values_["Load"] = 30;
  const auto results = minute(1);
  ASSERT_THAT(results, SizeIs(1));
  ASSERT_FALSE(results[0].ok());
  EXPECT_EQ(results[0].error().message,
            "No step adjustment found for metric value 30 and breach delta -20");
  EXPECT_THAT(activities(), IsEmpty());
  // Set to ALARM by hand, before there ever was a point.
  add_alarm("new", "up", 50, Comparison::kGreaterThan);
  const auto fired =
      alarms_->set_state(kRegion, "new", telemetry::AlarmState::kAlarm, "r", "", kMidnight + 90s);
  ASSERT_THAT(*fired, SizeIs(1));
  EXPECT_THAT(book_->on_alarm(fired->front(), kMidnight + 90s).error().message,
              HasSubstr("no data point"));
}

TEST_F(StepStory, APolicyThatIsGoneIsAnError) {
  add("up", AdjustmentType::kChangeInCapacity, {{0, {}, 2}}, 0);
  add_alarm("busy", "up", 50, Comparison::kGreaterThan);
  ASSERT_TRUE(book_->delete_policy(kRegion, kLive, "up", kMidnight).ok());
  values_["Load"] = 60;
  const auto results = minute(1);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].error().type, "ObjectNotFoundException");
  EXPECT_EQ(units(), 10);
}

TEST_F(StepStory, PointsAreAggregated) {
  StepPolicy policy;
  policy.steps = {{0, 20, 1}, {20, {}, 10}};
  policy.cooldown_s = 0;
  policy.aggregation = Aggregation::kMaximum;
  ASSERT_TRUE(add_policy("up", policy).ok());
  add_alarm("busy", "up", 50, Comparison::kGreaterThan);
  telemetry::AlarmConfig config = alarms_->find(kRegion, "busy")->config;
  config.evaluation_periods = 2;
  ASSERT_TRUE(alarms_->put(config, {}, kMidnight).ok());
  values_["Load"] = 80;
  minute(1);
  values_["Load"] = 60;
  minute(2);
  EXPECT_EQ(units(), 20);  // 80 is the largest of the two
  minute(3);
  EXPECT_EQ(units(), 21);
}

TEST_F(StepStory, ScalingInNeedsTheTrackingPoliciesToAgree) {
  add("down", AdjustmentType::kChangeInCapacity, {{{}, 0, -1}}, 0);
  add_alarm("calm", "down", 10, Comparison::kLessThan);
  ASSERT_TRUE(track().ok());
  values_["Load"] = 5;
  values_[kUtilization] = 0.5;
  minutes(1, 14);
  EXPECT_EQ(units(), 10);
  minute(15);
  EXPECT_EQ(units(), 9);  // the step leaves more than the 8 of target tracking
}

TEST_F(StepStory, ScheduledActionsIgnoreCooldowns) {
  add("up", AdjustmentType::kChangeInCapacity, {{0, {}, 5}}, 600);
  add_alarm("busy", "up", 50, Comparison::kGreaterThan);
  ASSERT_TRUE(schedule("more", "at(2025-09-19T00:02:00)", 20, {}).ok());
  values_["Load"] = 60;
  minutes(1, 2);
  EXPECT_EQ(units(), 20);
}

}  // namespace
}  // namespace kiln::scaling
