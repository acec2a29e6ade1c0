// A pool while more invocations than its processors can take at a time are under way: who waits for
// environments at work although others are idle, and what these are shown ahead of its turn.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/pool_fixture.h"

namespace kiln::engine {
namespace {

using namespace std::chrono_literals;
using tests::PoolTest;
using tests::SandboxPuppet;

// With two processors, so that four are enough at work.
class CrowdedPoolTest : public PoolTest {
 protected:
  static constexpr int kEnvironments = 8;
  CrowdedPoolTest() {
    host_.processors = 2;
    host_.processors_idle = [this] { return idle_; };
    all("warm");
    for (int i = 0; i < kEnvironments; ++i) {
      puppet(i).ready();
      puppet(i).answer("0");
      puppet(i).ready();
    }
    EXPECT_EQ(pool_->idle_count(), kEnvironments);
  }
  // An invocation for each environment.
  void all(const std::string& name) {
    for (int i = 0; i < kEnvironments; ++i) invoke(name + std::to_string(i));
  }
  // Of the invocations of all().
  int answered(const std::string& name) {
    int count = 0;
    for (int i = 0; i < kEnvironments; ++i) count += answers_.contains(name + std::to_string(i));
    return count;
  }
  // Each that has an event answers it. How many had one.
  int answer_all() {
    int count = 0;
    for (const auto& p : puppets_) {
      if (p->waiting || p->exited) continue;
      ++count;
      p->answer("1");
      p->ready();
    }
    return count;
  }
  int at_work() const { return kEnvironments - static_cast<int>(pool_->idle_count()); }

