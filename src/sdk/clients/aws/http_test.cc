#include "kiln/http.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/support/http_double.h"
#include "tests/support/server_process.h"

namespace kiln::http {
namespace {

using std::chrono::milliseconds;
using testing::HttpDouble;

HttpDouble::Reply reply(int status, std::string_view headers, std::string_view body) {
  return {.bytes = HttpDouble::response(status, headers, body)};
}
std::string url_of(const HttpDouble& server, const std::string& path = "/") {
  return "http://" + server.address() + path;
}
Error::Kind kind_of(Client& client, const Request& request) {
  try {
    client.send(request);
  } catch (const Error& e) {
    return e.kind();
  }
  ADD_FAILURE() << request.url << " was answered";
  return Error::Kind::kInvalid;
}

TEST(Http, SendsARequestAndReadsTheAnswer) {
  std::string head, body;
  HttpDouble server([&](const HttpDouble::Request& request) {
    head = request.head;
    body = request.body;
    return reply(201, "Content-Type: a/b \r\nX-Twice: 1\r\nx-twice: 2\r\n", "answer");
  });
  Client client({.user_agent = "test/1"});
  const Response response = client.send({.method = "PUT",
                                         .url = url_of(server, "/a/../b?c=%2F"),
                                         .headers = {{"X-A", "b c"}, {"X-Empty", ""}},
                                         .body = "data"});
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.body, "answer");
  EXPECT_EQ(response.body_size, 6u);
  EXPECT_EQ(response.header("content-type"), "a/b");
  EXPECT_EQ(response.header("x-twice"), "2");
  EXPECT_EQ(response.header("none"), "");
  EXPECT_GT(response.duration.count(), 0);
  EXPECT_TRUE(head.starts_with("PUT /a/../b?c=%2F HTTP/1.1\r\n")) << head;
  for (const char* line :
       {"User-Agent: test/1\r\n", "X-A: b c\r\n", "X-Empty:\r\n", "Content-Length: 4\r\n"}) {
    EXPECT_NE(head.find(line), std::string::npos) << line << head;
  }
  EXPECT_EQ(head.find("Expect"), std::string::npos);
  EXPECT_EQ(head.find("Content-Type"), std::string::npos);
  EXPECT_EQ(body, "data");
}

TEST(Http, ConnectionsAreUsedAgain) {
  int connections = 0;
  HttpDouble server([&](const HttpDouble::Request& request) {
    connections = request.connection;
    return reply(200, "", "x");
  });
  Client client;
  for (const char* method : {"GET", "POST", "DELETE", "PUT", "GET"}) {
    EXPECT_EQ(client.send({.method = method, .url = url_of(server)}).body, "x");
  }
  EXPECT_EQ(connections, 1);
}

TEST(Http, AKeptConnectionThatTheServerClosedIsReplaced) {
  HttpDouble server([&](const HttpDouble::Request&) {
    auto answer = reply(200, "", "x");
    answer.then = HttpDouble::Then::kClose;
    return answer;
  });
  Client client;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.send({.method = "POST", .url = url_of(server), .body = "b"}).body, "x");
  }
}

TEST(Http, AHeadHasNoBody) {
  HttpDouble server([](const HttpDouble::Request&) {
    return HttpDouble::Reply{.bytes = "HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n"};
  });
  Client client;
  const auto response = client.send({.method = "HEAD", .url = url_of(server)});
  EXPECT_EQ(response.header("content-length"), "12345");
  EXPECT_EQ(response.body, "");
}

TEST(Http, WhatIsNoRequestIsNotSent) {
  Client client;
  for (const char* url : {"", "example.org", "ftp://example.org/", "file:///etc/passwd",
                          "http://a/ b", "http://a/\r\nX: y", "http://", "http://[::1"}) {
    EXPECT_EQ(kind_of(client, {.url = url}), Error::Kind::kInvalid) << url;
  }
  const std::string url = "http://127.0.0.1:1/";
  EXPECT_EQ(kind_of(client, {.method = "GET /x", .url = url}), Error::Kind::kInvalid);
  EXPECT_EQ(kind_of(client, {.method = "", .url = url}), Error::Kind::kInvalid);
  for (const auto& header : {std::pair<std::string, std::string>{"A", "b\r\nC: d"},
                             {"A\n", "b"},
                             {"", "b"},
                             {"A:", "b"}}) {
    EXPECT_EQ(kind_of(client, {.url = url, .headers = {header}}), Error::Kind::kInvalid)
        << header.first;
  }
}

