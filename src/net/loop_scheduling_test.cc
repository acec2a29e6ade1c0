#include "net/loop_scheduling.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "net/io_loop.h"

namespace kiln::net {
namespace {

int policy() { return ::sched_getscheduler(0); }

// Threads keep their policy, so each test has one of its own.
template <class F>
void on_thread(F&& f) {
  std::thread(f).join();
}

class LoopSchedulingTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::access("/proc/thread-self/schedstat", R_OK) != 0) GTEST_SKIP() << "no schedstat here";
    on_thread([] {
      const sched_param none = {};
      if (::sched_setscheduler(0, SCHED_BATCH, &none) != 0) GTEST_SKIP() << "no SCHED_BATCH here";
    });
    if (IsSkipped()) return;
  }
  SteadyTime now_ = SteadyTime(std::chrono::seconds(5));
  size_t answers_ = 0;
};

TEST_F(LoopSchedulingTest, IsBatchWhileSeveralFunctionsAnswerOften) {
  on_thread([this] {
    LoopScheduling scheduling;
    EXPECT_EQ(scheduling.due(), SteadyTime::max());
    scheduling.begin();
    EXPECT_LE(scheduling.due(), now_);
    scheduling.look(now_, answers_ += BatchRule::kOften, BatchRule::kSeveral);
    EXPECT_EQ(policy(), SCHED_BATCH);
    EXPECT_EQ(scheduling.due(), now_ + BatchRule::kPeriod);
    EXPECT_EQ(scheduling.wake_at(), scheduling.due()) << "so that it ends when nothing happens";
    scheduling.look(now_ + BatchRule::kPeriod, answers_, 0);
    EXPECT_EQ(policy(), SCHED_OTHER);
    EXPECT_EQ(scheduling.wake_at(), SteadyTime::max());
  });
}

TEST_F(LoopSchedulingTest, AnotherPolicyThanTheUsualOneStays) {
  on_thread([this] {
    const sched_param none = {};
    ASSERT_EQ(::sched_setscheduler(0, SCHED_IDLE, &none), 0);
    LoopScheduling scheduling;
    scheduling.begin();
    EXPECT_EQ(scheduling.due(), SteadyTime::max());
  });
}

TEST_F(LoopSchedulingTest, NicenessStays) {
  on_thread([this] {
    ASSERT_EQ(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 3), 0);
    LoopScheduling scheduling;
    scheduling.begin();
    scheduling.look(now_, answers_ += BatchRule::kOften, BatchRule::kSeveral);
    EXPECT_EQ(policy(), SCHED_BATCH);
    EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())), 3);
  });
}

// The loop wakes to leave it, though nothing happens any more.
TEST_F(LoopSchedulingTest, ALoopThatSleepsIsNotBatch) {
  const SystemClock clock;
  IoLoop loop(0, clock);
  loop.start();
  std::promise<pid_t> told;
  loop.post([&] {
    for (int i = 0; i < 3; ++i) loop.work_given();
    told.set_value(::gettid());
  });
  const pid_t thread = told.get_future().get();
  const auto answer = [&] {
    for (size_t i = 0; i < BatchRule::kOften; ++i) {
      loop.work_given();
      loop.work_done(std::chrono::microseconds(10));
    }
  };
  while (::sched_getscheduler(thread) != SCHED_BATCH) {
    loop.post(answer);
    std::this_thread::yield();
  }
  while (::sched_getscheduler(thread) != SCHED_OTHER) std::this_thread::yield();
  loop.stop();
  loop.join();
}

}  // namespace
}  // namespace kiln::net
