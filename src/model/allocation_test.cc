#include "model/allocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace kiln::model {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

SteadyTime at(std::chrono::milliseconds since) { return SteadyTime(since); }

// Environments are numbers.
class AllocationTest : public ::testing::Test {
 protected:
  struct Port {
    int start() {
      started.push_back(++last);
      return last;
    }
    void serve(int environment) { serving.push_back(environment); }
    void retire(int environment) { retired.push_back(environment); }
    bool is_idle(int environment) const { return !busy.contains(environment); }
    void changed() { ++changes; }

    int last = 0;
    std::vector<int> started, serving, retired;
    std::set<int> busy;
    int changes = 0;
  };

  void make(const AllocationRules& rules) {
    allocation_ = std::make_unique<Allocation<int>>(rules);
  }
  void ready(int first, int last, SteadyTime now = at(0ms)) {
    for (int i = first; i <= last; ++i) EXPECT_TRUE(allocation_->on_ready(i, now, port_));
  }

  Port port_;
  std::unique_ptr<Allocation<int>> allocation_ =
      std::make_unique<Allocation<int>>(AllocationRules{});
};

TEST_F(AllocationTest, StartsAfterTheDelayAndServesWhenAllAreReady) {
  make({60s, 16, 0});
  allocation_->set_target(3, "a", at(0ms), port_);
  EXPECT_EQ(allocation_->on_time(at(59'999ms), port_), at(60s));
  EXPECT_THAT(port_.started, IsEmpty());
  EXPECT_EQ(allocation_->on_time(at(60s), port_), SteadyTime::max());
  EXPECT_THAT(port_.started, SizeIs(3));
  ready(1, 2);
  EXPECT_THAT(port_.serving, IsEmpty());
  EXPECT_EQ(allocation_->state(), ProvisionedState::kInProgress);
  ready(3, 3);
  EXPECT_THAT(port_.serving, ElementsAre(1, 2, 3));
  EXPECT_EQ(allocation_->state(), ProvisionedState::kReady);
}

TEST_F(AllocationTest, SoManyInitPhasesAtOnce) {
  make({0s, 2, 0});
  allocation_->set_target(5, "a", at(0ms), port_);
  allocation_->on_time(at(0ms), port_);
  EXPECT_THAT(port_.started, SizeIs(2));
  ready(1, 1);
  EXPECT_THAT(port_.started, SizeIs(3));
  ready(2, 5);
  EXPECT_THAT(port_.started, SizeIs(5));
  EXPECT_EQ(allocation_->serving(), 5);
}

TEST_F(AllocationTest, SoManyStartsASecond) {
  make({0s, 1000, 100});
  allocation_->set_target(250, "a", at(0ms), port_);
  SteadyTime now = at(0ms);
  for (SteadyTime next = allocation_->on_time(now, port_); next != SteadyTime::max();
       next = allocation_->on_time(now, port_)) {
    ASSERT_GT(next, now);
    now = next;
  }
  EXPECT_THAT(port_.started, SizeIs(250));
  EXPECT_NEAR(to_ms(now.time_since_epoch()), 1500, 20);  // the first hundred at once
}

TEST_F(AllocationTest, GrowingLeavesServingWhatServes) {
  allocation_->set_target(2, "a", at(0ms), port_);
  allocation_->on_time(at(0ms), port_);
  ready(1, 2);
  allocation_->set_target(4, "b", at(0ms), port_);
  EXPECT_EQ(allocation_->state(), ProvisionedState::kInProgress);
  EXPECT_EQ(allocation_->serving(), 2);
  allocation_->on_time(at(0ms), port_);
  ready(3, 3);
  EXPECT_EQ(allocation_->serving(), 2);
  ready(4, 4);
  EXPECT_EQ(allocation_->serving(), 4);
  EXPECT_THAT(port_.retired, IsEmpty());
}

TEST_F(AllocationTest, ShrinkingEndsIdleOnesFirst) {
  allocation_->set_target(4, "a", at(0ms), port_);
  allocation_->on_time(at(0ms), port_);
  ready(1, 4);
  port_.busy = {1, 2};
  allocation_->set_target(1, "b", at(0ms), port_);
  EXPECT_THAT(port_.retired, ElementsAre(3, 4, 1));
  EXPECT_EQ(allocation_->state(), ProvisionedState::kReady);
  EXPECT_EQ(allocation_->serving(), 1);
}

TEST_F(AllocationTest, ADecreaseWithinAnIncreaseIsReadyWithThoseThatAre) {
  allocation_->set_target(4, "a", at(0ms), port_);
  allocation_->on_time(at(0ms), port_);
  ready(1, 2);
  allocation_->set_target(2, "b", at(0ms), port_);
  EXPECT_THAT(port_.retired, ElementsAre(3, 4));
  EXPECT_THAT(port_.serving, ElementsAre(1, 2));
  EXPECT_EQ(allocation_->state(), ProvisionedState::kReady);
  EXPECT_FALSE(allocation_->on_ready(3, at(0ms), port_));  // not of this allocation any more
}

TEST_F(AllocationTest, AFailedInitEndsItUntilItIsConfiguredAgain) {
  allocation_->set_target(3, "a", at(0ms), port_);
  allocation_->on_time(at(0ms), port_);
  ready(1, 1);
  allocation_->on_failed(2, port_);
  EXPECT_EQ(allocation_->state(), ProvisionedState::kFailed);
  EXPECT_THAT(port_.retired, ElementsAre(3, 1));
  EXPECT_EQ(allocation_->serving(), 0);
  allocation_->set_target(3, "a", at(0ms), port_);  // the same configuration
  allocation_->on_time(at(0ms), port_);
  EXPECT_THAT(port_.started, SizeIs(3));
  allocation_->set_target(3, "b", at(0ms), port_);
  allocation_->on_time(at(0ms), port_);
  EXPECT_THAT(port_.started, SizeIs(6));
}

TEST_F(AllocationTest, WhatIsLostIsReplacedAtOnceAndThenWithPauses) {
  allocation_->set_target(1, "a", at(0ms), port_);
  allocation_->on_time(at(0ms), port_);
  ready(1, 1);
  int lost = 0;
  SteadyTime next = at(0ms);
  while (next == at(0ms) && lost < 100) {
    next = allocation_->on_gone(++lost, at(0ms), port_);
    if (next != at(0ms)) break;
    allocation_->on_time(at(0ms), port_);
    ready(lost + 1, lost + 1);
    EXPECT_EQ(allocation_->serving(), 1);
  }
  EXPECT_EQ(lost, 12);  // one for the one that is wanted, ten more, and the one that has to wait
  EXPECT_EQ(next, at(1s));
  EXPECT_EQ(allocation_->on_time(at(999ms), port_), at(1s));
  EXPECT_EQ(allocation_->on_gone(99, at(0ms), port_), SteadyTime::max());  // a stranger
}

}  // namespace
}  // namespace kiln::model
