// A pool of environments on sandboxes whose runtimes the test plays: who gets an invocation, what
// becomes of one whose runtime goes away, and that each has one answer.
#include "engine/sandbox_pool.h"

#include <gtest/gtest.h>

#include "tests/support/pool_fixture.h"

namespace kiln::engine {
namespace {

using namespace std::chrono_literals;
using tests::PoolTest;
using tests::SandboxPuppet;

TEST_F(PoolTest, WhatWorksAfterItsAnswerIsFrozenUntilTheNextEvent) {
  SandboxPuppet& puppet = idle_one();
  loop_.advance(6ms);
  puppet.cpu_ns += 4'000'000;
  EXPECT_FALSE(puppet.frozen);
  loop_.advance(5ms);
  EXPECT_TRUE(puppet.frozen);
  invoke("second");
  EXPECT_FALSE(puppet.frozen);
  puppet.answer("2");
  puppet.ready();
  EXPECT_EQ(answer("second"), "2");
  // What begins later is seen, too.
  loop_.advance(30ms);
  EXPECT_FALSE(puppet.frozen);
  puppet.cpu_ns += 5'000'000;
  loop_.advance(100ms);
  EXPECT_TRUE(puppet.frozen);
}

TEST_F(PoolTest, WhatSleepsIsLeftAlone) {
  SandboxPuppet& puppet = idle_one();
  loop_.advance(50s);
  EXPECT_FALSE(puppet.frozen);
  EXPECT_LE(puppet.looks, 8);
}

TEST_F(PoolTest, MetricsThatAFunctionPrintsAreTaken) {
  MetricInbox inbox;
  host_.metrics = {&inbox, &loop_.clock()};
  invoke("first");
  const std::string line =
      R"({"_aws":{"Timestamp":)" + std::to_string(epoch_ms(loop_.clock().wall_now())) +
      R"(,"CloudWatchMetrics":[{"Namespace":"shop","Dimensions":[["s"]],"Metrics":[{"Name":"m"}]}]},)"
      R"("s":"x","m":[1,2]})";
  puppet(0).owner->on_output("hello\n" + line.substr(0, 20));
  puppet(0).owner->on_output(line.substr(20) + "\n{}\n");
  std::vector<MetricPoint> points;
  inbox.collect(points);
  ASSERT_EQ(points.size(), 1u);
  EXPECT_EQ(points[0].key.region, "us-east-1");
  EXPECT_EQ(points[0].key.metric_namespace, "shop");
  EXPECT_EQ(points[0].values.sum, 3);
}

TEST_F(PoolTest, ReusesTheOneThatWasUsedLast) {
  invoke("a");
  invoke("b");
  ASSERT_EQ(puppets_.size(), 2u);
  for (size_t n : {0, 1}) {
    puppet(n).ready();
    puppet(n).answer("1");
    puppet(n).ready();
  }
  invoke("c");
  EXPECT_EQ(puppet(1).requests, (std::vector<std::string>{"b", "c"}));
  EXPECT_EQ(pool_->idle_count(), 1u);
}

TEST_F(PoolTest, ARuntimeThatDroppedItsCallGetsNoEvent) {
  idle_one().withdraw();
  EXPECT_EQ(pool_->idle_count(), 0u);
  invoke("second");
  ASSERT_EQ(puppets_.size(), 2u);
  puppet(1).ready();
  puppet(1).answer("2");
  puppet(1).ready();
  EXPECT_EQ(answer("second"), "2");
  // Once it asks again it serves.
  puppet(0).ready();
  EXPECT_EQ(pool_->idle_count(), 2u);
}

TEST_F(PoolTest, ARuntimeThatNeverAsksAgainIsEnded) {
  idle_one().withdraw();
  loop_.advance(2999ms);
  EXPECT_FALSE(puppet(0).terminated);
  loop_.advance(1ms);
  EXPECT_TRUE(puppet(0).terminated);
  loop_.advance(500ms);
  EXPECT_TRUE(puppet(0).killed);
}

// The sink went away and nobody has heard of it yet.
TEST_F(PoolTest, AnEventThatNobodyTakesGoesToAnother) {
  idle_one().waiting = false;
  invoke("second");
  ASSERT_EQ(puppets_.size(), 2u);
  EXPECT_TRUE(puppet(0).requests == std::vector<std::string>{"first"});
  puppet(1).ready();
  puppet(1).answer("2");
  puppet(1).ready();
  EXPECT_EQ(answer("second"), "2");
}

TEST_F(PoolTest, ThousandsThatRefuseAreNoRowOfCalls) {
  constexpr int kMany = 5000;
  for (int i = 0; i < kMany; ++i) invoke(std::to_string(i));
  for (const auto& p : puppets_) {
    p->ready();
    p->answer("1");
    p->ready();
    p->waiting = false;
  }
  EXPECT_EQ(pool_->idle_count(), static_cast<size_t>(kMany));
  invoke("last");
  ASSERT_EQ(puppets_.size(), static_cast<size_t>(kMany) + 1);
  puppets_.back()->ready();
  puppets_.back()->answer("2");
  puppets_.back()->ready();
  EXPECT_EQ(answer("last"), "2");
}

TEST_F(PoolTest, AnEndWhileIdleIsNoFaultOfTheNextInvocation) {
  idle_one().exit();
  invoke("second");
  ASSERT_EQ(puppets_.size(), 2u);
  EXPECT_EQ(pool_->size(), 1u);
}

TEST_F(PoolTest, OneThatExpiresTakesNothingWhileItEnds) {
  idle_one();
  loop_.advance(60s);
  EXPECT_TRUE(puppet(0).terminated);
  invoke("second");
  EXPECT_EQ(puppets_.size(), 2u);
  EXPECT_EQ(puppet(0).requests.size(), 1u);
}

TEST_F(PoolTest, AnAnswerWaitsForTheRuntimeToComeBack) {
  invoke("a");
  puppet(0).ready();
  puppet(0).answer("1");
  EXPECT_EQ(answer("a"), "none");
  puppet(0).ready();
  EXPECT_EQ(answer("a"), "1");
  EXPECT_EQ(pool_->idle_count(), 1u);
}

TEST_F(PoolTest, ARuntimeThatDawdlesHoldsItsAnswerForAMomentAndTimesOut) {
  invoke("a");
  puppet(0).ready();
  loop_.advance(1s);
  puppet(0).answer("1");
  loop_.advance(9ms);
  EXPECT_EQ(answer("a"), "none");
  loop_.advance(1ms);
  EXPECT_EQ(answer("a"), "1");
  EXPECT_EQ(ended_, 0);
  loop_.advance(2s);
  EXPECT_EQ(ended_, 1);
  EXPECT_TRUE(puppet(0).killed);
  EXPECT_EQ(last_duration_ms_, 3000);
}

TEST_F(PoolTest, WhoWantsTheTailGetsReportWhileTheRuntimeIsAtWork) {
  invoke("a", "{}", true);
  puppet(0).ready();
  puppet(0).running = true;
  puppet(0).answer("1");
  loop_.advance(1s);
  EXPECT_EQ(answer("a"), "none");
  puppet(0).ready();
  EXPECT_EQ(answer("a"), "1");
  EXPECT_NE(answers_["a"][0].log_tail.find("REPORT RequestId: a"), std::string::npos);
  // One that sleeps may never come.
  invoke("b", "{}", true);
  puppet(0).running = false;
  puppet(0).answer("2");
  loop_.advance(10ms);
  EXPECT_EQ(answer("b"), "2");
  EXPECT_EQ(answers_["b"][0].log_tail.find("REPORT"), std::string::npos);
  puppet(0).ready();
  // One that works for ever is out of time.
  invoke("c", "{}", true);
  puppet(0).running = true;
  puppet(0).answer("3");
  loop_.advance(2999ms);
  EXPECT_EQ(answer("c"), "none");
  loop_.advance(10ms);
  EXPECT_NE(answer("c").find("Task timed out after 3.00 seconds"), std::string::npos);
  EXPECT_TRUE(puppet(0).killed);
}

// A Node.js runtime does this at an unhandled rejection: it reports the error and ends.
TEST_F(PoolTest, AnAnswerStandsWhenTheRuntimeEndsBehindIt) {
  invoke("a");
  puppet(0).ready();
  puppet(0).owner->on_answer("{\"errorType\":\"E\"}", "E");
  puppet(0).exit(sandbox::Exit::Kind::kExited, 129);
  EXPECT_EQ(answer("a"), "{\"errorType\":\"E\"}");
  EXPECT_EQ(pool_->size(), 0u);
}

TEST_F(PoolTest, AnInvocationWaitsForOneThatIsOnItsWayBack) {
  invoke("a");
  puppet(0).ready();
  puppet(0).answer("1");
  invoke("b");
  EXPECT_EQ(puppets_.size(), 1u);
  puppet(0).ready();
  EXPECT_EQ(answer("a"), "1");
  EXPECT_EQ(puppet(0).requests, (std::vector<std::string>{"a", "b"}));
  // One comes back: one waits, another starts its own.
  puppet(0).answer("2");
  invoke("c");
  invoke("d");
  EXPECT_EQ(puppets_.size(), 2u);
}

TEST_F(PoolTest, PatienceEnds) {
  invoke("a");
  puppet(0).ready();
  puppet(0).answer("1");
  invoke("b");
  loop_.advance(50ms);
  EXPECT_EQ(puppets_.size(), 2u);
}

TEST_F(PoolTest, PatienceLastsLongerForOneAtWork) {
  invoke("a");
  puppet(0).ready();
  puppet(0).answer("1");
  puppet(0).running = true;
  invoke("b");
  loop_.advance(999ms);
  EXPECT_EQ(puppets_.size(), 1u);
  loop_.advance(51ms);
  EXPECT_EQ(puppets_.size(), 2u);
}

TEST_F(PoolTest, AWaiterWhoseEnvironmentEndsGetsAnother) {
  invoke("a");
  puppet(0).ready();
  puppet(0).answer("1");
  invoke("b");
  puppet(0).exit();
  ASSERT_EQ(puppets_.size(), 2u);
  puppet(1).ready();
  puppet(1).answer("2");
  puppet(1).ready();
  EXPECT_EQ(answer("b"), "2");
}

TEST_F(PoolTest, AWaiterWhoseEnvironmentIsRetiredGetsAnother) {
  invoke("a");
  puppet(0).ready();
  puppet(0).answer("1");
  invoke("b");
  pool_->retire_all();
  EXPECT_EQ(puppets_.size(), 2u);
  puppet(0).ready();
  EXPECT_TRUE(puppet(0).terminated);
  EXPECT_EQ(answer("a"), "1");
}

TEST_F(PoolTest, AnotherOfAReplacedVersionServesItsWaiterAlone) {
  invoke("a");
  puppet(0).ready();
  puppet(0).answer("1");
  invoke("b");
  pool_->keep_only({make_config()});
  ASSERT_EQ(puppets_.size(), 2u);
  puppet(1).ready();
  puppet(1).answer("2");
  puppet(1).ready();
  EXPECT_EQ(answer("b"), "2");
  EXPECT_EQ(pool_->idle_count(), 0u);
  EXPECT_TRUE(puppet(1).terminated);
}

TEST_F(PoolTest, ATimeOutIsExactlyTheLimit) {
  invoke("a");
  puppet(0).ready();
  loop_.advance(3s + 17ms);
  EXPECT_NE(answer("a").find("Task timed out after 3.00 seconds"), std::string::npos);
  EXPECT_EQ(last_duration_ms_, 3000);
  EXPECT_TRUE(puppet(0).killed);
}

TEST_F(PoolTest, AFailedInitIsTriedAgainWithinTheInvocation) {
  invoke("a");
  puppet(0).exit(sandbox::Exit::Kind::kExited, 1);
  ASSERT_EQ(puppets_.size(), 2u);
  puppet(1).ready();
  puppet(1).answer("1");
  puppet(1).ready();
  EXPECT_EQ(answer("a"), "1");
  EXPECT_EQ(pool_->idle_count(), 1u);
}

TEST_F(PoolTest, WhatTheMachineLacksIsNoErrorOfTheFunction) {
  invoke("a");
  puppet(0).exit(sandbox::Exit::Kind::kNotStarted);
  loop_.turn();
  EXPECT_EQ(answer("a"), "ServiceException");
  EXPECT_EQ(answers_["a"].front().error.kind, ErrorKind::kInternal);
  const std::string& said = answers_["a"].front().error.message;
  EXPECT_TRUE(said.starts_with("Kiln could not start an environment of f: ")) << said;
  EXPECT_EQ(machine_faults_, 1);
  EXPECT_EQ(ended_, 0);
  // The second try of an init that failed is the same.
  invoke("b");
  puppet(1).exit(sandbox::Exit::Kind::kExited, 1);
  puppet(2).exit(sandbox::Exit::Kind::kNotStarted);
  loop_.turn();
  EXPECT_EQ(answer("b"), "ServiceException");
  EXPECT_EQ(pool_->size(), 0u);
  invoke("c");
  puppet(3).ready();
  puppet(3).answer("3");
  puppet(3).ready();
  EXPECT_EQ(answer("c"), "3");
}

TEST_F(PoolTest, AbandonedOnesAnswerAndEnd) {
  invoke("busy");
  puppet(0).ready();
  invoke("init");
  pool_->abandon_all({ErrorKind::kUnavailable, "ServiceException", ""});
  EXPECT_EQ(answer("busy"), "ServiceException");
  EXPECT_EQ(answer("init"), "ServiceException");
  EXPECT_TRUE(puppet(0).killed && puppet(1).killed);
  bool empty = false;
  pool_->when_empty([&empty] { empty = true; });
  puppet(0).exit();
  puppet(1).exit();
  EXPECT_TRUE(empty);
}

TEST_F(PoolTest, AheadOnesServeWhenTheirOwnerSaysSo) {
  serve_ahead_ = false;
  Environment& environment = pool_->start_ahead(config_);
  puppet(0).ready();
  EXPECT_EQ(ahead_ready_, 1);
  // It drops its call and asks again: told once.
  puppet(0).withdraw();
  puppet(0).ready();
  EXPECT_EQ(ahead_ready_, 1);
  EXPECT_EQ(pool_->idle_count(), 0u);
  pool_->serve_ahead(environment);
  EXPECT_EQ(pool_->idle_count(), 1u);
  puppet(0).exit();
  EXPECT_EQ(ahead_gone_, 1);
}

TEST_F(PoolTest, AFailedInitAheadIsTold) {
  pool_->start_ahead(config_);
  puppet(0).exit(sandbox::Exit::Kind::kExited, 1);
  EXPECT_EQ(ahead_failed_, 1);
  EXPECT_EQ(ahead_gone_, 1);
  EXPECT_EQ(pool_->size(), 0u);
}

TEST_F(PoolTest, AThrottledStartAnswers) {
  may_start_ = false;
  invoke("a");
  EXPECT_EQ(answer("a"), "TooManyRequestsException");
}

// ---- Debugging

TEST_F(PoolTest, TheNextInvocationWaitsForTheDebuggedEnvironmentOthersDoNot) {
  pool_->debug(config_, {Debugger::kInspector, 9229});
  invoke("a");
  ASSERT_EQ(puppets_.size(), 1u);
  invoke("b");
  ASSERT_EQ(puppets_.size(), 2u);
  puppet(1).ready();
  puppet(1).answer("2");
  puppet(1).ready();
  EXPECT_EQ(answer("b"), "2");
  // Beyond Init's limit, the function's timeout and the idle lifetime.
  loop_.advance(20s);
  puppet(0).ready();
  EXPECT_EQ(puppet(0).requests, (std::vector<std::string>{"a"}));
  loop_.advance(20s);
  EXPECT_FALSE(puppet(0).killed);
  puppet(0).answer("1");
  puppet(0).ready();
  EXPECT_EQ(answer("a"), "1");
  loop_.advance(120s);
  EXPECT_FALSE(puppet(0).terminated);
  invoke("c");
  EXPECT_EQ(puppet(0).requests, (std::vector<std::string>{"a", "c"}));
}

// A runtime may drop its wait for an event, and ask again.
TEST_F(PoolTest, ADebuggedEnvironmentThatIsAwayForAMomentIsWaitedFor) {
  pool_->debug(config_, {Debugger::kInspector, 9229});
  puppet(0).ready();
  puppet(0).withdraw();
  invoke("a");
  EXPECT_EQ(puppets_.size(), 1u);
  puppet(0).ready();
  EXPECT_EQ(puppet(0).requests, (std::vector<std::string>{"a"}));
}

TEST_F(PoolTest, DebuggingEndsWithAnAnswerForWhomeverItHolds) {
  EXPECT_FALSE(pool_->stop_debugging());
  pool_->debug(config_, {Debugger::kInspector, 9229});
  invoke("waits");
  EXPECT_TRUE(pool_->stop_debugging());
  EXPECT_EQ(answer("waits"), "ServiceException");
  EXPECT_TRUE(puppet(0).killed);
  // The code changes while one sits at a breakpoint.
  pool_->debug(config_, {Debugger::kInspector, 9229});
  puppet(1).ready();
  invoke("sits");
  pool_->retire_all();
  EXPECT_EQ(answer("sits"), "ServiceException");
  // It ends by itself.
  pool_->debug(config_, {Debugger::kInspector, 9229});
  invoke("left");
  puppet(2).exit();
  EXPECT_EQ(answer("left"), "ServiceException");
  invoke("next");
  EXPECT_EQ(puppets_.size(), 4u);
}

TEST_F(PoolTest, WithEachTheNextOneIsDebuggedToo) {
  pool_->debug(config_, {Debugger::kInspector, 9229, DebugWait::kNo, DebugRepeat::kEach});
  puppet(0).ready();
  puppet(0).exit();
  invoke("a");
  ASSERT_EQ(puppets_.size(), 2u);
  std::vector<EnvironmentStatus> all;
  pool_->each([&all](const Environment& e) { all.push_back(e.status()); });
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].debug.has_value());
  puppet(1).ready();
  EXPECT_EQ(puppet(1).requests, (std::vector<std::string>{"a"}));
}

