#include "scaling/step_scaling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace kiln::scaling {
namespace {

using ::testing::HasSubstr;

constexpr std::nullopt_t kOpen = std::nullopt;

StepPolicy policy(std::vector<Step> steps,
                  AdjustmentType type = AdjustmentType::kChangeInCapacity) {
  StepPolicy out;
  out.type = type;
  out.steps = std::move(steps);
  return out;
}

StepPolicy percent(int adjustment) {
  return policy({{0, kOpen, adjustment}}, AdjustmentType::kPercentChangeInCapacity);
}

TEST(StepScaling, WhichStepHasADistance) {
  // Below the threshold -1, at it and above it: 1, then 3.
  const StepPolicy steps = policy({{kOpen, -20, -2}, {-20, 0, -1}, {0, 20, 1}, {20, kOpen, 3}});
  ASSERT_TRUE(steps.validate().ok());
  const struct {
    double distance;
    int change;
  } kCases[] = {{-1e9, -2}, {-20.1, -2}, {-20, -2}, {-19.9, -1}, {-0.1, -1},
                {0, 1},     {19.9, 1},   {20, 3},   {1e9, 3}};
  for (const auto& [distance, change] : kCases)
    EXPECT_EQ(steps.adjust(10, distance), 10 + change) << distance;
}

TEST(StepScaling, OneSidedPoliciesLeaveTheOtherSideAlone) {
  const StepPolicy above = policy({{0, 20, 1}, {20, kOpen, 3}});
  EXPECT_EQ(above.adjust(10, -0.1), std::nullopt);
  EXPECT_EQ(above.adjust(10, 0), 11);
  const StepPolicy below = policy({{kOpen, 0, -1}});
  EXPECT_EQ(below.adjust(10, 0), 9);
  EXPECT_EQ(below.adjust(10, 0.1), std::nullopt);
}

TEST(StepScaling, Percentages) {
  const struct {
    int current, percent;
    std::optional<int> least;
    int capacity;
  } kCases[] = {
      {127, 10, kOpen, 139},  // 12.7
      {5, 10, kOpen, 6},      // 0.5
      {10, 10, kOpen, 11},    // 1
      {5, -10, kOpen, 4},     // -0.5
      {10, -10, kOpen, 9},    // -1
      {20, -33, kOpen, 14},   // -6.6
      {0, 10, kOpen, 0},      //
      {10, 0, 5, 10},         //
      {0, 10, 2, 2},          // the least change is made in any case
      {4, 25, 2, 6},          //
      {8, 25, 2, 10},         //
      {12, 25, 2, 15},        //
      {12, -25, 4, 8},        //
      {3, -25, 4, 0},         // never below nothing
      {10, -100, kOpen, 0},   //
      {10, -200, kOpen, 0},   //
      {2'000'000'000, 200, kOpen, std::numeric_limits<int>::max()},
  };
  for (const auto& [current, change, least, capacity] : kCases) {
    StepPolicy steps = percent(change);
    steps.min_adjustment_magnitude = least;
    EXPECT_EQ(steps.adjust(current, 1), capacity) << current << " " << change << "%";
  }
}

TEST(StepScaling, ExactAndChangedCapacities) {
  EXPECT_EQ(policy({{0, kOpen, 7}}, AdjustmentType::kExactCapacity).adjust(100, 1), 7);
  EXPECT_EQ(policy({{0, kOpen, -7}}).adjust(3, 1), 0);
  StepPolicy steps = policy({{0, kOpen, 1}});
  steps.min_adjustment_magnitude = 5;  // for percentages alone
  EXPECT_EQ(steps.adjust(3, 1), 4);
}

TEST(StepScaling, WhatIsRefused) {
  const struct {
    StepPolicy steps;
    const char* message;
  } kCases[] = {
      {policy({}), "At least one StepAdjustment"},
      {policy({{kOpen, 0, 1}, {kOpen, 5, 1}}), "unspecified lower bound"},
      {policy({{0, kOpen, 1}, {5, kOpen, 1}}), "unspecified upper bound"},
      {policy({{-5, 0, -1}}), "negative lower bound"},
      {policy({{0, 5, 1}}), "positive upper bound"},
      {policy({{0, 5, 1}, {6, kOpen, 2}}), "can't have gaps"},
      {policy({{0, 5, 1}, {4, kOpen, 2}}), "can't overlap"},
      {policy({{kOpen, 5, 1}, {0, kOpen, 2}}), "can't overlap"},
      {policy({{kOpen, kOpen, 1}, {0, 5, 2}}), "At least one of"},
      {policy({{5, 5, 1}}), "must be less than"},
      {policy({{5, 4, 1}}), "must be less than"},
      {policy({{0, kOpen, -1}}, AdjustmentType::kExactCapacity), "must not be negative"},
      {policy({{0, std::numeric_limits<double>::infinity(), 1}}), "must be a number"},
  };
  for (const auto& [steps, message] : kCases) {
    const auto checked = steps.validate();
    ASSERT_FALSE(checked.ok()) << message;
    EXPECT_EQ(checked.error().type, "ValidationException");
    EXPECT_THAT(checked.error().message, HasSubstr(message));
  }
}

TEST(StepScaling, WhatIsAccepted) {
  for (const StepPolicy& steps :
       {policy({{kOpen, kOpen, 1}}), policy({{0, kOpen, 0}}), policy({{kOpen, 0, -1}}),
        policy({{5, kOpen, 1}, {0, 5, 2}}), policy({{kOpen, -5, -2}, {-5, 0, -1}}),
        policy({{0, kOpen, 0}}, AdjustmentType::kExactCapacity),
        // A policy of the CDK with the noise of a fraction.
        policy({{0, 0.15000000000000002, 1}, {0.15000000000000002, kOpen, 2}})})
    EXPECT_TRUE(steps.validate().ok()) << steps.validate().error().message;
}

TEST(StepScaling, AtMostTwentySteps) {
  std::vector<Step> steps;
  for (int i = 0; i < 20; ++i) steps.push_back({i, i + 1, i});
  steps.back().upper = kOpen;
  EXPECT_TRUE(policy(steps).validate().ok());
  steps.back().upper = 20;
  steps.push_back({20, kOpen, 1});
  EXPECT_EQ(policy(steps).validate().error().message,
            "There can be at most 20 step adjustments per scaling policy");
}

TEST(StepScaling, NumbersHaveLimits) {
  StepPolicy steps = policy({{0, kOpen, 1}});
  EXPECT_EQ(steps.cooldown_s, 300);
  steps.cooldown_s = 0;
  EXPECT_TRUE(steps.validate().ok());
  steps.cooldown_s = -1;
  EXPECT_FALSE(steps.validate().ok());
  steps.cooldown_s = 0;
  steps.min_adjustment_magnitude = 0;
  EXPECT_TRUE(steps.validate().ok());
  steps.min_adjustment_magnitude = -1;
  EXPECT_FALSE(steps.validate().ok());
}

TEST(StepScaling, AggregatesPoints) {
  EXPECT_EQ(aggregate({1, 2, 6}, Aggregation::kAverage), 3);
  EXPECT_EQ(aggregate({1, 2, 6}, Aggregation::kMinimum), 1);
  EXPECT_EQ(aggregate({1, 2, 6}, Aggregation::kMaximum), 6);
}

TEST(StepScaling, Names) {
  for (const char* name : {"ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"})
    EXPECT_EQ(to_text(*parse_adjustment_type(name)), name);
  for (const char* name : {"Average", "Minimum", "Maximum"})
    EXPECT_EQ(to_text(*parse_aggregation(name)), name);
  EXPECT_EQ(parse_adjustment_type("Change"), std::nullopt);
  EXPECT_EQ(parse_aggregation("Sum"), std::nullopt);
}

}  // namespace
}  // namespace kiln::scaling
