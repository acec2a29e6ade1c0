// `kiln logs` against a scripted CloudWatch Logs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <sstream>

#include "base/clock.h"
#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

int64_t now_ms() { return epoch_ms(SystemClock().wall_now()); }

json event(int64_t time, const std::string& message, const std::string& id) {
  json document = {{"timestamp", time}, {"message", message}, {"logStreamName", "s"}};
  if (!id.empty()) document["eventId"] = id;
  return document;
}

TEST(Logs, ReadsAllPagesAndPrintsTimeAndMessage) {
  const TestServer server([](const TestRequest& request) -> TestResponse {
    if (request.method == "GET") return {200, "{}"};
    if (!body_of(request).contains("nextToken")) {
      return {200,
              json{{"events", {event(1769000000123, "START\n", "1")}}, {"nextToken", "n"}}.dump()};
    }
    return {200, json{{"events", {event(1769000000124, "hello", "2")}}}.dump()};
  });
  const Outcome outcome = run({"logs", "f", "--since", "1h", "--endpoint", server.endpoint()});
  EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
  EXPECT_EQ(outcome.out,
            "2026-01-21T12:53:20.123Z START\n"
            "2026-01-21T12:53:20.124Z hello\n");
  const TestRequest first = server.requests()[1];
  EXPECT_EQ(first.headers.at("x-amz-target"), "Logs_20140328.FilterLogEvents");
  EXPECT_EQ(first.headers.at("content-type"), "application/x-amz-json-1.1");
  EXPECT_THAT(first.headers.at("authorization"), HasSubstr("/us-east-1/logs/aws4_request"));
  EXPECT_EQ(body_of(first)["logGroupName"], "/aws/lambda/f");
  EXPECT_NEAR(static_cast<double>(body_of(first)["startTime"].get<int64_t>()),
              static_cast<double>(now_ms() - 3600 * 1000), 60'000.0);
}

TEST(Logs, FollowsWithoutRepeatsUntilInterrupted) {
  // Every thread of this test holds SIGINT back, as the command does for its own: only the command
  // takes it.
  sigset_t interrupt;
  sigset_t before;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  pthread_sigmask(SIG_BLOCK, &interrupt, &before);
  const int64_t base = now_ms();
  std::atomic<int> polls{0};
  {
    // The answers overlap, one event comes late, and two equal lines are two events.
    const TestServer server([&](const TestRequest& request) -> TestResponse {
      if (request.method == "GET") return {200, "{}"};
      const int poll = ++polls;
      json events = json::array({event(base, "one", "")});
      if (poll >= 2) events.push_back(event(base - 1000, "late", ""));
      if (poll >= 2) events.push_back(event(base + 10, "same", ""));
      if (poll >= 3) events.push_back(event(base + 10, "same", ""));
      if (poll == 3) kill(getpid(), SIGINT);
      return {200, json{{"events", events}}.dump()};
    });
    const Outcome outcome = run({"logs", "f", "-f", "--json", "--endpoint", server.endpoint()});
    EXPECT_EQ(outcome.code, kExitOk) << outcome.err;
    std::istringstream lines(outcome.out);
    std::vector<std::string> messages;
    for (std::string line; std::getline(lines, line);) {
      messages.push_back(json::parse(line)["message"].get<std::string>());
    }
    EXPECT_THAT(messages, testing::ElementsAre("one", "late", "same", "same"));
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST(Logs, AFunctionWithoutALogYetIsNoErrorButAnUnknownOneIs) {
  std::atomic<bool> exists{true};
  const TestServer server([&](const TestRequest& request) -> TestResponse {
    if (request.method == "GET" && exists) return {200, "{}"};
    if (request.method == "GET") return not_found();
    return {
        400,
        R"({"__type":"ResourceNotFoundException","message":"The specified log group does not exist."})"};
  });
  const Outcome silent = run({"logs", "f", "--endpoint", server.endpoint()});
  EXPECT_EQ(silent.code, kExitOk);
  EXPECT_THAT(silent.err, HasSubstr("--since"));
  exists = false;
  const Outcome unknown = run({"logs", "f", "-f", "--endpoint", server.endpoint()});
  EXPECT_EQ(unknown.code, kExitFailed);
  EXPECT_EQ(unknown.err, "kiln: no function 'f'; `kiln list` shows what is there\n");
}

}  // namespace
}  // namespace kiln::cli
