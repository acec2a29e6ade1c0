// A pool on a machine that has no room for one environment more: an idle one of another version
// ends, and the start is tried once more.
#include <gtest/gtest.h>

#include "tests/support/pool_fixture.h"

namespace kiln::engine {
namespace {

using tests::PoolTest;
using tests::SandboxPuppet;

class FullMachineTest : public PoolTest {
 protected:
  // From here on invocations are of another version than before.
  void change_version() {
    changed_.push_back(config_);
    config_ = make_config();
  }
  std::vector<model::ConfigPtr> changed_;
};

TEST_F(FullMachineTest, TheOneThatHasBeenIdleLongestEndsAndTheStartIsTriedAgain) {
  idle_one();
  change_version();
  loop_.advance(std::chrono::seconds(1));
  invoke("second");
  puppet(1).ready();
  puppet(1).answer("2");
  puppet(1).ready();
  change_version();
  invoke("third");
  puppet(2).exit_without_room();
  loop_.turn();
  EXPECT_EQ(answer("third"), "none");
  EXPECT_TRUE(puppet(0).terminated);
  EXPECT_FALSE(puppet(1).terminated);
  // Its room isn't free before it has gone.
  EXPECT_EQ(puppets_.size(), 3);
  puppet(0).exit();
  loop_.turn();
  ASSERT_EQ(puppets_.size(), 4);
  puppet(3).ready();
  puppet(3).answer("3");
  EXPECT_EQ(pool_->cold_starts(), 3);
  puppet(3).ready();
  EXPECT_EQ(answer("third"), "3");
  EXPECT_FALSE(puppet(1).terminated);
  EXPECT_EQ(machine_faults_, 0);
}

TEST_F(FullMachineTest, WhoEndsTooSlowlyIsNotWaitedForLong) {
  idle_one();
  change_version();
  invoke("a");
  puppet(1).exit_without_room();
  loop_.turn();
  loop_.advance(std::chrono::milliseconds(2'999));
  EXPECT_EQ(answer("a"), "none");
  loop_.advance(std::chrono::milliseconds(1));
  EXPECT_EQ(answer("a"), "ServiceException");
  EXPECT_EQ(machine_faults_, 1);
  puppet(0).exit();
  loop_.turn();
  EXPECT_EQ(puppets_.size(), 2);
}

TEST_F(FullMachineTest, ItIsTriedOnceMoreAndNotForEver) {
  for (int i = 0; i < 2; ++i) {
    invoke("warm" + std::to_string(i));
    puppet(i).ready();
    puppet(i).answer("1");
    puppet(i).ready();
    change_version();
  }
  invoke("a");
  puppet(2).exit_without_room();
  loop_.turn();
  for (int i = 0; i < 2; ++i)
    if (puppet(i).terminated) puppet(i).exit();
  loop_.turn();
  puppet(3).exit_without_room();
  loop_.turn();
  EXPECT_EQ(answer("a"), "ServiceException");
  EXPECT_EQ(puppets_.size(), 4);
  EXPECT_EQ(pool_->idle_count(), 1);
}

TEST_F(FullMachineTest, WithoutAnIdleOneTheAnswerSaysWhatTheMachineLacks) {
  invoke("busy");
  puppet(0).ready();
  Environment& provisioned = pool_->start_ahead(config_);
  puppet(1).ready();
  EXPECT_EQ(provisioned.initialization(), Initialization::kProvisioned);
  change_version();
  invoke("a");
  puppet(2).exit_without_room();
  loop_.turn();
  EXPECT_EQ(answer("a"), "ServiceException");
  EXPECT_FALSE(puppet(0).terminated || puppet(0).killed);
  EXPECT_FALSE(puppet(1).terminated || puppet(1).killed);
}

TEST_F(FullMachineTest, AnotherReasonEndsNobody) {
  idle_one();
  change_version();
  invoke("a");
  puppet(1).exit(sandbox::Exit::Kind::kNotStarted);
  loop_.turn();
  EXPECT_EQ(answer("a"), "ServiceException");
  EXPECT_FALSE(puppet(0).terminated);
}

TEST_F(FullMachineTest, OneOfItsOwnThatHasComeFreeMeanwhileTakesIt) {
  idle_one();
  change_version();
  invoke("busy");
  puppet(1).ready();
  invoke("a");
  puppet(2).exit_without_room();
  loop_.turn();
  puppet(1).answer("1");
  puppet(1).ready();
  puppet(0).exit();
  loop_.turn();
  EXPECT_EQ(puppets_.size(), 3);
  puppet(1).answer("2");
  EXPECT_EQ(answer("a"), "none") << "until the runtime is back";
  puppet(1).ready();
  EXPECT_EQ(answer("a"), "2");
}

TEST_F(FullMachineTest, OneOfAVersionThatWasReplacedMeanwhileServesThisInvocationAlone) {
  idle_one();
  change_version();
  invoke("a");
  puppet(1).exit_without_room();
  loop_.turn();
  pool_->keep_only({make_config()});
  puppet(0).exit();
  loop_.turn();
  ASSERT_EQ(puppets_.size(), 3);
  puppet(2).ready();
  puppet(2).answer("2");
  puppet(2).ready();
  EXPECT_EQ(answer("a"), "2");
  EXPECT_EQ(pool_->idle_count(), 0);
  EXPECT_TRUE(puppet(2).terminated);
}

TEST_F(FullMachineTest, TheEngineEndsMeanwhile) {
  idle_one();
  change_version();
  invoke("a");
  puppet(1).exit_without_room();
  loop_.turn();
  bool empty = false;
  pool_->abandon_all({ErrorKind::kUnavailable, "Ended", ""});
  pool_->when_empty([&empty] { empty = true; });
  EXPECT_EQ(answer("a"), "Ended");
  puppet(0).exit();
  loop_.turn();
  EXPECT_TRUE(empty);
  EXPECT_EQ(answer("a"), "Ended");
  EXPECT_EQ(puppets_.size(), 2);
}

}  // namespace
}  // namespace kiln::engine
