#include "sandbox/start_turns.h"

#include <gtest/gtest.h>

namespace kiln::sandbox {
namespace {

using namespace std::chrono_literals;

SteadyTime at(Duration since) { return SteadyTime(1h) + since; }

TEST(StartTurns, AsManyBeginAsThereAreTurnsAndOthersInTheirOrder) {
  StartTurns turns;
  constexpr size_t kMost = 2;
  const uint64_t a = turns.ask("f", true), b = turns.ask("f", true), c = turns.ask("f", true),
                 d = turns.ask("f", true);
  EXPECT_EQ(turns.next(at(0s), kMost), a);
  EXPECT_EQ(turns.next(at(0s), kMost), b);
  EXPECT_EQ(turns.next(at(0s), kMost), std::nullopt);
  EXPECT_TRUE(turns.has_turn(a) && !turns.has_turn(c));
  turns.leave(c);  // dropped while it waits
  turns.leave(b);
  EXPECT_EQ(turns.next(at(0s), kMost), d);
  EXPECT_FALSE(turns.any_waits());
  turns.leave(a);
  turns.leave(d);
  turns.leave(d);
}

TEST(StartTurns, OneThatNeverEndsLosesItsTurn) {
  StartTurns turns;
  constexpr size_t kMost = 1;
  const uint64_t endless = turns.ask("f", true);
  EXPECT_EQ(turns.next(at(0s), kMost), endless);
  const uint64_t next = turns.ask("f", true);
  EXPECT_EQ(turns.next(at(StartTurns::kLong) - 1ms, kMost), std::nullopt);
  EXPECT_EQ(turns.next(at(StartTurns::kLong), kMost), next);
  EXPECT_FALSE(turns.has_turn(endless));
}

TEST(StartTurns, AFunctionThatHasNoneIsNotHeldUpByOneThatHasAll) {
  StartTurns turns;
  constexpr size_t kMost = 2;
  for (int i = 0; i < 100; ++i) turns.ask("storm", true);
  turns.next(at(0s), kMost);
  turns.next(at(0s), kMost);
  const uint64_t other = turns.ask("other", true);
  EXPECT_EQ(turns.next(at(StartTurns::kShort) - 1ms, kMost), std::nullopt);
  EXPECT_EQ(turns.next(at(StartTurns::kShort), kMost), other);
}

TEST(StartTurns, ThoseThatACallerWaitsForComeFirst) {
  StartTurns turns;
  const uint64_t ahead = turns.ask("f", false), next_ahead = turns.ask("f", false);
  const uint64_t called = turns.ask("f", true);
  EXPECT_EQ(turns.next(at(0s), 3), called);
  EXPECT_EQ(turns.next(at(0s), 3), ahead);
  EXPECT_EQ(turns.next(at(0s), 3), next_ahead);
}

TEST(StartTurns, OneThatSleepsLetsAnotherGo) {
  StartTurns turns;
  constexpr size_t kMost = 1;
  const uint64_t a = turns.ask("f", true);
  EXPECT_EQ(turns.next(at(0s), kMost), a);
  turns.sleeps(a);
  EXPECT_TRUE(turns.has_turn(a)) << "nobody waits";
  const uint64_t b = turns.ask("f", true);
  turns.sleeps(a);
  EXPECT_EQ(turns.next(at(0s), kMost), b);
  turns.leave(a);
  EXPECT_TRUE(turns.has_turn(b));
}

}  // namespace
}  // namespace kiln::sandbox
