#include "net/batch_rule.h"

#include <gtest/gtest.h>

namespace kiln::net {
namespace {

using std::chrono::microseconds;

// Ten turns with waits of so long.
BatchRule::Seen seen(size_t answers, size_t at_work, Duration wait = Duration::zero()) {
  return {.answers = answers, .at_work = at_work, .turns = 10, .waited = 10 * wait};
}
const BatchRule::Seen kBusy = seen(BatchRule::kOften, BatchRule::kSeveral);
const BatchRule::Seen kLate = seen(100, 4, BatchRule::kLongestWait + std::chrono::nanoseconds(1));

// Periods until it is SCHED_BATCH again.
int pause(BatchRule& rule) {
  for (int n = 1; n < 100'000; ++n)
    if (rule.after(kBusy)) return n;
  return -1;
}

TEST(BatchRule, WhileSeveralFunctionsAnswerOften) {
  const struct {
    size_t answers, at_work;
    bool batch;
  } cases[] = {
      {0, 0, false},
      {BatchRule::kOften, BatchRule::kSeveral, true},
      {BatchRule::kOften - 1, BatchRule::kSeveral, false},
      {BatchRule::kOften, BatchRule::kSeveral - 1, false},
      {1'000, 64, true},
      {1'000, 1, false},
      {1, 64, false},
  };
  for (const auto& c : cases) {
    BatchRule rule;
    EXPECT_FALSE(rule.batch());
    EXPECT_EQ(rule.after(seen(c.answers, c.at_work)), c.batch) << c.answers << " " << c.at_work;
    EXPECT_EQ(rule.batch(), c.batch);
    // As well when it was before.
    EXPECT_TRUE(BatchRule(rule).after(kBusy));
    BatchRule was;
    was.after(kBusy);
    EXPECT_EQ(was.after(seen(c.answers, c.at_work)), c.batch);
  }
}

TEST(BatchRule, NotWhereItWaitsLongForAProcessor) {
  BatchRule rule;
  rule.after(kBusy);
  EXPECT_TRUE(rule.after(seen(100, 4, BatchRule::kLongestWait)));
  EXPECT_FALSE(rule.after(kLate));
  // A thread that sleeps all the time has waited for nothing.
  BatchRule asleep;
  asleep.after(kBusy);
  EXPECT_TRUE(asleep.after({.answers = 20, .at_work = 2}));
}

TEST(BatchRule, EachPeriodOfLongWaitsDoublesThePauseUpToALimit) {
  BatchRule rule;
  rule.after(kBusy);
  int expected = BatchRule::kFirstPause;
  for (int i = 0; i < 12; ++i) {
    EXPECT_FALSE(rule.after(kLate));
    EXPECT_EQ(pause(rule), expected + 1);
    expected = std::min(expected * 2, BatchRule::kLongestPause);
  }
  EXPECT_EQ(expected, BatchRule::kLongestPause);
}

TEST(BatchRule, WaitsBeforeItDoNotCount) {
  BatchRule rule;
  EXPECT_TRUE(rule.after(kLate)) << "as any other thread it waits for others' turns";
  EXPECT_TRUE(rule.after(kBusy));
}

TEST(BatchRule, PausesBeginAnewAfterALongTimeWithoutLongWaits) {
  for (const int missing : {0, 1}) {
    BatchRule rule;
    rule.after(kBusy);
    rule.after(kLate);
    pause(rule);
    for (int i = 0; i < BatchRule::kProven - missing; ++i) rule.after(kBusy);
    rule.after(kLate);
    EXPECT_EQ(pause(rule), BatchRule::kFirstPause * (1 + missing) + 1);
  }
}

}  // namespace
}  // namespace kiln::net
