// A session may take the connection itself: it gets the header, and every byte that came after it.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>

#include "base/unique_fd.h"
#include "net/http_connection.h"
#include "net/http_server.h"
#include "tests/support/io_choices.h"
#include "tests/support/plain_client.h"

namespace kiln::net {
namespace {

// What a session was handed.
struct Taken {
  UniqueFd socket;
  RequestHeader header;
  std::string rest;
};
using TakenPromise = std::promise<std::shared_ptr<Taken>>;

// Takes the connection at the path /take; answers other requests by what they said.
class Taking final : public Session {
 public:
  Taking(HttpConnection& c, TakenPromise& taken, std::atomic<int>& closed)
      : connection_(c), taken_(taken), closed_(closed) {}
  uint64_t body_limit(const RequestHeader&) override { return 1000; }
  Response too_large(const RequestHeader&) override {
    Response r;
    r.status = 413;
    return r;
  }
  bool wants_connection(const RequestHeader& header) override { return header.target() == "/take"; }
  void take_over(UniqueFd&& socket, RequestHeader&& header, std::string&& rest) override {
    taken_.set_value(
        std::make_shared<Taken>(Taken{std::move(socket), std::move(header), std::move(rest)}));
  }
  void on_request(Request&& request) override {
    Response r;
    r.body = std::string(target(request)) + "|" + request.body();
    if (target(request) != "/later") return connection_.reply(std::move(r));
    connection_.loop().post(
        [c = connection_.shared_from_this(), r]() mutable { c->reply(std::move(r)); });
  }
  void on_closed(bool) override { ++closed_; }

 private:
  HttpConnection& connection_;
  TakenPromise& taken_;
  std::atomic<int>& closed_;
};

class TakeOverTest : public testing::TestWithParam<IoChoice> {
 protected:
  void serve(HttpLimits limits = {}) {
    server_ = std::make_unique<HttpServer>(
        std::vector<IoLoop*>{&loop_}, limits,
        [this](HttpConnection& c) { return std::make_unique<Taking>(c, promise_, closed_); });
    ASSERT_TRUE(server_->listen("127.0.0.1", 0));
    loop_.start();
  }
  void TearDown() override {
    if (server_) server_->close();
    loop_.stop();
    loop_.join();
  }
  // The connection that was taken, and then the bytes that still come, until `size` are there.
  std::string taken(size_t size) {
    auto future = promise_.get_future();
    if (future.wait_for(std::chrono::seconds(10)) != std::future_status::ready) {
      ADD_FAILURE() << "no session took its connection within 10 s";
      return {};
    }
    taken_ = future.get();
    EXPECT_LE(taken_->rest.size(), size);
    return taken_->rest + read(size - std::min(size, taken_->rest.size()));
  }

