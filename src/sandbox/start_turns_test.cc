#include "sandbox/start_turns.h"

#include <gtest/gtest.h>

namespace kiln::sandbox {
namespace {

using namespace std::chrono_literals;

SteadyTime at(Duration since) { return SteadyTime(1h) + since; }

TEST(StartTurns, AsManyBeginAsThereAreTurnsAndOthersInTheirOrder) {
  StartTurns turns(2);
  const uint64_t a = turns.ask("f"), b = turns.ask("f"), c = turns.ask("f"), d = turns.ask("f");
  EXPECT_EQ(turns.next(at(0s)), a);
  EXPECT_EQ(turns.next(at(0s)), b);
  EXPECT_EQ(turns.next(at(0s)), std::nullopt);
  EXPECT_TRUE(turns.has_turn(a) && !turns.has_turn(c));
  turns.leave(c);  // dropped while it waits
  turns.leave(b);
  EXPECT_EQ(turns.next(at(0s)), d);
  EXPECT_FALSE(turns.any_waits());
  turns.leave(a);
  turns.leave(d);
  turns.leave(d);
}

TEST(StartTurns, OneThatNeverEndsLosesItsTurn) {
  StartTurns turns(1);
  const uint64_t endless = turns.ask("f");
  EXPECT_EQ(turns.next(at(0s)), endless);
  const uint64_t next = turns.ask("f");
  EXPECT_EQ(turns.next(at(StartTurns::kLong) - 1ms), std::nullopt);
  EXPECT_EQ(turns.next(at(StartTurns::kLong)), next);
  EXPECT_FALSE(turns.has_turn(endless));
}

TEST(StartTurns, AFunctionThatHasNoneIsNotHeldUpByOneThatHasAll) {
  StartTurns turns(2);
  for (int i = 0; i < 100; ++i) turns.ask("storm");
  turns.next(at(0s));
  turns.next(at(0s));
  const uint64_t other = turns.ask("other");
  EXPECT_EQ(turns.next(at(StartTurns::kShort) - 1ms), std::nullopt);
  EXPECT_EQ(turns.next(at(StartTurns::kShort)), other);
}

TEST(StartTurns, OneThatSleepsLetsAnotherGo) {
  StartTurns turns(1);
  const uint64_t a = turns.ask("f");
  EXPECT_EQ(turns.next(at(0s)), a);
  turns.sleeps(a);
  EXPECT_TRUE(turns.has_turn(a)) << "nobody waits";
  const uint64_t b = turns.ask("f");
  turns.sleeps(a);
  EXPECT_EQ(turns.next(at(0s)), b);
  turns.leave(a);
  EXPECT_TRUE(turns.has_turn(b));
}

}  // namespace
}  // namespace kiln::sandbox
