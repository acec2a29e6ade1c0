#include "sandbox/start_queue.h"

#include <gtest/gtest.h>

#include "tests/support/sandbox_fixture.h"

namespace kiln::sandbox {
namespace {

// One turn, which the first sandbox has.
class StartQueueTest : public SandboxTest {
 protected:
  StartQueueTest() { most_starts_ = 1; }
  struct Later {
    explicit Later(StartQueueTest& test) : sandbox(*test.host_, owner) {
      sandbox.start(
          test.spec_of({test.isolated() ? "/var/task/bootstrap" : test.dir_ + "/task/bootstrap"}));
    }
    Recorder owner;
    Sandbox sandbox;
  };
  // Its end, so that nothing is left when the host goes.
  void end(Later& later) {
    later.sandbox.kill();
    run_until([&] { return later.owner.exit.has_value(); });
  }
};

TEST_F(StartQueueTest, WhoWaitsBeginsWhenTheOneBeforeHasEnded) {
  start_script("while :; do :; done");
  EXPECT_FALSE(sandbox_->waits());
  Later second(*this);
  EXPECT_TRUE(second.sandbox.waits());
  sandbox_->kill();
  run_until([&] { return !second.sandbox.waits(); });
  run_to_exit();
  end(second);
}

TEST_F(StartQueueTest, OneThatIsKilledWhileItWaitsGivesItsPlaceBack) {
  start_script("while :; do :; done");
  Later second(*this), third(*this);
  second.sandbox.kill();
  EXPECT_FALSE(second.sandbox.waits());
  run_until([&] { return second.owner.exit.has_value(); });
  EXPECT_EQ(second.owner.exit->kind, Exit::Kind::kKilledByUs);
  EXPECT_TRUE(third.sandbox.waits());
  sandbox_->kill();
  run_until([&] { return !third.sandbox.waits(); });
  end(third);
}

TEST_F(StartQueueTest, OneThatIsDestroyedWhileItWaitsGivesItsPlaceBack) {
  start_script("while :; do :; done");
  auto second = std::make_unique<Later>(*this);
  Later third(*this);
  second.reset();
  sandbox_->kill();
  run_until([&] { return !third.sandbox.waits(); });
  end(third);
}

TEST_F(StartQueueTest, OneThatOnlyWaitsForSomethingHoldsUpNobody) {
  start_script("exec sleep 1000");
  Later second(*this);
  EXPECT_TRUE(second.sandbox.waits());
  run_until([&] { return !second.sandbox.waits(); });
  EXPECT_FALSE(recorder_.exit.has_value());
  end(second);
}

}  // namespace
}  // namespace kiln::sandbox
