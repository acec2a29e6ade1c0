#include "sdk/core/http_transport.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "tests/support/http_double.h"

namespace kiln::sdk {
namespace {

using kiln::testing::HttpDouble;
using Next = Transport::Next;
using Reply = HttpDouble::Reply;
using Request = HttpDouble::Request;
using Sent = Transport::Sent;
using Then = HttpDouble::Then;

std::string event(std::string_view body) {
  return HttpDouble::response(
      200, "Lambda-Runtime-Aws-Request-Id: id-1\r\nLambda-Runtime-Deadline-Ms: 1\r\n", body);
}
const std::string kAccepted = HttpDouble::response(202, "", R"({"status":"OK"})");

bool is_next(const Request& request) { return request.head.starts_with("GET "); }

TEST(Endpoint, TakesNumericHosts) {
  const auto v4 = Endpoint::parse("169.254.100.1:9001");
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->port, 9001);
  EXPECT_EQ(v4->host, "169.254.100.1:9001");
  EXPECT_EQ(Endpoint::parse("10.0.0.1")->port, 80);
  EXPECT_EQ(Endpoint::parse("localhost:1")->address[0], 127);
  EXPECT_TRUE(Endpoint::parse("[::1]:9001")->is_v6);
  for (const char* bad :
       {"", ":", ":80", "example.com:80", "1.2.3.4:0", "1.2.3.4:65536", "1.2.3.4:x", "1.2.3:80",
        "[::1", "::1", "1.2.3.4:123456789012345678901"}) {
    EXPECT_FALSE(Endpoint::parse(bad)) << bad;
  }
}

TEST(HttpTransport, OneConnectionCarriesAll) {
  std::atomic<int> connections = 0;
  HttpDouble server([&](const Request& request) {
    connections = request.connection;
    return Reply{.bytes = is_next(request) ? event("{}") : kAccepted};
  });
  HttpTransport transport(*Endpoint::parse(server.address()));
  for (int i = 0; i < 50; ++i) {
    Event e;
    ASSERT_EQ(transport.next(e), Next::kEvent);
    ASSERT_EQ(transport.respond("id-1", "{}"), Sent::kDone);
  }
  EXPECT_EQ(connections, 1);
}

TEST(HttpTransport, AnswersMayComeByteByByteAndInChunks) {
  HttpDouble server([](const Request& request) {
    if (!is_next(request)) return Reply{.bytes = kAccepted, .piece = 1};
    return Reply{.bytes =
                     "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n3\r\n:1}\r\n0\r\n\r\n",
                 .piece = 1};
  });
  HttpTransport transport(*Endpoint::parse(server.address()));
  for (int i = 0; i < 2; ++i) {
    Event e;
    ASSERT_EQ(transport.next(e), Next::kEvent);
    EXPECT_EQ(e.payload, "{\"a\":1}");
    EXPECT_EQ(e.request_id, "id-1");
    EXPECT_EQ(transport.respond("id-1", "x"), Sent::kDone);
  }
}

TEST(HttpTransport, AConnectionClosedBetweenExchangesIsOpenedAgain) {
  std::atomic<int> results = 0;
  HttpDouble server([&](const Request& request) {
    if (!is_next(request)) ++results;
    return Reply{.bytes = is_next(request) ? event("{}") : kAccepted, .then = Then::kClose};
  });
  HttpTransport transport(*Endpoint::parse(server.address()));
  for (int i = 0; i < 20; ++i) {
    Event e;
    ASSERT_EQ(transport.next(e), Next::kEvent) << transport.problem();
    ASSERT_EQ(transport.respond("id-1", "{}"), Sent::kDone) << transport.problem();
  }
  EXPECT_EQ(results, 20);  // each exactly once
}

TEST(HttpTransport, AConnectionCloseHeaderIsHeeded) {
  std::atomic<int> connections = 0;
  HttpDouble server([&](const Request& request) {
    connections = request.connection;
    return Reply{.bytes =
                     "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n"
                     "Lambda-Runtime-Aws-Request-Id: id-1\r\n\r\n"};
  });
  HttpTransport transport(*Endpoint::parse(server.address()));
  Event e;
  ASSERT_EQ(transport.next(e), Next::kEvent);
  ASSERT_EQ(transport.next(e), Next::kEvent);
  EXPECT_EQ(connections, 2);
}

TEST(HttpTransport, AServerThatOnlyClosesIsLostAfterThreeAttempts) {
  std::atomic<int> attempts = 0;
  HttpDouble server([&](const Request&) {
    ++attempts;
    return Reply{.bytes = "", .then = Then::kClose};
  });
  HttpTransport transport(*Endpoint::parse(server.address()));
  Event e;
  EXPECT_EQ(transport.next(e), Next::kLost);
  EXPECT_EQ(attempts, 3);
}

TEST(HttpTransport, AResultIsNotSentAgainOnAFreshConnection) {
  std::atomic<int> results = 0;
  HttpDouble server([&](const Request&) {
    ++results;
    return Reply{.bytes = "", .then = Then::kReset};
  });
  HttpTransport transport(*Endpoint::parse(server.address()));
  EXPECT_EQ(transport.respond("id-1", "{}"), Sent::kLost);
  EXPECT_EQ(results, 1);
}

TEST(HttpTransport, RefusedResultsConcernTheirInvocationOnly) {
  std::atomic<int> status = 413;
  HttpDouble server(
      [&](const Request&) { return Reply{.bytes = HttpDouble::response(status, "", "{}")}; });
  HttpTransport transport(*Endpoint::parse(server.address()));
  for (const int refused : {413, 400, 403}) {
    status = refused;
    EXPECT_EQ(transport.respond("id-1", "x"), Sent::kDone) << refused;
    EXPECT_EQ(transport.fail("id-1", {"Function.X", "{}"}), Sent::kDone) << refused;
  }
  status = 500;
  EXPECT_EQ(transport.respond("id-1", "x"), Sent::kLost);
  EXPECT_NE(transport.problem().find("500"), std::string::npos);
}

TEST(HttpTransport, ATooLargeResultRefusedBeforeItWasReadIsRefusedNotLost) {
  // The server answers after the head and never reads the body.
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(listener.get(), 4), 0);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size);
  std::thread server([&] {
    const UniqueFd client(::accept(listener.get(), nullptr, nullptr));
    char piece[100];
    EXPECT_GT(::recv(client.get(), piece, sizeof piece, 0), 0);
    const std::string refusal = HttpDouble::response(413, "Connection: close\r\n", "{}");
    ::send(client.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL);
    ::shutdown(client.get(), SHUT_WR);
    // Reads on until the client has gone: closing with unread bytes would reset the connection and
    // its answer.
    std::string rest(1 << 20, '\0');
    while (::recv(client.get(), rest.data(), rest.size(), 0) > 0) {
    }
  });
  {
    HttpTransport transport(
        *Endpoint::parse("127.0.0.1:" + std::to_string(ntohs(address.sin_port))));
    EXPECT_EQ(transport.respond("id-1", std::string(20'000'000, 'x')), Sent::kDone)
        << transport.problem();
  }
  server.join();
}

