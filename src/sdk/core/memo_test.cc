#include "kiln/memo.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <vector>

namespace kiln {
namespace {

TEST(Memo, MakesAValueOnce) {
  Memo<int, std::string> memo(2);
  int made = 0;
  const auto make = [&] { return std::to_string(++made); };
  const auto [first, first_cached] = memo.get(7, make);
  EXPECT_EQ(first, "1");
  EXPECT_FALSE(first_cached);
  const auto [second, second_cached] = memo.get(7, make);
  EXPECT_EQ(second, "1");
  EXPECT_TRUE(second_cached);
  EXPECT_EQ(memo.hits(), 1u);
  EXPECT_EQ(memo.misses(), 1u);
}

TEST(Memo, HoldsItsCapacityAndNoMore) {
  Memo<int, int> memo(3);
  for (int i = 0; i < 3; ++i) memo.get(i, [i] { return i; });
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(memo.get(i, [] { return -1; }).cached) << i;
  memo.get(3, [] { return 3; });
  EXPECT_EQ(memo.size(), 3u);
  EXPECT_FALSE(memo.get(0, [] { return 10; }).cached);
}

TEST(Memo, TheLeastRecentlyUsedGoesFirst) {
  Memo<std::string, int> memo(2);
  memo.get("a", [] { return 1; });
  memo.get("b", [] { return 2; });
  memo.get("a", [] { return -1; });  // now b is the older one
  memo.get("c", [] { return 3; });
  EXPECT_TRUE(memo.get("a", [] { return -1; }).cached);
  EXPECT_FALSE(memo.get("b", [] { return 2; }).cached);
}

TEST(Memo, ACapacityOfZeroIsRefused) {
  EXPECT_THROW((Memo<int, int>(0)), std::invalid_argument);
  EXPECT_NO_THROW((Memo<int, int>(1)));
}

TEST(Memo, AnExceptionCachesNothing) {
  Memo<int, int> memo(2);
  EXPECT_THROW(memo.get(1, []() -> int { throw std::runtime_error("down"); }), std::runtime_error);
  EXPECT_EQ(memo.size(), 0u);
  const auto again = memo.get(1, [] { return 5; });
  EXPECT_EQ(again.value, 5);
  EXPECT_FALSE(again.cached);
}

TEST(Memo, ValuesMayAskForOtherKeysButNotForTheirOwn) {
  Memo<int, int64_t> memo(100);
  std::function<int64_t(int)> fibonacci = [&](int n) -> int64_t {
    return memo.get(n, [&] { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }).value;
  };
  EXPECT_EQ(fibonacci(90), 2880067194370816120);
  EXPECT_THROW(memo.get(1000, [&] { return memo.get(1000, [] { return 1; }).value; }),
               std::logic_error);
  EXPECT_EQ(memo.get(1000, [] { return 2; }).value, 2);
}

TEST(Memo, OneThreadMakesWhileTheOthersWait) {
  Memo<int, std::shared_ptr<int>> memo(8);
  std::atomic<int> made = 0;
  std::atomic<int> from_cache = 0;
  constexpr int kThreads = 8;
  std::latch start(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto answer = memo.get(1, [&] {
        ++made;
        return std::make_shared<int>(42);
      });
      EXPECT_EQ(*answer.value, 42);
      from_cache += answer.cached ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(from_cache, kThreads - 1);
}

TEST(Memo, AWaiterTriesNextWhenTheMakerFails) {
  Memo<int, int> memo(8);
  std::latch making(1);
  std::latch fail(1);
  std::thread maker([&] {
    EXPECT_THROW(memo.get(1,
                          [&]() -> int {
                            making.count_down();
                            fail.wait();
                            throw std::runtime_error("down");
                          }),
                 std::runtime_error);
  });
  making.wait();
  std::thread waiter([&] {
    const auto answer = memo.get(1, [] { return 9; });
    EXPECT_EQ(answer.value, 9);
    EXPECT_FALSE(answer.cached);
  });
  fail.count_down();
  maker.join();
  waiter.join();
  EXPECT_EQ(memo.misses(), 2u);
}

TEST(Memo, ClearForgetsValuesAndKeepsTheCounters) {
  Memo<int, int> memo(8);
  memo.get(1, [] { return 1; });
  memo.clear();
  EXPECT_EQ(memo.size(), 0u);
  EXPECT_FALSE(memo.get(1, [] { return 1; }).cached);
  EXPECT_EQ(memo.misses(), 2u);
}

}  // namespace
}  // namespace kiln
