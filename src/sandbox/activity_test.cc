#include "sandbox/activity.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

namespace kiln::sandbox {
namespace {

// The threads of this process: the first one, which asks and so runs, and others that sleep.
class ActivityTest : public testing::Test {
 protected:
  ~ActivityTest() override {
    end_ = true;
    end_.notify_all();
  }
  void start(int sleepers) {
    std::latch begun(sleepers);
    for (int i = 0; i < sleepers; ++i)
      threads_.emplace_back([&] {
        begun.count_down();
        end_.wait(false);
      });
    begun.wait();
  }

 private:
  std::atomic<bool> end_ = false;
  std::vector<std::jthread> threads_;
};

TEST_F(ActivityTest, OneThatRunsIsFoundInOneLook) {
  start(3);
  int looks = 8;
  EXPECT_TRUE(is_at_work(::getpid(), looks));
  EXPECT_EQ(looks, 7);
}

TEST_F(ActivityTest, NoMoreThreadsAreLookedAtThanAsked) {
  int looks = 0;
  EXPECT_FALSE(is_at_work(::getpid(), looks));
  EXPECT_EQ(looks, 0);
  // Of a process that sleeps each is looked at, but for those beyond.
  const pid_t child = ::fork();
  if (child == 0) {
    for (;;) ::pause();
  }
  looks = 1;
  while (is_at_work(child, looks)) looks = 1;
  EXPECT_EQ(looks, 0);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

TEST_F(ActivityTest, NoSuchProcessIsAtWorkNowhere) {
  int looks = 2;
  EXPECT_FALSE(is_at_work(1 << 30, looks));
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(rss_bytes(1 << 30), 0);
  EXPECT_EQ(peak_rss_bytes(1 << 30), 0);
  EXPECT_GT(rss_bytes(::getpid()), 0);
  EXPECT_GE(peak_rss_bytes(::getpid()), rss_bytes(::getpid()) / 2);
}

}  // namespace
}  // namespace kiln::sandbox