TEST(HttpTransport, GarbageIsLostWithAReason) {
  for (const std::string& garbage :
       {std::string("garbage"), std::string("HTTP/1.1 abc\r\n\r\n"),
        HttpDouble::response(200, "", "no id"),
        HttpDouble::response(403, "", R"({"errorType":"InvalidStateTransition"})"),
        std::string("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")}) {
    HttpDouble server(
        [&](const Request&) { return Reply{.bytes = garbage, .then = Then::kClose}; });
    HttpTransport transport(*Endpoint::parse(server.address()));
    Event e;
    EXPECT_EQ(transport.next(e), Next::kLost) << garbage;
    EXPECT_FALSE(transport.problem().empty());
  }
}

TEST(HttpTransport, NobodyThereIsLost) {
  std::string address;
  {
    HttpDouble server([](const Request&) { return Reply{}; });
    address = server.address();
  }
  HttpTransport transport(*Endpoint::parse(address));
  Event e;
  EXPECT_EQ(transport.next(e), Next::kLost);
  EXPECT_NE(transport.problem().find(address), std::string::npos);
}

TEST(HttpTransport, BytesBehindAnAnswerAreNotTakenForTheNext) {
  std::atomic<int> nexts = 0;
  HttpDouble server([&](const Request&) {
    return Reply{.bytes = ++nexts == 1 ? event("first") + event("injected") : event("second")};
  });
  HttpTransport transport(*Endpoint::parse(server.address()));
  Event e;
  ASSERT_EQ(transport.next(e), Next::kEvent);
  EXPECT_EQ(e.payload, "first");
  ASSERT_EQ(transport.next(e), Next::kEvent);
  EXPECT_EQ(e.payload, "second");
}

}  // namespace
}  // namespace kiln::sdk