TEST(Http, WhatDoesNotComeIsAnErrorOfItsKind) {
  Client client;
  const std::string nobody = "http://127.0.0.1:" + std::to_string(testing::free_port()) + "/";
  EXPECT_EQ(kind_of(client, {.url = nobody}), Error::Kind::kConnect);
  EXPECT_EQ(kind_of(client, {.url = "http://no-such-host.invalid/"}), Error::Kind::kConnect);
  HttpDouble silent([](const HttpDouble::Request&) { return HttpDouble::Reply{}; });
  EXPECT_EQ(kind_of(client, {.url = url_of(silent), .timeout = milliseconds(50)}),
            Error::Kind::kTimeout);
  for (const char* bytes : {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                            "HTTP/1.1 200 OK\r\nContent-Le", "nonsense\r\n\r\n"}) {
    HttpDouble broken([&](const HttpDouble::Request&) {
      return HttpDouble::Reply{.bytes = bytes, .then = HttpDouble::Then::kClose};
    });
    EXPECT_EQ(kind_of(client, {.url = url_of(broken)}), Error::Kind::kBroken) << bytes;
  }
}

TEST(Http, TheBodyIsBounded) {
  HttpDouble server(
      [](const HttpDouble::Request&) { return reply(200, "", std::string(1000, 'x')); });
  Client client;
  EXPECT_EQ(client.send({.url = url_of(server), .max_body = 1000}).body.size(), 1000u);
  EXPECT_EQ(kind_of(client, {.url = url_of(server), .max_body = 999}), Error::Kind::kTooLarge);
}