  Duration idle_{0};
};

TEST_F(CrowdedPoolTest, WhoFindsEnoughAtWorkIsServedByThem) {
  all("a");
  // One of those in reserve is used now and then.
  EXPECT_EQ(at_work(), 5);
  while (answered("a") < kEnvironments) ASSERT_GT(answer_all(), 0);
  std::vector<size_t> events;
  for (const auto& p : puppets_) events.push_back(p->requests.size());
  EXPECT_EQ(std::count(events.begin(), events.end(), 1), 3) << "the warm-up's";
  EXPECT_EQ(pool_->size(), kEnvironments);
  EXPECT_EQ(pool_->idle_count(), kEnvironments);
}

TEST_F(CrowdedPoolTest, NobodyTakesWhatIsInReserveForAnother) {
  all("a");
  EXPECT_EQ(pool_->idle_count(), 3);
  invoke("more");
  EXPECT_EQ(pool_->idle_count(), 3);
  EXPECT_EQ(pool_->size(), kEnvironments + 1);
  while (answered("a") < kEnvironments || answer("more") == "none") ASSERT_GT(answer_all(), 0);
  EXPECT_EQ(pool_->size(), kEnvironments + 1);
}

TEST_F(CrowdedPoolTest, IdleOnesAreWokenWhenNobodyAnswers) {
  all("a");
  EXPECT_EQ(at_work(), 5);
  loop_.advance(5ms);
  EXPECT_EQ(at_work(), kEnvironments);
  answer_all();
  EXPECT_EQ(answered("a"), kEnvironments);
  all("b");
  EXPECT_EQ(at_work(), kEnvironments) << "not tried again at once";
  answer_all();
  EXPECT_EQ(answered("b"), kEnvironments);
}

TEST_F(CrowdedPoolTest, IdleOnesAreWokenWhenProcessorsAreIdle) {
  const auto everybody = [this](const std::string& name) {
    all(name);
    while (answered(name) < kEnvironments) ASSERT_GT(answer_all(), 0);
  };
  everybody("a");
  everybody("b");  // looks for the first time
  loop_.advance(30ms);
  idle_ += 20ms;
  all("c");
  loop_.advance(1us);
  EXPECT_EQ(at_work(), kEnvironments);
  answer_all();
  EXPECT_EQ(answered("c"), kEnvironments);
}

TEST_F(CrowdedPoolTest, OneThatEndsMakesRoomForOneThatWaits) {
  all("a");
  EXPECT_EQ(at_work(), 5);
  for (const auto& p : puppets_)
    if (!p->waiting) p->exit();
  for (int i = 0; i < 3; ++i) answer_all();
  EXPECT_EQ(answered("a"), kEnvironments);
  EXPECT_EQ(pool_->size(), 3);
}

TEST_F(CrowdedPoolTest, AllOfThoseInReserveAreUsedBeforeTheyAreIdleForTooLong) {
  for (int second = 0; second < 300; ++second) {
    all("a" + std::to_string(second));
    while (answer_all() > 0) {
    }
    loop_.advance(1s);
  }
  EXPECT_EQ(pool_->size(), kEnvironments);
  EXPECT_EQ(pool_->idle_count(), kEnvironments);
}

TEST_F(CrowdedPoolTest, NobodyWaitsForWhoeverIsGivenUp) {
  all("a");
  EXPECT_EQ(at_work(), 5);
  pool_->retire_all();
  // Those that are idle go; for those that waited new ones begin.
  ASSERT_EQ(puppets_.size(), kEnvironments + 3);
  answer_all();  // the new ones have begun
  EXPECT_EQ(answered("a"), 5);
  answer_all();
  for (const auto& p : puppets_)
    if (p->killed || p->terminated) p->exit();
  EXPECT_EQ(answered("a"), kEnvironments);
  EXPECT_EQ(pool_->size(), 3);
  // What the old ones did is not counted among the work of the new ones.
  for (int i = 0; i < 5; ++i) invoke("b" + std::to_string(i));
  ASSERT_EQ(puppets_.size(), kEnvironments + 5);
  answer_all();
  answer_all();
  EXPECT_EQ(pool_->idle_count(), 5);
  for (int i = 0; i < 4; ++i) invoke("c" + std::to_string(i));
  EXPECT_EQ(pool_->idle_count(), 1);
}

// Their functions take events ahead of their turn.
class StagingPoolTest : public CrowdedPoolTest {
 protected:
  StagingPoolTest() {
    for (const auto& p : puppets_) p->stages = 3;
    // The one in reserve that is used now and then: not from here on.
    invoke("stir");
    for (const char* name : {"a", "b", "c", "d"}) invoke(name);
    for (int i = 0; i < 5; ++i) hear_all();
    EXPECT_EQ(pool_->idle_count(), kEnvironments);
    // Four at work, with an event each.
    for (const char* name : {"1", "2", "3", "4"}) invoke(name);
    EXPECT_EQ(at_work(), 4);
  }
  void hear_all() {
    for (const auto& p : puppets_) {
      if (!p->works()) continue;
      p->answer_unheard(p->requests.back());
      p->hear();
    }
  }
  SandboxPuppet& who_has(const std::string& id) {
    for (const auto& p : puppets_)
      if (p->owner && !p->exited && !p->waiting && p->requests.back() == id) return *p;
    ADD_FAILURE() << "nobody has " << id;
    return *puppets_[0];
  }
  SandboxPuppet& who_is_shown(const std::string& id) {
    for (const auto& p : puppets_)
      for (const auto& shown : p->shown)
        if (shown.id == id) return *p;
    ADD_FAILURE() << "nobody is shown " << id;
    return *puppets_[0];
  }
  std::vector<std::string> shown() const {
    std::vector<std::string> all;
    for (const auto& p : puppets_)
      for (const auto& one : p->shown) all.push_back(one.id);
    std::sort(all.begin(), all.end());
    return all;
  }
};

TEST_F(StagingPoolTest, WhoWaitsForThoseAtWorkIsShownToThem) {
  invoke("5");
  invoke("6");
  EXPECT_EQ(shown(), (std::vector<std::string>{"5", "6"}));
  SandboxPuppet& p = who_is_shown("5");
  p.answer_unheard("own");
  EXPECT_EQ(p.requests.back(), "5") << "taken before anybody has heard of the answer";
  p.answer_unheard("5's");
  EXPECT_EQ(answer("5"), "none");
  EXPECT_TRUE(p.hear());
  EXPECT_TRUE(p.hear());
  EXPECT_EQ(answer("5"), "5's");
}

TEST_F(StagingPoolTest, WhatWasTakenAheadTookAsLongAsItsFunctionWasAtWork) {
  invoke("5");
  SandboxPuppet& p = who_is_shown("5");
  loop_.advance(1ms);
  p.answer_unheard("own");
  loop_.advance(2ms);
  p.answer_unheard("5's");
  p.ago = 2ms;
  p.hear();
  EXPECT_DOUBLE_EQ(last_duration_ms_, 1);
  p.ago = 0ms;
  p.hear();
  EXPECT_DOUBLE_EQ(last_duration_ms_, 2);
  // What a function says counts as far as it can be true.
  invoke("6");
  invoke("7");
  SandboxPuppet& other = who_is_shown("7");
  other.answer_unheard("own");
  other.ago = 1h;
  other.hear();
  EXPECT_DOUBLE_EQ(last_duration_ms_, 0);
}

TEST_F(StagingPoolTest, OneThatHasNothingToDoTakesWhatIsStagedForAnother) {
  for (const char* name : {"5", "6", "7", "8"}) invoke(name);
  EXPECT_EQ(shown().size(), 4);
  SandboxPuppet& p = who_is_shown("5");
  for (int i = 0; i < 4; ++i)
    for (const auto& other : puppets_)
      if (other.get() != &p && other->works()) {
        other->answer_unheard(other->requests.back());
        while (other->hear()) {
        }
      }
  EXPECT_TRUE(shown().empty());
  EXPECT_EQ(answer("5"), "5") << "though the one that it was staged for is still busy";
}

TEST_F(StagingPoolTest, WhatIsShownIsWorthAWakeUpWhenNobodyAnswers) {
  invoke("5");
  SandboxPuppet& busy = who_is_shown("5");
  loop_.advance(5ms);
  EXPECT_TRUE(busy.shown.empty());
  SandboxPuppet& other = who_has("5");
  EXPECT_NE(&other, &busy);
  EXPECT_EQ(at_work(), 5);
  other.answer_unheard("5's");
  other.hear();
  EXPECT_EQ(answer("5"), "5's");
}

TEST_F(StagingPoolTest, WhatWasTakenIsNotGivenToAnother) {
  invoke("5");
  SandboxPuppet& p = who_is_shown("5");
  p.answer_unheard("own");
  loop_.advance(200ms);
  EXPECT_EQ(&who_has("5"), &p);
  p.answer_unheard("5's");
  while (p.hear()) {
  }
  EXPECT_EQ(answer("5"), "5's");
}

TEST_F(StagingPoolTest, AnAnswerThatIsThereIsNotLate) {
  invoke("5");
  SandboxPuppet& p = who_is_shown("5");
  const std::string own = p.requests.back();
  p.answer_unheard("own");
  loop_.advance(3001ms);
  EXPECT_EQ(answer(own), "own");
  EXPECT_FALSE(p.killed);
  p.answer_unheard("5's");
  p.hear();
  EXPECT_EQ(answer("5"), "5's");
}

TEST_F(StagingPoolTest, OneThatIsLateTakesNothingAhead) {
  loop_.advance(2999ms);
  invoke("5");
  SandboxPuppet& p = who_is_shown("5");
  const std::string own = p.requests.back();
  loop_.advance(2ms);
  EXPECT_TRUE(p.killed);
  EXPECT_TRUE(p.shown.empty());
  EXPECT_EQ(p.requests.back(), own);
  EXPECT_NE(answer(own).find("Task timed out"), std::string::npos) << answer(own);
  loop_.advance(21ms);
  hear_all();
  EXPECT_EQ(answer("5"), "5");
}

TEST_F(StagingPoolTest, WhoIsToEndIsShownNothing) {
  std::vector<Environment*> busy;
  pool_->each([&busy](Environment& environment) {
    if (environment.phase() == model::EnvironmentPhase::kBusy) busy.push_back(&environment);
  });
  ASSERT_EQ(busy.size(), 4);
  for (Environment* environment : busy) pool_->retire(*environment);
  invoke("5");
  EXPECT_TRUE(shown().empty());
  loop_.advance(21ms);
  SandboxPuppet& other = who_has("5");
  other.answer_unheard("5's");
  other.hear();
  EXPECT_EQ(answer("5"), "5's");
}

TEST_F(StagingPoolTest, OneThatEndsHandsOnWhatItHasNotTaken) {
  for (const char* name : {"5", "6", "7", "8"}) invoke(name);
  SandboxPuppet& p = who_is_shown("5");
  const std::string own = p.requests.back();
  p.answer_unheard("own");  // and takes 5
  EXPECT_EQ(shown().size(), 4);
  p.exit();
  EXPECT_EQ(answer(own), "own");
  EXPECT_NE(answer("5").find("Runtime.ExitError"), std::string::npos) << answer("5");
  for (int i = 0; i < 4; ++i) hear_all();
  for (const char* name : {"6", "7", "8"}) EXPECT_EQ(answer(name), name);
}

TEST_F(StagingPoolTest, OneThatIsGivenUpEndsBehindWhatItHasTaken) {
  for (const char* name : {"5", "6", "7", "8"}) invoke(name);
  SandboxPuppet& p = who_is_shown("5");
  const std::string own = p.requests.back();
  p.answer_unheard("own");  // and takes 5
  pool_->retire_all();
  EXPECT_EQ(answer(own), "own");
  EXPECT_EQ(shown().size(), 0);
  EXPECT_FALSE(p.killed || p.terminated);
  p.answer_unheard("5's");
  p.hear();
  EXPECT_EQ(answer("5"), "5's");
  EXPECT_TRUE(p.killed || p.terminated);
  // For the others new ones begin.
  for (size_t i = kEnvironments; i < puppets_.size(); ++i) puppets_[i]->ready();
  hear_all();
  for (const char* name : {"6", "7", "8"}) EXPECT_EQ(answer(name), name);
}

TEST_F(StagingPoolTest, AllOfThemAreRefusedWhenEverythingEnds) {
  for (const char* name : {"5", "6", "7", "8"}) invoke(name);
  who_is_shown("5").answer_unheard("own");
  pool_->abandon_all({ErrorKind::kUnavailable, "ServiceException", ""});
  for (const char* name : {"5", "6", "7", "8"}) EXPECT_EQ(answer(name), "ServiceException");
}

}  // namespace
}  // namespace kiln::engine
