// What becomes of a version with SnapStart, step by step.
#include "model/snapshot_state.h"

#include <gtest/gtest.h>

#include <string>

namespace kiln::model {
namespace {

using namespace std::chrono_literals;
using Step = SnapshotEvent;

class SnapshotStateTest : public testing::Test {
 protected:
  static SnapshotLimits limits() {
    SnapshotLimits limits;
    limits.init = 130s;
    return limits;
  }
  // "Make Pending": what to do, and the phase behind it.
  std::string on(Step event) {
    const SnapshotEffect effect = state_.on(event, now_);
    return std::string(to_text(effect)) + " " + std::string(to_text(state_.phase()));
  }
  std::string due() {
    now_ = state_.deadline();
    return on(Step::kDue);
  }
  // Until the next template is made.
  SteadyTime::duration wait() const { return state_.deadline() - now_; }

  SteadyTime now_{1000s};
  SnapshotState state_{limits(), SteadyTime(1000s)};
};

TEST(Snapshots, AreOfPublishedVersionsOfSomeRuntimes) {
  FunctionConfig config;
  config.snap_start = "PublishedVersions";
  EXPECT_FALSE(uses_snapshots(config));
  config.version = "1";
  EXPECT_TRUE(uses_snapshots(config));
  config.snap_start = "None";
  EXPECT_FALSE(uses_snapshots(config));
  for (const char* one : {"python3.12", "python3.13", "python3.14", "provided.al2023"})
    EXPECT_TRUE(can_have_snapshots(one)) << one;
  for (const char* none : {"python3.8", "python3.9", "python3.11", "nodejs22.x", "ruby3.3", ""})
    EXPECT_FALSE(can_have_snapshots(none)) << none;
}

TEST_F(SnapshotStateTest, IsMadeAtOnceAndBecomesActive) {
  EXPECT_EQ(wait(), 0s);
  EXPECT_EQ(due(), "Make Pending");
  EXPECT_EQ(wait(), 130s);
  EXPECT_FALSE(state_.made_before());
  EXPECT_EQ(on(Step::kReady), "None Active");
  EXPECT_EQ(state_.deadline(), SteadyTime::max());
  EXPECT_TRUE(state_.made_before());
}

TEST_F(SnapshotStateTest, FailsOnceAndForAll) {
  for (const Step why : {Step::kUnfit, Step::kGone}) {
    state_ = SnapshotState(limits(), now_);
    due();
    EXPECT_EQ(on(why), "Drop Failed") << to_text(why);
    EXPECT_EQ(state_.deadline(), SteadyTime::max());
    for (const Step later :
         {Step::kReady, Step::kNotPermitted, Step::kUnfit, Step::kGone, Step::kDue})
      EXPECT_EQ(on(later), "None Failed") << to_text(later);
  }
}

TEST_F(SnapshotStateTest, AnInitThatTakesTooLongFails) {
  due();
  now_ += 130s - 1ms;
  EXPECT_EQ(on(Step::kDue), "None Pending");
  now_ += 1ms;
  EXPECT_EQ(on(Step::kDue), "Drop Failed");
}

TEST_F(SnapshotStateTest, AMachineWithoutRoomIsAskedAgain) {
  EXPECT_EQ(on(Step::kNoRoom), "None Pending") << "nothing is made yet";
  due();
  EXPECT_EQ(on(Step::kNoRoom), "Drop Pending");
  EXPECT_EQ(wait(), 0s);
  EXPECT_EQ(due(), "Make Pending");
  EXPECT_EQ(on(Step::kNoRoom), "Drop Pending");
  EXPECT_EQ(wait(), 1s);
  EXPECT_EQ(due(), "Make Pending");
  EXPECT_EQ(on(Step::kNoRoom), "Drop Pending");
  EXPECT_EQ(wait(), 2s);
  // A fault of its own is one all the same.
  EXPECT_EQ(due(), "Make Pending");
  EXPECT_EQ(on(Step::kUnfit), "Drop Failed");
  EXPECT_EQ(on(Step::kNoRoom), "None Failed");
}

// What one environment leaves may not be enough, and there may be more.
TEST_F(SnapshotStateTest, WhereRoomWasMadeTheNextTryDoesNotWait) {
  for (int i = 0; i < limits().tries_with_room; ++i) {
    EXPECT_EQ(due(), "Make Pending");
    EXPECT_EQ(on(Step::kRoom), "None Pending") << "it is on its way";
    EXPECT_EQ(on(Step::kNoRoom), "Drop Pending");
    EXPECT_EQ(on(Step::kRoom), "None Pending");
    EXPECT_EQ(wait(), 0s) << i;
  }
  due();
  on(Step::kNoRoom);
  on(Step::kRoom);
  EXPECT_EQ(wait(), 32s) << "something else is lacking";
}

TEST_F(SnapshotStateTest, AMachineThatPermitsNoForkStartsPlainly) {
  due();
  EXPECT_EQ(on(Step::kNotPermitted), "Drop Plain");
  EXPECT_EQ(on(Step::kGone), "None Plain");
  EXPECT_EQ(state_.deadline(), SteadyTime::max());
}

TEST_F(SnapshotStateTest, ATemplateThatEndsIsMadeAgain) {
  due(), on(Step::kReady);
  EXPECT_EQ(on(Step::kGone), "Drop Pending");
  EXPECT_EQ(wait(), 0s);
  // What the old one still says means nothing.
  EXPECT_EQ(on(Step::kGone), "None Pending");
  EXPECT_EQ(on(Step::kReady), "None Pending");
  EXPECT_EQ(due(), "Make Pending");
  EXPECT_EQ(on(Step::kReady), "None Active");
}

// What its init needs may be away for a while.
TEST_F(SnapshotStateTest, OneThatWasActiveDoesNotFail) {
  due(), on(Step::kReady);
  on(Step::kGone);
  due();
  EXPECT_EQ(on(Step::kUnfit), "Drop Pending");
  EXPECT_EQ(wait(), 1s);
  due();
  EXPECT_EQ(on(Step::kGone), "Drop Pending");
  EXPECT_EQ(wait(), 2s);
  due();
  EXPECT_EQ(due(), "Drop Pending") << "init takes too long";
  EXPECT_EQ(wait(), 4s);
  due();
  EXPECT_EQ(on(Step::kReady), "None Active");
  on(Step::kGone);
  EXPECT_EQ(wait(), 8s);
}

TEST_F(SnapshotStateTest, OneThatEndsAgainAndAgainIsMadeLessAndLessOften) {
  due(), on(Step::kReady);
  for (const auto expected : {0s, 1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    on(Step::kGone);
    EXPECT_EQ(wait(), expected);
    EXPECT_EQ(due(), "Make Pending");
    on(Step::kReady);
  }
  now_ += 5min - 1ms;
  on(Step::kGone);
  EXPECT_EQ(wait(), 60s);
  due(), on(Step::kReady);
  now_ += 5min;
  on(Step::kGone);
  EXPECT_EQ(wait(), 0s);
}

}  // namespace
}  // namespace kiln::model