  // Of the connection that was taken.
  std::string read(size_t size) {
    std::string more(size, '\0');
    for (size_t at = 0; at < size;) {
      pollfd p = {taken_->socket.get(), POLLIN, 0};
      EXPECT_EQ(::poll(&p, 1, 10'000), 1);
      const ssize_t n = ::recv(taken_->socket.get(), more.data() + at, size - at, 0);
      EXPECT_GT(n, 0);
      if (n <= 0) break;
      at += static_cast<size_t>(n);
    }
    return more;
  }
  void say(const std::string& text) {
    EXPECT_EQ(::send(taken_->socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  SystemClock clock_;
  TakenPromise promise_;
  std::atomic<int> closed_ = 0;
  std::shared_ptr<Taken> taken_;
  IoLoop loop_{0, clock_, GetParam()};
  std::unique_ptr<HttpServer> server_;
};

std::string head(const std::string& path, size_t length) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nContent-Length: " + std::to_string(length) +
         "\r\n\r\n";
}

TEST_P(TakeOverTest, TheHeaderAsItCame) {
  serve();
  PlainClient c(server_->port());
  c.send(head("/take", 0));
  EXPECT_EQ(taken(0), "");
  EXPECT_EQ(taken_->header.method_string(), "POST");
  EXPECT_EQ(taken_->header.target(), "/take");
  EXPECT_EQ(taken_->header["X-One"], "1");
  EXPECT_EQ(taken_->header["Content-Length"], "0");
  EXPECT_EQ(closed_, 0);
}

TEST_P(TakeOverTest, ABodyThatCameWithTheHeader) {
  serve();
  PlainClient c(server_->port());
  c.send(head("/take", 5) + "hello");
  EXPECT_EQ(taken(5), "hello");
}

TEST_P(TakeOverTest, ABodyThatComesInParts) {
  serve();
  PlainClient c(server_->port());
  const std::string body(200'000, 'b');
  c.send(head("/take", body.size()) + "first");
  c.send(body.substr(5));
  EXPECT_EQ(taken(body.size()), "first" + body.substr(5));
}

// Limits of bodies are the new owner's affair.
TEST_P(TakeOverTest, ABodyBeyondTheServersLimit) {
  serve();
  PlainClient c(server_->port());
  const std::string body(5000, 'b');
  c.send(head("/take", body.size()) + body);
  EXPECT_EQ(taken(body.size()), body);
}

TEST_P(TakeOverTest, AChunkedBodyStaysAsItIs) {
  serve();
  PlainClient c(server_->port());
  const std::string chunks = "3\r\nabc\r\n0\r\n\r\n";
  c.send("POST /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
  EXPECT_EQ(taken(chunks.size()), chunks);
}

TEST_P(TakeOverTest, AHeaderThatComesByteByByte) {
  serve();
  PlainClient c(server_->port());
  for (const char byte : head("/take", 3) + "abc") c.send({&byte, 1});
  EXPECT_EQ(taken(3), "abc");
}

TEST_P(TakeOverTest, WhatWasPipelinedAfterItBelongsToTheNewOwner) {
  serve();
  PlainClient c(server_->port());
  const std::string next = head("/next", 2) + "no";
  c.send(head("/take", 2) + "ok" + next);
  EXPECT_EQ(taken(2 + next.size()), "ok" + next);
}

TEST_P(TakeOverTest, AfterOtherRequestsOfTheConnection) {
  serve();
  PlainClient c(server_->port());
  c.send(head("/one", 1) + "1");
  c.read_until("/one|1");
  c.send(head("/take", 2) + "ok");
  EXPECT_EQ(taken(2), "ok");
}

// The read that waits while a request is handled may have brought the header of the next one.
TEST_P(TakeOverTest, PipelinedAfterAnotherRequest) {
  serve();
  PlainClient c(server_->port());
  c.send(head("/later", 1) + "1" + head("/now", 1) + "2" + head("/take", 4) + "re");
  c.read_until("/now|2");
  c.send("st");
  EXPECT_EQ(taken(4), "rest");
}

TEST_P(TakeOverTest, TheNewOwnerAnswers) {
  serve();
  PlainClient c(server_->port());
  c.send(head("/take", 2) + "ok");
  taken(2);
  say("not even HTTP\n");
  EXPECT_EQ(c.read_until("\n"), "not even HTTP\n");
  taken_.reset();
  c.read_to_close();
  EXPECT_EQ(closed_, 0);  // the session was done when it was handed over
}

TEST_P(TakeOverTest, AClientThatHasEndedItsSideStillGetsTheAnswer) {
  serve();
  PlainClient c(server_->port());
  c.send(head("/take", 2) + "ok");
  c.end_sending();
  EXPECT_EQ(taken(2), "ok");
  say("bye\n");
  EXPECT_EQ(c.read_until("\n"), "bye\n");
}

TEST_P(TakeOverTest, TheServersLimitsOfTimeEnd) {
  HttpLimits limits;
  limits.header_time = limits.body_time = limits.idle_time = std::chrono::milliseconds(100);
  serve(limits);
  PlainClient c(server_->port());
  c.send(head("/take", 2));
  taken(0);
  // Another connection meets its limit, set later than the first one's.
  EXPECT_EQ(PlainClient(server_->port()).read_to_close(), "");
  c.send("ok");
  EXPECT_EQ(read(2), "ok");
}

TEST_P(TakeOverTest, AServerThatClosesLeavesTheConnectionAlone) {
  serve();
  PlainClient c(server_->port());
  c.send(head("/take", 2) + "ok");
  EXPECT_EQ(taken(2), "ok");
  server_->close();
  say("still here\n");
  EXPECT_EQ(c.read_until("\n"), "still here\n");
}

TEST_P(TakeOverTest, OtherRequestsAreAnsweredAsEver) {
  serve();
  PlainClient taking(server_->port());
  taking.send(head("/take", 2) + "ok");
  taken(2);
  PlainClient c(server_->port());
  c.send(head("/later", 1) + "1" + head("/now", 1) + "2");
  const std::string in = c.read_until("/now|2");
  EXPECT_LT(in.find("/later|1"), in.find("/now|2"));
  PlainClient over(server_->port());
  over.send(head("/now", 1001) + std::string(1001, 'b'));
  EXPECT_TRUE(over.read_to_close().starts_with("HTTP/1.1 413 "));
}

INSTANTIATE_TEST_SUITE_P(Io, TakeOverTest, testing::ValuesIn(io_choices()), io_name);

}  // namespace
}  // namespace kiln::net
