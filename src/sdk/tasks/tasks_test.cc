#include "kiln/tasks.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <stdexcept>
#include <thread>

#include "tests/support/http_double.h"
#include "tests/support/server_process.h"

namespace kiln::tasks {
namespace {

using nlohmann::json;
using testing::HttpDouble;

constexpr std::chrono::milliseconds kLong = std::chrono::minutes(1);
constexpr std::chrono::milliseconds kShort{30};

std::string url(const HttpDouble& server) { return "http://" + server.address() + "/"; }

HttpDouble::Reply hello(const HttpDouble::Request&) {
  return {.bytes = "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
          .then = HttpDouble::Then::kClose};
}

TEST(Tasks, ValuesAreInTheOrderOfTheTasks) {
  HttpDouble server(hello);
  testing::TemporaryFolder folder;
  http::Client client;
  const auto results =
      run_all({call([] { return 1; }, kLong), http({.url = url(server)}, kLong),
               file({.kind = FileOperation::Kind::kWrite,
                     .path = folder.path() + "/a",
                     .content = "x",
                     .root = folder.path()},
                    kLong),
               http({.url = url(server)}, kLong,
                    [](const http::Response& response) { return json(response.body); }),
               call([] { return json::array({5}); }, kLong)},
              client);
  EXPECT_TRUE(results.errors.empty());
  ASSERT_EQ(results.values.size(), 5u);
  EXPECT_EQ(*results.values[0], 1);
  EXPECT_EQ(*results.values[1], (json{{"status_code", 201}, {"response_size", 5}}));
  EXPECT_EQ((*results.values[2])["size"], 1);
  EXPECT_EQ(*results.values[3], "hello");
  EXPECT_EQ(*results.values[4], (json::array({5})));
}

TEST(Tasks, NoTasksAreDoneAtOnce) {
  http::Client client;
  EXPECT_TRUE(run_all({}, client).values.empty());
}

TEST(Tasks, ErrorsStandAtTheirOwnIndex) {
  http::Client client;
  const auto results = run_all(
      {call([]() -> json { throw std::runtime_error("first"); }, kLong),
       call([] { return 2; }, kLong), http({.url = "http://127.0.0.1:1/"}, kLong),
       http({.url = "nowhere"}, kLong), call([]() -> json { throw std::runtime_error(""); }, kLong),
       file({.kind = FileOperation::Kind::kRead, .path = "/etc/passwd"}, kLong)},
      client);
  std::vector<size_t> indices;
  for (const auto& [index, error] : results.errors) {
    indices.push_back(index);
    EXPECT_FALSE(error.empty()) << index;
    EXPECT_FALSE(results.values[index]) << index;
  }
  EXPECT_EQ(indices, (std::vector<size_t>{0, 2, 3, 4, 5}));
  EXPECT_EQ(results.errors[0].error, "first");
  EXPECT_EQ(*results.values[1], 2);
}

TEST(Tasks, AReaderThatThrowsIsAnError) {
  HttpDouble server(hello);
  http::Client client;
  const auto results =
      run_all({http({.url = url(server)}, kLong,
                    [](const http::Response&) -> json { throw std::runtime_error("unreadable"); })},
              client);
  ASSERT_EQ(results.errors.size(), 1u);
  EXPECT_EQ(results.errors[0].error, "unreadable");
}

TEST(Tasks, AllRunAtOnce) {
  // Each waits for all others.
  auto all = std::make_shared<std::latch>(8);
  std::vector<Task> tasks;
  for (int i = 0; i < 8; ++i) {
    tasks.push_back(call(
        [all, i] {
          all->arrive_and_wait();
          return i;
        },
        kLong));
  }
  http::Client client;
  EXPECT_TRUE(run_all(std::move(tasks), client, 8).errors.empty());
}

TEST(Tasks, RequestsAndCallsRunAtOnce) {
  // The server answers when the call has begun, the call ends when the server was asked.
  auto begun = std::make_shared<std::latch>(1);
  auto asked = std::make_shared<std::latch>(1);
  HttpDouble server([&](const HttpDouble::Request& request) {
    asked->count_down();
    begun->wait();
    return hello(request);
  });
  http::Client client;
  const auto results = run_all({call(
                                    [begun, asked] {
                                      begun->count_down();
                                      asked->wait();
                                      return 1;
                                    },
                                    kLong),
                                http({.url = url(server)}, kLong)},
                               client);
  EXPECT_TRUE(results.errors.empty());
}

TEST(Tasks, MoreTasksThanThreads) {
  std::vector<Task> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(call([i] { return i; }, kLong));
  http::Client client;
  const auto results = run_all(std::move(tasks), client, 3);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*results.values[static_cast<size_t>(i)], i);
}

TEST(Tasks, ALateCallIsLeftBehind) {
  auto release = std::make_shared<std::latch>(1);
  auto gone = std::make_shared<std::latch>(1);
  http::Client client;
  const auto results = run_all({call(
                                    [release, gone] {
                                      release->wait();
                                      gone->count_down();
                                      return 1;
                                    },
                                    kShort),
                                call([] { return 2; }, kLong)},
                               client);
  ASSERT_EQ(results.errors.size(), 1u);
  EXPECT_EQ(results.errors[0].index, 0u);
  EXPECT_NE(results.errors[0].error.find("in its time"), std::string::npos);
  EXPECT_EQ(*results.values[1], 2);
  release->count_down();
  gone->wait();
}

TEST(Tasks, WhatWaitsForAThreadTooLongIsNeverBegun) {
  auto release = std::make_shared<std::latch>(1);
  auto ended = std::make_shared<std::latch>(1);
  auto begun = std::make_shared<std::atomic<bool>>(false);
  http::Client client;
  const auto results = run_all({call(
                                    [release, ended] {
                                      release->wait();
                                      ended->count_down();
                                      return 1;
                                    },
                                    kShort),
                                call(
                                    [begun] {
                                      *begun = true;
                                      return 2;
                                    },
                                    kShort)},
                               client, 1);
  EXPECT_EQ(results.errors.size(), 2u);
  EXPECT_NE(results.errors[1].error.find("not begun"), std::string::npos);
  release->count_down();
  ended->wait();
  EXPECT_FALSE(*begun);
}

TEST(Tasks, ASilentServerIsAnErrorInTime) {
  HttpDouble server([](const HttpDouble::Request&) { return HttpDouble::Reply{}; });
  http::Client client;
  const auto results = run_all({http({.url = url(server)}, kShort),
                                http({.url = url(server)}, std::chrono::milliseconds(0))},
                               client);
  ASSERT_EQ(results.errors.size(), 2u);
  EXPECT_NE(results.errors[0].error.find("in time"), std::string::npos) << results.errors[0].error;
}

// The example of tasks.h.
TEST(Tasks, Example) {
  struct Connection {
    int count_orders() const { return 3; }
  };
  const auto connection = std::make_shared<Connection>();
  kiln::http::Client http;
  const auto results = kiln::tasks::run_all(
      {kiln::tasks::http({.url = "http://127.0.0.1:1/"}, std::chrono::seconds(5)),
       kiln::tasks::file({.kind = kiln::tasks::FileOperation::Kind::kRead, .path = "/tmp/a/none"}),
       kiln::tasks::call([connection] { return connection->count_orders(); })},
      http);
  for (const auto& [index, error] : results.errors) EXPECT_FALSE(results.values[index]) << error;
  EXPECT_EQ(*results.values[2], 3);
}

}  // namespace
}  // namespace kiln::tasks