// Where many start at once, the launcher may come to one after more than Lambda's ten seconds.
TEST_F(PoolTest, InitCountsFromTheStartOfTheProcess) {
  starts_late_ = true;
  invoke("a");
  loop_.advance(100s);
  EXPECT_FALSE(puppet(0).killed);
  puppet(0).start();
  loop_.advance(9999ms);
  EXPECT_FALSE(puppet(0).killed);
  loop_.advance(1ms);
  EXPECT_TRUE(puppet(0).killed);
  puppet(0).exit(sandbox::Exit::Kind::kKilledByUs);
  // The suppressed init, as after any that takes too long.
  puppet(1).ready();
  puppet(1).answer("1");
  puppet(1).ready();
  EXPECT_EQ(answer("a"), "1");
}

TEST_F(PoolTest, AStartThatNeverComesIsRefused) {
  starts_late_ = true;
  invoke("a");
  loop_.advance(119'999ms);
  EXPECT_EQ(answer("a"), "none");
  loop_.advance(1ms);
  EXPECT_EQ(answer("a"), "ServiceException");
  EXPECT_TRUE(puppet(0).killed);
  EXPECT_EQ(ended_, 0);
  puppet(0).exit(sandbox::Exit::Kind::kKilledByUs);
  loop_.turn();
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(puppets_.size(), 1u);
}

TEST_F(PoolTest, WhoWaitsForAStartIsServedByOneThatIsFreeSooner) {
  idle_one();
  invoke("a");
  starts_late_ = true;
  invoke("b");
  invoke("c");
  ASSERT_EQ(puppets_.size(), 3u);
  EXPECT_EQ(pool_->cold_starts(), 1u);
  puppet(0).answer("1");
  puppet(0).ready();
  loop_.turn();
  EXPECT_EQ(puppet(0).requests.back(), "b") << "the first in the queue";
  EXPECT_TRUE(puppet(1).killed);
  EXPECT_FALSE(puppet(2).killed) << "nobody is free for it";
  puppet(1).exit(sandbox::Exit::Kind::kKilledByUs);
  puppet(2).start();
  puppet(2).ready();
  puppet(0).answer("2");
  puppet(0).ready();
  puppet(2).answer("3");
  puppet(2).ready();
  EXPECT_EQ(answer("b"), "2");
  EXPECT_EQ(answer("c"), "3");
  loop_.turn();
  EXPECT_EQ(pool_->size(), 2u);
  EXPECT_EQ(pool_->cold_starts(), 2u);
}

TEST_F(PoolTest, OneThatHasBegunToStartKeepsItsInvocation) {
  idle_one();
  invoke("a");
  starts_late_ = true;
  invoke("b");
  puppet(1).start();
  puppet(0).answer("1");
  puppet(0).ready();
  loop_.turn();
  EXPECT_FALSE(puppet(1).killed);
  EXPECT_EQ(pool_->idle_count(), 1u);
  puppet(1).ready();
  puppet(1).answer("2");
  puppet(1).ready();
  EXPECT_EQ(answer("b"), "2");
}

TEST_F(PoolTest, AnEnvironmentAheadWhoseStartNeverComesHasFailed) {
  starts_late_ = true;
  pool_->start_ahead(config_);
  loop_.advance(120s);
  EXPECT_EQ(ahead_failed_, 1);
  EXPECT_TRUE(puppet(0).killed);
  puppet(0).exit(sandbox::Exit::Kind::kKilledByUs);
  loop_.turn();
  EXPECT_TRUE(pool_->empty());
  EXPECT_EQ(machine_faults_, 1) << "so that those that serve go on";
}

}  // namespace
}  // namespace kiln::engine
