#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "load/generator.h"
#include "load/results.h"
#include "tests/support/http_double.h"

namespace kiln::load {
namespace {

using kiln::testing::HttpDouble;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr int64_t kMs = 1'000'000;

Plan plan_to(const HttpDouble& server, std::vector<int64_t> times) {
  const std::string& address = server.address();
  const size_t colon = address.find(':');
  Plan plan{.host = address.substr(0, colon),
            .port = static_cast<uint16_t>(std::stoi(address.substr(colon + 1))),
            .connections = 1};
  plan.next_due = [times = std::move(times), at = size_t{0}]() mutable {
    return at < times.size() ? times[at++] : kNever;
  };
  plan.next_request = [] {
    return std::string("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
  };
  return plan;
}

HttpDouble::Reply ok() { return {.bytes = HttpDouble::response(200, "", "{}")}; }

TEST(Generator, SendsEachRequestWhenItIsDueAndReadsWhatTellsItsKind) {
  HttpDouble server([](const HttpDouble::Request& request) {
    EXPECT_EQ(request.body, "{}");
    return HttpDouble::Reply{.bytes = HttpDouble::response(
                                 429,
                                 "x-amzn-RequestId: id-1\r\nX-Amz-Function-Error: Unhandled\r\n",
                                 R"({"Reason":"x"})")};
  });
  std::vector<Answer> answers;
  Plan plan = plan_to(server, {0, 5 * kMs});
  plan.done = [&](const Answer& answer) { answers.push_back(answer); };
  const Result<Progress> end = generate(plan);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->done, 2);
  EXPECT_EQ(end->failed, 0);
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[1].due_ns, 5 * kMs);
  EXPECT_GE(answers[1].sent_ns, 5 * kMs);
  EXPECT_EQ(answers[1].status, 429U);
  EXPECT_EQ(answers[1].request_id, "id-1");
  EXPECT_EQ(answers[1].function_error, "Unhandled");
  EXPECT_EQ(answers[1].body, R"({"Reason":"x"})");
}

// The server holds the first answer back until all the others are due: each of them is late by what
// it had to wait, not only the one that the server held.
TEST(Generator, AStallShowsInEveryRequestThatItDelayed) {
  std::mutex mutex;
  std::condition_variable all_due;
  bool released = false;
  HttpDouble server([&](const HttpDouble::Request&) {
    std::unique_lock lock(mutex);
    all_due.wait(lock, [&] { return released; });
    return ok();
  });
  std::vector<int64_t> latencies;
  Plan plan = plan_to(server, {});
  int64_t next = 0;
  plan.next_due = [&] {
    const int64_t due = next;
    next += 10 * kMs;
    if (due < 100 * kMs) return due;
    const std::lock_guard lock(mutex);
    released = true;
    all_due.notify_all();
    return kNever;
  };
  plan.done = [&](const Answer& answer) { latencies.push_back(answer.done_ns - answer.due_ns); };
  ASSERT_TRUE(generate(plan));
  ASSERT_EQ(latencies.size(), 10U);
  for (int64_t i = 0; i < 10; ++i)
    EXPECT_GE(latencies[static_cast<size_t>(i)], (90 - 10 * i) * kMs);
}

TEST(Generator, AConnectionThatTheServerClosedIsOpenedAnew) {
  int served = 0;
  HttpDouble server([&](const HttpDouble::Request&) {
    HttpDouble::Reply reply = ok();
    if (++served == 1) reply.then = HttpDouble::Then::kClose;
    return reply;
  });
  std::vector<std::string> failures;
  Plan plan = plan_to(server, {0, 300 * kMs});
  plan.done = [&](const Answer& answer) { failures.push_back(answer.failure); };
  ASSERT_TRUE(generate(plan));
  EXPECT_THAT(failures, ElementsAre("", ""));
}

TEST(Generator, RequestsWithoutAWholeAnswerHaveFailed) {
  HttpDouble server([&](const HttpDouble::Request& request) {
    if (request.connection % 2 == 0)
      return HttpDouble::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Le",
                               .then = HttpDouble::Then::kClose};
    return HttpDouble::Reply{.bytes = "", .then = HttpDouble::Then::kReset};
  });
  std::vector<std::string> failures;
  Plan plan = plan_to(server, {0, 1, 2});
  plan.done = [&](const Answer& answer) { failures.push_back(answer.failure); };
  const Result<Progress> end = generate(plan);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->failed, 3);
  for (const std::string& failure : failures) EXPECT_THAT(failure, HasSubstr("failed"));
}

