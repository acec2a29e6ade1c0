#include "net/nap_rule.h"

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

using std::chrono::microseconds;

constexpr Duration kNoNap = Duration::zero();
constexpr size_t kMany = PollRule::kMostAwaited + 1;

NapRule rule_with(Duration usual) {
  NapRule rule;
  for (int i = 0; i < 200; ++i) rule.answered(usual);
  return rule;
}

TEST(NapRule, NapsWhileManyWorkAndNotForTheFewThatArePolledFor) {
  NapRule rule = rule_with(microseconds(800));
  EXPECT_EQ(rule.before_sleep(PollRule::kMostAwaited), kNoNap);
  const Duration nap = rule.before_sleep(kMany);
  EXPECT_NEAR(static_cast<double>(nap.count()), 100'000, 2'000);
  EXPECT_EQ(rule.before_sleep(64), nap);
}

TEST(NapRule, ANapIsAnEighthOfTheUsualTimeUpToALimit) {
  EXPECT_EQ(NapRule().before_sleep(kMany), kNoNap);
  EXPECT_EQ(rule_with(microseconds(100)).before_sleep(kMany), kNoNap);  // not worth it
  EXPECT_GE(rule_with(microseconds(150)).before_sleep(kMany), NapRule::kShortest);
  const Duration longest = rule_with(std::chrono::seconds(5)).before_sleep(kMany);
  EXPECT_LE(longest, NapRule::kLongest);
  EXPECT_GT(longest, NapRule::kLongest * 9 / 10);
}

TEST(NapRule, OneSlowAnswerDoesNotCountForMoreThanOne) {
  NapRule rule = rule_with(microseconds(100));
  rule.answered(std::chrono::hours(1));
  EXPECT_LE(rule.before_sleep(kMany), microseconds(30));
}

TEST(NapRule, EachNapForFewerThanTwoAnswersDoublesThePause) {
  NapRule rule = rule_with(microseconds(800));
  for (const int pause : {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024}) {
    rule.woke(1);
    for (int i = 0; i < pause; ++i) EXPECT_EQ(rule.before_sleep(kMany), kNoNap) << pause;
    EXPECT_NE(rule.before_sleep(kMany), kNoNap) << pause;
  }
  rule.woke(2);
  EXPECT_NE(rule.before_sleep(kMany), kNoNap);
}

}  // namespace
}  // namespace kiln::net
