#include "net/body_room.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace kiln::net {
namespace {

TEST(BodyRoom, IsFullAtItsLimitAndNotBefore) {
  BodyRoom room(100);
  EXPECT_TRUE(room.take(1, 60));
  EXPECT_FALSE(room.take(2, 41));
  EXPECT_EQ(room.used(), 60U);
  EXPECT_TRUE(room.take(2, 40));
  EXPECT_FALSE(room.take(1, 1));
  EXPECT_TRUE(room.take(1, 0));
  EXPECT_FALSE(room.take(3, ~uint64_t{0}));
  room.give_back(1, 60);
  EXPECT_EQ(room.used(), 40U);
  EXPECT_TRUE(room.take(3, 60));
}

TEST(BodyRoom, TheGroupThatHoldsMostMakesWay) {
  struct Case {
    std::vector<std::pair<uint64_t, uint64_t>> held;  // group, bytes
    uint64_t group, bytes, goes;
  };
  const std::vector<Case> cases = {
      {{{1, 50}, {2, 30}}, 3, 20, 1},           // another's
      {{{1, 50}, {2, 30}}, 2, 10, 1},           // of what it would have, the other still more
      {{{1, 50}, {2, 30}}, 2, 21, 2},           // its own, by one byte
      {{{1, 50}, {2, 30}}, 2, 20, 1},           // the same: the other, as it has it already
      {{{1, 50}, {2, 30}}, 1, 1, 1},            // its own, as before
      {{{1, 20}, {1, 20}, {2, 30}}, 3, 10, 1},  // a group's requests count together
      {{{1, 30}, {2, 50}, {3, 40}}, 4, 60, 4},  // alone it would hold most
      {{}, 1, 200, 1},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    BodyRoom room(1000);
    for (const auto& [group, bytes] : cases[i].held) ASSERT_TRUE(room.take(group, bytes));
    EXPECT_EQ(room.who_makes_way(cases[i].group, cases[i].bytes), cases[i].goes) << i;
  }
}

TEST(BodyRoom, WhoHasGivenAllBackDoesNotMakeWay) {
  BodyRoom room(100);
  ASSERT_TRUE(room.take(1, 80));
  ASSERT_TRUE(room.take(2, 20));
  room.give_back(1, 80);
  EXPECT_EQ(room.who_makes_way(3, 1), 2U);
}

TEST(BodyRoom, EachLoopHasItsPartAndAlwaysEnoughForFour) {
  EXPECT_EQ(BodyRoom::of_each(1000, 1, 70), 1000U);
  EXPECT_EQ(BodyRoom::of_each(1000, 3, 70), 333U);
  EXPECT_EQ(BodyRoom::of_each(1000, 4, 70), 280U);
  EXPECT_EQ(BodyRoom::of_each(1000, 8, 70), 280U);
  EXPECT_EQ(BodyRoom::of_each(1000, 0, 70), 1000U);
}

}  // namespace
}  // namespace kiln::net