TEST(Generator, AnAnswerThatDoesNotComeInTimeIsAFailure) {
  HttpDouble server([&](const HttpDouble::Request&) { return HttpDouble::Reply{}; });
  std::string failure;
  Plan plan = plan_to(server, {0});
  plan.time_limit = std::chrono::milliseconds(20);
  plan.done = [&](const Answer& answer) { failure = answer.failure; };
  ASSERT_TRUE(generate(plan));
  EXPECT_EQ(failure, "no answer in time");
}

TEST(Generator, NothingIsSentFromTheEndOn) {
  HttpDouble server([&](const HttpDouble::Request&) { return ok(); });
  int answers = 0;
  Plan plan = plan_to(server, {0, 1 * kMs, 2 * kMs});
  plan.length_ns = 2 * kMs;
  plan.done = [&](const Answer&) { ++answers; };
  ASSERT_TRUE(generate(plan));
  EXPECT_EQ(answers, 2);
  plan.length_ns = 0;
  ASSERT_TRUE(generate(plan));
  EXPECT_EQ(answers, 2);
}

// A report is due in each turn of the loop, so in that of the last answer, too.
TEST(Generator, NothingIsReportedAfterTheEnd) {
  std::mutex mutex;
  std::condition_variable changed;
  int answers = 0;
  HttpDouble server([&](const HttpDouble::Request& request) {
    HttpDouble::Reply reply = ok();
    reply.then = HttpDouble::Then::kClose;  // the next connection's turn
    std::unique_lock lock(mutex);
    // The first connection only looks whether somebody listens.
    changed.wait(lock, [&] { return request.connection < 3 || answers == 1; });
    return reply;
  });
  Plan plan = plan_to(server, {0, 1});
  plan.connections = 2;
  plan.progress_every = Duration(0);
  plan.done = [&](const Answer&) {
    {
      const std::lock_guard lock(mutex);
      ++answers;
    }
    changed.notify_all();
  };
  int64_t reports = 0;
  plan.progress = [&](const Progress&) {
    ++reports;
    if (answers == 2) throw std::logic_error("a report after the end");
  };
  const Result<Progress> end = generate(plan);
  ASSERT_TRUE(end);
  EXPECT_EQ(end->done, 2);
  EXPECT_GT(reports, 0);
}

TEST(Generator, SaysThatNothingListens) {
  Plan plan{.host = "127.0.0.1", .port = 9};
  plan.next_due = [] { return kNever; };
  const Result<Progress> end = generate(plan);
  ASSERT_FALSE(end);
  EXPECT_THAT(end.error().message, HasSubstr("nothing answers at 127.0.0.1:9"));
}

TEST(Results, SplitsByKindReasonAndSecond) {
  Results results;
  results.add({.due_ns = 0, .latency_ms = 100, .kind = Kind::kCold});
  for (int i = 1; i <= 99; ++i)
    results.add({.due_ns = 500 * kMs, .latency_ms = static_cast<double>(i), .kind = Kind::kWarm});
  results.add({.due_ns = 1500 * kMs, .latency_ms = 1, .kind = Kind::kThrottled, .reason = "R1"});
  results.add({.due_ns = 1500 * kMs, .latency_ms = 1, .kind = Kind::kThrottled, .reason = "R1"});
  results.add({.due_ns = 1500 * kMs, .latency_ms = 1, .kind = Kind::kThrottled, .reason = "R2"});
  EXPECT_EQ(results.count(), 103);
  EXPECT_EQ(results.count(Kind::kWarm), 99);
  EXPECT_DOUBLE_EQ(results.latency_ms(Kind::kWarm, 0.5), 50);
  EXPECT_DOUBLE_EQ(results.answered_latency_ms(1), 100);
  EXPECT_DOUBLE_EQ(results.latency_ms(Kind::kError, 0.5), 0);
  EXPECT_THAT(results.reasons(Kind::kThrottled), ElementsAre(Pair("R1", 2), Pair("R2", 1)));
  const auto seconds = results.seconds();
  ASSERT_EQ(seconds.size(), 2U);
  EXPECT_EQ(seconds[0].counts[static_cast<size_t>(Kind::kWarm)], 99);
  EXPECT_THAT(seconds[0].p50_ms, DoubleNear(50.5, 1e-6));
  EXPECT_EQ(seconds[1].counts[static_cast<size_t>(Kind::kThrottled)], 3);
  EXPECT_EQ(seconds[1].p50_ms, 0);
}

}  // namespace
}  // namespace kiln::load