TEST(Http, ASinkTakesTheBodyOfASuccess) {
  int status = 200;
  HttpDouble server([&](const HttpDouble::Request&) {
    auto answer = reply(status, "", std::string(100'000, 'x'));
    answer.piece = 1000;
    return answer;
  });
  Client client;
  size_t taken = 0;
  Request request{.url = url_of(server), .max_body = 200'000};
  request.sink = [&](std::string_view piece) {
    taken += piece.size();
    return true;
  };
  auto response = client.send(request);
  EXPECT_EQ(taken, 100'000u);
  EXPECT_EQ(response.body_size, 100'000u);
  EXPECT_EQ(response.body, "");
  status = 500;
  response = client.send(request);
  EXPECT_EQ(taken, 100'000u);
  EXPECT_EQ(response.body.size(), 100'000u);
  status = 200;
  request.sink = [](std::string_view) { return false; };
  EXPECT_EQ(kind_of(client, request), Error::Kind::kStopped);
  request.sink = [](std::string_view) -> bool { throw std::logic_error("mine"); };
  EXPECT_THROW(client.send(request), std::logic_error);
}

TEST(Http, RedirectsAreFollowedWhenAskedFor) {
  int served = 0;
  HttpDouble server([&](const HttpDouble::Request& request) {
    ++served;
    const bool end = request.head.starts_with("GET /end");
    if (end) return reply(200, "X-End: 1\r\n", "end");
    return reply(
        302, request.head.starts_with("GET /loop") ? "Location: /loop\r\n" : "Location: /end\r\n",
        "moved");
  });
  Client client;
  EXPECT_EQ(client.send({.url = url_of(server, "/start")}).status, 302);
  const auto response =
      client.send({.url = url_of(server, "/start"), .redirects = Redirects::kFollow});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "end");
  EXPECT_EQ(response.header("location"), "");
  served = 0;
  EXPECT_EQ(kind_of(client, {.url = url_of(server, "/loop"), .redirects = Redirects::kFollow}),
            Error::Kind::kBroken);
  EXPECT_EQ(served, 6);
}

TEST(Http, ARedirectToAFileIsNotFollowed) {
  HttpDouble server([](const HttpDouble::Request&) {
    return reply(302, "Location: file:///etc/passwd\r\n", "");
  });
  Client client;
  EXPECT_EQ(kind_of(client, {.url = url_of(server), .redirects = Redirects::kFollow}),
            Error::Kind::kBroken);
}

TEST(Http, ManyAtOnceComeBackInOrder) {
  // Each waits for the others: they can only be answered when all are under way.
  std::atomic<int> waiting = 0;
  const auto script = [&](const HttpDouble::Request& request) {
    ++waiting;
    while (waiting < 3) std::this_thread::yield();
    return reply(200, "", request.head.substr(4, request.head.find(' ', 4) - 4));
  };
  HttpDouble a(script), b(script), c(script);
  Client client;
  const Request requests[] = {{.url = url_of(a, "/a")},
                              {.url = "nonsense"},
                              {.url = url_of(b, "/b")},
                              {.url = url_of(c, "/c")}};
  const auto outcomes = client.send_all(requests);
  ASSERT_EQ(outcomes.size(), 4u);
  EXPECT_EQ(std::get<Response>(outcomes[0]).body, "/a");
  EXPECT_EQ(std::get<Error>(outcomes[1]).kind(), Error::Kind::kInvalid);
  EXPECT_EQ(std::get<Response>(outcomes[2]).body, "/b");
  EXPECT_EQ(std::get<Response>(outcomes[3]).body, "/c");
  EXPECT_TRUE(client.send_all({}).empty());
}

TEST(Http, OneAtATimeUsesOneConnection) {
  int connections = 0;
  HttpDouble server([&](const HttpDouble::Request& request) {
    connections = request.connection;
    return reply(200, "", "x");
  });
  Client client;
  const std::vector<Request> requests(20, Request{.url = url_of(server)});
  for (int round = 0; round < 2; ++round) {
    for (const auto& outcome : client.send_all(requests, 1))
      EXPECT_EQ(std::get<Response>(outcome).body, "x");
  }
  EXPECT_EQ(connections, 1);
}

TEST(Http, FailuresAmongManyStayTheirOwn) {
  HttpDouble good([](const HttpDouble::Request&) { return reply(200, "", "x"); });
  HttpDouble silent([](const HttpDouble::Request&) { return HttpDouble::Reply{}; });
  Client client;
  const Request requests[] = {
      {.url = url_of(silent), .timeout = milliseconds(50)},
      {.url = "http://127.0.0.1:" + std::to_string(testing::free_port()) + "/"},
      {.url = url_of(good)}};
  const auto outcomes = client.send_all(requests);
  EXPECT_EQ(std::get<Error>(outcomes[0]).kind(), Error::Kind::kTimeout);
  EXPECT_EQ(std::get<Error>(outcomes[1]).kind(), Error::Kind::kConnect);
  EXPECT_EQ(std::get<Response>(outcomes[2]).status, 200);
}

TEST(Http, ASinkThatThrowsAmongManyReachesTheCaller) {
  HttpDouble good([](const HttpDouble::Request&) { return reply(200, "", "x"); });
  Client client;
  Request request{.url = url_of(good)};
  request.sink = [](std::string_view) -> bool { throw std::logic_error("mine"); };
  const Request requests[] = {request, request};
  EXPECT_THROW(client.send_all(requests, 1), std::logic_error);
  EXPECT_EQ(client.send({.url = url_of(good)}).body, "x");
}

TEST(Http, ThreadsShareAClient) {
  Client client;
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      // It serves one connection at a time, and each of the client's handles keeps its own.
      HttpDouble mine([](const HttpDouble::Request&) {
        auto answer = reply(200, "Connection: close\r\n", "x");
        answer.then = HttpDouble::Then::kClose;
        return answer;
      });
      for (int i = 0; i < 20; ++i) answered += client.send({.url = url_of(mine)}).status == 200;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(answered, 80);
}

}  // namespace
}  // namespace kiln::http
