#include "engine/wake_rule.h"

#include <gtest/gtest.h>

namespace kiln::engine {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr size_t kProcessors = 2;
constexpr size_t kEnough = WakeRule::kPerProcessor * kProcessors;

class WakeRuleTest : public testing::Test {
 protected:
  bool waits() { return rule_.waits(kEnough, 56, 0); }
  // How many invocations don't wait before one does.
  int pause() {
    for (int i = 0; i <= WakeRule::kLongestPause; ++i)
      if (waits()) return i;
    return -1;
  }
  void answer(Duration taken, size_t at_work = kEnough) { rule_.answered(now_, taken, at_work); }
  void look(Duration passed, double idle) {
    now_ += passed;
    idle_ += Duration(static_cast<Duration::rep>(static_cast<double>(passed.count()) * idle * 2));
    rule_.look(now_, idle_);
  }

  WakeRule rule_{kProcessors};
  SteadyTime now_{std::chrono::hours(1)};
  Duration idle_{std::chrono::hours(1)};
};

TEST_F(WakeRuleTest, WhoFindsEnoughAtWorkWaits) {
  EXPECT_FALSE(rule_.waits(kEnough - 1, 56, 0));
  EXPECT_TRUE(rule_.waits(kEnough, 56, 0));
  EXPECT_TRUE(rule_.waits(kEnough, 56, 55));
  EXPECT_FALSE(rule_.waits(kEnough, 56, 56)) << "each has an idle one for certain";
  EXPECT_FALSE(rule_.waits(kEnough, 0, 0));
}

TEST_F(WakeRuleTest, AFailureIsFollowedByAPauseThatGrows) {
  rule_.failed();
  EXPECT_EQ(pause(), WakeRule::kFirstPause);
  rule_.failed();
  EXPECT_EQ(pause(), 2 * WakeRule::kFirstPause);
  rule_.failed();
  rule_.failed();
  EXPECT_EQ(pause(), 4 * WakeRule::kFirstPause) << "one failure, told twice";
  for (int i = 0; i < 40; ++i) {
    rule_.failed();
    EXPECT_LE(pause(), WakeRule::kLongestPause);
  }
}

TEST_F(WakeRuleTest, WhoeverIsSlowIsNotWaitedFor) {
  for (int i = 0; i < 1000; ++i) answer(WakeRule::kFast);
  EXPECT_TRUE(waits());
  answer(milliseconds(500));
  EXPECT_EQ(pause(), WakeRule::kFirstPause);
  for (int i = 0; i < 1000; ++i) answer(microseconds(100));
  answer(milliseconds(500));
  EXPECT_TRUE(waits()) << "one alone says little";
  for (int i = 0; i < 20; ++i) answer(milliseconds(500), 2 * kEnough + 1);
  EXPECT_TRUE(waits()) << "with too many at work anybody is slow";
  for (int i = 0; i < 20; ++i) answer(milliseconds(500), kEnough + 1);
  EXPECT_EQ(pause(), 2 * WakeRule::kFirstPause);
  for (int i = 0; i < 20; ++i) answer(milliseconds(500));
  EXPECT_FALSE(waits());
}

TEST_F(WakeRuleTest, PatienceLastsWhileOthersAnswer) {
  const SteadyTime since = now_;
  EXPECT_EQ(rule_.patience(since), since + WakeRule::kSilence);
  now_ += microseconds(900);
  answer(microseconds(50));
  EXPECT_EQ(rule_.patience(since), now_ + WakeRule::kSilence);
  now_ += WakeRule::kLongest - WakeRule::kSilence;
  answer(microseconds(50));
  EXPECT_EQ(rule_.patience(since), since + WakeRule::kLongest);
  rule_.failed();
  EXPECT_EQ(rule_.patience(since), since);
}

TEST_F(WakeRuleTest, IdleProcessorsEndIt) {
  const auto due = [this](Duration passed) { return rule_.look_is_due(now_ + passed); };
  EXPECT_TRUE(due(Duration(0)));
  look(WakeRule::kLook, 1);  // the time before
  EXPECT_TRUE(waits());
  EXPECT_FALSE(due(WakeRule::kFirstLook - microseconds(1)));
  EXPECT_TRUE(due(WakeRule::kFirstLook));
  look(WakeRule::kFirstLook, WakeRule::kMostIdle - 0.01);
  EXPECT_TRUE(waits());
  EXPECT_FALSE(due(WakeRule::kLook - microseconds(1)));
  EXPECT_TRUE(due(WakeRule::kLook));
  look(2 * WakeRule::kLook, 1);
  EXPECT_TRUE(waits()) << "nobody waited for most of that time";
  look(WakeRule::kFirstLook, WakeRule::kMostIdle + 0.01);
  EXPECT_EQ(pause(), WakeRule::kFirstIdlePause);
  look(microseconds(10), 1);
  EXPECT_TRUE(waits()) << "the pause was not watched";
  look(WakeRule::kFirstLook, 1);
  EXPECT_EQ(pause(), 16 * WakeRule::kFirstIdlePause);
}

TEST_F(WakeRuleTest, BusyProcessorsMakeThePauseShortAgain) {
  for (int i = 0; i < 5; ++i) {
    rule_.failed();
    pause();
  }
  look(WakeRule::kLook, 0);
  look(WakeRule::kLook, 0);
  rule_.failed();
  EXPECT_EQ(pause(), WakeRule::kFirstPause);
}

}  // namespace
}  // namespace kiln::engine
