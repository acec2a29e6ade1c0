#include "net/poll_rule.h"

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

constexpr Duration kNone = Duration::zero();

TEST(PollRule, PollsForAFewAndNotForNobodyOrMany) {
  PollRule rule;
  EXPECT_EQ(rule.before_sleep(0), kNone);
  EXPECT_EQ(rule.before_sleep(1), PollRule::kLongest);
  EXPECT_EQ(rule.before_sleep(PollRule::kMostAwaited), PollRule::kLongest);
  EXPECT_EQ(rule.before_sleep(PollRule::kMostAwaited + 1), kNone);
}

// How many sleeps pass until the next poll.
int pause_of(PollRule& rule) {
  int pause = 0;
  while (rule.before_sleep(1) == kNone) ++pause;
  return pause;
}

TEST(PollRule, EachMissDoublesThePauseUpToALimit) {
  PollRule rule;
  for (const int pause : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024}) {
    rule.missed();
    EXPECT_EQ(pause_of(rule), pause);
  }
}

TEST(PollRule, NewsEndThePauses) {
  PollRule rule;
  for (int i = 0; i < 5; ++i) rule.missed();
  EXPECT_EQ(pause_of(rule), 16);
  rule.came();
  EXPECT_EQ(pause_of(rule), 0);
  rule.missed();
  EXPECT_EQ(pause_of(rule), 1);
}

TEST(PollRule, SleepsWithoutAnybodyAwaitedDoNotCount) {
  PollRule rule;
  rule.missed();
  EXPECT_EQ(rule.before_sleep(0), kNone);
  EXPECT_EQ(rule.before_sleep(1), kNone);
  EXPECT_EQ(rule.before_sleep(1), PollRule::kLongest);
}

}  // namespace
}  // namespace kiln::net
