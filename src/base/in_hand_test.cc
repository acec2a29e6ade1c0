#include "base/in_hand.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "base/fence.h"

namespace kiln {
namespace {

std::string told() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  write_in_hand(ends[1]);
  ::close(ends[1]);
  std::string out;
  char part[4096];
  for (ssize_t n; (n = ::read(ends[0], part, sizeof part)) > 0;)
    out.append(part, static_cast<size_t>(n));
  ::close(ends[0]);
  return out;
}

TEST(InHand, TheNewestIsNamedAndEndsWithItsScope) {
  EXPECT_EQ(in_hand(), "");
  {
    const InHand outer("the router");
    EXPECT_EQ(in_hand(), "the router");
    {
      const InHand inner("POST /2015-03-31/functions");
      EXPECT_EQ(in_hand(), "POST /2015-03-31/functions");
      EXPECT_NE(told().find(": the router > POST /2015-03-31/functions\n"), std::string::npos);
    }
    EXPECT_EQ(in_hand(), "the router");
  }
  EXPECT_EQ(told(), "");
}

TEST(InHand, LongTextsAreCutAndDeepOnesCounted) {
  const InHand one(std::string(500, 'x'));
  EXPECT_EQ(in_hand(), std::string(InHand::kBytes, 'x'));
  const InHand two("2"), three("3"), four("4");
  {
    const InHand five("5");
    EXPECT_EQ(in_hand(), "4");
  }
  EXPECT_EQ(in_hand(), "4");
}

TEST(InHand, EachThreadHasItsOwn) {
  std::latch taken(3), seen(3);
  std::vector<std::thread> threads;
  for (const char* what : {"a", "b"})
    threads.emplace_back([&, what] {
      fenced(what, [&] {
        taken.arrive_and_wait();
        EXPECT_EQ(in_hand(), what);
        seen.arrive_and_wait();
      });
    });
  taken.arrive_and_wait();
  const std::string all = told();
  EXPECT_NE(all.find(": a\n"), std::string::npos) << all;
  EXPECT_NE(all.find(": b\n"), std::string::npos) << all;
  EXPECT_EQ(in_hand(), "");
  seen.arrive_and_wait();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(told(), "");
}

TEST(InHand, MoreThreadsThanItTellsOfWorkAllTheSame) {
  constexpr size_t kThreads = InHand::kMostThreads + 8;
  std::latch all(kThreads);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i)
    threads.emplace_back([&] {
      const InHand one("x");
      all.arrive_and_wait();
    });
  for (std::thread& thread : threads) thread.join();
  const InHand again("free again");
  EXPECT_EQ(in_hand(), "free again");
}

}  // namespace
}  // namespace kiln
