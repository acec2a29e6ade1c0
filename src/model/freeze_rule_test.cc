#include "model/freeze_rule.h"

#include <gtest/gtest.h>

namespace kiln::model {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Verdict = FreezeRule::Verdict;

TEST(FreezeRule, WhatSleepsIsLookedAtLessAndLess) {
  FreezeRule rule;
  rule.begin();
  Duration before{0};
  for (size_t i = 0; i + 1 < FreezeRule::kLooks.size(); ++i) {
    EXPECT_GE(rule.until_look(), before);
    before = rule.until_look();
    EXPECT_EQ(rule.look(milliseconds(100) + microseconds(900 * i)), Verdict::kLookAgain);
  }
  EXPECT_EQ(rule.look(microseconds(106'300)), Verdict::kSleeps);
}

TEST(FreezeRule, WhatHasWorkedBetweenTwoLooksIsFrozen) {
  FreezeRule rule;
  rule.begin();
  EXPECT_EQ(rule.look(milliseconds(100)), Verdict::kLookAgain);
  EXPECT_EQ(rule.look(milliseconds(101)), Verdict::kFreeze);
  rule.begin();
  EXPECT_EQ(rule.until_look(), milliseconds(5));
  // What the invocation used counts for nothing.
  EXPECT_EQ(rule.look(milliseconds(900)), Verdict::kLookAgain);
}

}  // namespace
}  // namespace kiln::model
