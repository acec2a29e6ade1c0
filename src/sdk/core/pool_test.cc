// Pool and Lazy. Their promises about threads are tested with threads.
#include "kiln/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "kiln/lazy.h"

namespace kiln {
namespace {

using std::chrono::milliseconds;

struct Item {
  explicit Item(int n) : number(n) { ++alive; }
  ~Item() { --alive; }
  int number;
  bool broken = false;
  static inline std::atomic<int> alive = 0;
};

struct Factory {
  std::atomic<int> made = 0;
  std::atomic<bool> fails = false;
  Pool<Item>::Open open() {
    return [this] {
      if (fails) throw std::runtime_error("can't open");
      return std::make_unique<Item>(++made);
    };
  }
};

TEST(Pool, OpensNothingBeforeItIsUsedAndMinimumThen) {
  Factory factory;
  Pool<Item> pool({.min = 3, .max = 5}, factory.open());
  EXPECT_EQ(factory.made, 0);
  { const auto lease = pool.checkout(); }
  EXPECT_EQ(factory.made, 3);
  EXPECT_EQ(pool.idle_count(), 3u);
}

TEST(Pool, ReusesTheLastReturnedItem) {
  Factory factory;
  Pool<Item> pool({.min = 0, .max = 5}, factory.open());
  for (int i = 0; i < 10; ++i) {
    const auto lease = pool.checkout();
    EXPECT_EQ(lease->number, 1);
  }
  EXPECT_EQ(pool.open_count(), 1u);
}

TEST(Pool, GivesOutTheMaximumAndThenTimesOut) {
  Factory factory;
  Pool<Item> pool({.min = 1, .max = 2, .checkout_timeout = milliseconds(20)}, factory.open());
  const auto first = pool.checkout();
  {
    const auto second = pool.checkout();
    EXPECT_NE(first->number, second->number);
    EXPECT_THROW(pool.checkout(), PoolTimeout);
  }
  EXPECT_NO_THROW(pool.checkout());
}

TEST(Pool, AWaitingCheckoutGetsTheReturnedItem) {
  Factory factory;
  Pool<Item> pool({.min = 1, .max = 1, .checkout_timeout = std::chrono::minutes(1)},
                  factory.open());
  std::optional<Pool<Item>::Lease> held(pool.checkout());
  std::latch started(1);
  std::thread waiter([&] {
    started.count_down();
    EXPECT_EQ(pool.checkout()->number, 1);
  });
  started.wait();
  held.reset();
  waiter.join();
}

TEST(Pool, AnExceptionGivesTheItemBack) {
  Factory factory;
  Pool<Item> pool({.min = 1, .max = 1, .checkout_timeout = milliseconds(0)}, factory.open());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THROW(
        {
          const auto lease = pool.checkout();
          throw std::logic_error("user's");
        },
        std::logic_error);
  }
  EXPECT_EQ(pool.idle_count(), 1u);
  EXPECT_EQ(factory.made, 1);
}

TEST(Pool, BrokenItemsAreClosedAndReplaced) {
  Factory factory;
  Pool<Item> pool({.min = 1, .max = 1, .checkout_timeout = milliseconds(0)}, factory.open(),
                  [](Item& item) { return !item.broken; });
  pool.checkout()->broken = true;
  EXPECT_EQ(pool.open_count(), 0u);
  {
    auto lease = pool.checkout();
    EXPECT_EQ(lease->number, 2);
    lease.discard();
    lease.discard();                        // twice does no harm
    EXPECT_EQ(pool.checkout()->number, 3);  // its place is free already
  }
  EXPECT_EQ(Item::alive, 1);
}

TEST(Pool, AFailedOpenLeavesNoGap) {
  Factory factory;
  Pool<Item> pool({.min = 1, .max = 1, .checkout_timeout = milliseconds(0)}, factory.open());
  factory.fails = true;
  for (int i = 0; i < 3; ++i) EXPECT_THROW(pool.checkout(), std::runtime_error);
  factory.fails = false;
  EXPECT_NO_THROW(pool.checkout());
}

TEST(Pool, RefusesSenselessBounds) {
  Factory factory;
  EXPECT_THROW(Pool<Item>({.min = 0, .max = 0}, factory.open()), std::invalid_argument);
  EXPECT_THROW(Pool<Item>({.min = 3, .max = 2}, factory.open()), std::invalid_argument);
}

TEST(Pool, UnderThreadsNoItemHasTwoUsersAndNoneIsLost) {
  Factory factory;
  std::atomic<int> users[64] = {};
  std::atomic<bool> shared = false;
  {
    Pool<Item> pool({.min = 1, .max = 4, .checkout_timeout = std::chrono::minutes(1)},
                    factory.open(), [](Item& item) { return !item.broken; });
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 500; ++i) {
          try {
            auto lease = pool.checkout();
            std::atomic<int>& mine = users[lease->number % 64];
            if (++mine != 1) shared = true;
            --mine;
            if (i % 97 == t) lease->broken = true;
            if (i % 89 == t) throw 1;
          } catch (int) {
          }
        }
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_FALSE(shared);
    EXPECT_LE(pool.open_count(), 4u);
    EXPECT_EQ(pool.open_count(), pool.idle_count());
  }
  EXPECT_EQ(Item::alive, 0);
}

TEST(Lazy, IsMadeOnceAtFirstUse) {
  std::atomic<int> made = 0;
  Lazy<int> lazy([&] { return std::make_unique<int>(++made); });
  EXPECT_FALSE(lazy.opened());
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_EQ(*lazy, 1); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_TRUE(lazy.opened());
}

TEST(Lazy, AFailureIsTriedAgainAtTheNextUse) {
  int attempts = 0;
  Lazy<int> lazy([&] {
    if (++attempts < 3) throw std::runtime_error("down");
    return std::make_unique<int>(attempts);
  });
  EXPECT_THROW(lazy.get(), std::runtime_error);
  EXPECT_THROW(lazy.get(), std::runtime_error);
  EXPECT_EQ(lazy.get(), 3);
  EXPECT_EQ(lazy.get(), 3);
}

}  // namespace
}  // namespace kiln
