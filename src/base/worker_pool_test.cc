#include "base/worker_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>
#include <vector>

#include "base/fence.h"

namespace kiln {
namespace {

TEST(WorkerPool, DoesInOrderWhatIsPosted) {
  std::vector<int> done;
  WorkerPool pool({"test", 0, 1});
  std::promise<void> last;
  for (int i = 0; i < 100; ++i) pool.post([&done, i] { done.push_back(i); });
  pool.post([&last] { last.set_value(); });
  last.get_future().wait();
  ASSERT_EQ(done.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(done[static_cast<size_t>(i)], i);
}

TEST(WorkerPool, BlockedWorkKeepsNoOtherFromRunning) {
  WorkerPool pool({"test", 1, 3});
  std::promise<void> hold;
  const std::shared_future<void> held(hold.get_future());
  pool.post([held] { held.wait(); });
  pool.post([held] { held.wait(); });
  std::promise<void> third;
  pool.post([&] { third.set_value(); });
  third.get_future().wait();  // though two block
  EXPECT_EQ(pool.threads(), 3u);
  hold.set_value();
}

TEST(WorkerPool, NeverHasMoreThreadsThanItMay) {
  WorkerPool pool({"test", 0, 4});
  std::atomic<int> at_once{0}, most{0};
  for (int i = 0; i < 1000; ++i)
    pool.post([&] {
      const int now = ++at_once;
      int seen = most;
      while (seen < now && !most.compare_exchange_weak(seen, now)) continue;
      --at_once;
    });
  pool.join();
  EXPECT_LE(most, 4);
}

TEST(WorkerPool, ThreadsWithoutWorkEndButThoseThatStay) {
  WorkerPool pool({"test", 1, 8, std::chrono::milliseconds(1)});
  std::latch all(8);
  for (int i = 0; i < 8; ++i) pool.post([&] { all.arrive_and_wait(); });
  all.wait();
  while (pool.threads() > 1) std::this_thread::yield();
  std::promise<void> again;
  pool.post([&] { again.set_value(); });
  again.get_future().wait();
}

TEST(WorkerPool, AnExceptionEndsThatWorkAlone) {
  const uint64_t before = internal_errors();
  const FenceListener listener = set_fence_listener([](std::string_view, std::string_view) {});
  {
    WorkerPool pool({"test", 0, 1});
    std::promise<void> reached;
    pool.post([] { throw std::runtime_error("no"); });
    pool.post([&] { reached.set_value(); });
    reached.get_future().wait();
  }
  set_fence_listener(listener);
  EXPECT_EQ(internal_errors() - before, 1u);
}

TEST(WorkerPool, TheEndWaitsForWhatHasBegunAndDropsTheRest) {
  WorkerPool pool({"test", 1, 1});
  std::promise<void> begun, hold;
  bool done = false;
  pool.post([&] {
    begun.set_value();
    hold.get_future().wait();
    done = true;
  });
  begun.get_future().wait();
  const auto held = std::make_shared<int>(0);
  pool.post([held] { ++*held; });
  pool.close();
  EXPECT_EQ(held.use_count(), 1) << "before what has begun has ended";
  hold.set_value();
  pool.join();
  EXPECT_TRUE(done);
  EXPECT_EQ(*held, 0);
}

TEST(WorkerPool, WhatIsPostedAfterTheEndIsDropped) {
  WorkerPool pool({"test", 1, 1});
  pool.join();
  const auto held = std::make_shared<int>(0);
  pool.post([held] { ++*held; });
  EXPECT_EQ(*held, 0);
  EXPECT_EQ(held.use_count(), 1);
  pool.join();
}

// In a process of its own, which is given no more threads.
TEST(WorkerPool, WithoutThreadsItSaysSoAndTheCallerWorks) {
  const pid_t child = ::fork();
  if (child == 0) {
    pthread_attr_t attributes;  // stacks for which no machine has room
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, size_t{1} << 46);
    pthread_setattr_default_np(&attributes);
    WorkerPool pool({"test", 0, 4});
    const auto able = pool.ensure();
    bool done = false;
    pool.post([&] { done = true; });
    const bool right = !able && able.error().kind == ErrorKind::kUnavailable && done;
    ::_exit(right ? 0 : able ? 1 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace kiln
