// The server against plain sockets: what a well-behaved client sees, and what a hostile one does.
#include "net/http_server.h"

#include <gtest/gtest.h>

#include <future>

#include "net/http_connection.h"
#include "tests/support/io_choices.h"
#include "tests/support/plain_client.h"

namespace kiln::net {
namespace {

using Client = PlainClient;

constexpr uint64_t kBodyLimit = 1000;

class Echo final : public Session {
 public:
  explicit Echo(HttpConnection& c) : connection_(c) {}
  uint64_t body_limit(const RequestHeader&) override { return kBodyLimit; }
  Response too_large(const RequestHeader&) override {
    Response r;
    r.status = 413;
    return r;
  }
  void on_request(Request&& request) override {
    Response r;
    r.body = std::string(target(request)) + "|" + request.body();
    if (target(request) != "/later") return connection_.reply(std::move(r));
    connection_.loop().post(
        [c = connection_.shared_from_this(), r]() mutable { c->reply(std::move(r)); });
  }
  void on_closed(bool) override {}

 private:
  HttpConnection& connection_;
};

class HttpServerTest : public testing::TestWithParam<IoChoice> {
 protected:
  void serve(HttpLimits limits = {}) {
    for (int i = 0; i < 2; ++i) loops_.push_back(std::make_unique<IoLoop>(i, clock_, GetParam()));
    server_ =
        std::make_unique<HttpServer>(std::vector<IoLoop*>{loops_[0].get(), loops_[1].get()}, limits,
                                     [](HttpConnection& c) { return std::make_unique<Echo>(c); });
    ASSERT_TRUE(server_->listen("127.0.0.1", 0));
    for (auto& loop : loops_) loop->start();
  }
  void TearDown() override {
    if (server_) server_->close();
    for (auto& loop : loops_) loop->stop();
    for (auto& loop : loops_) loop->join();
  }
  SystemClock clock_;
  std::vector<std::unique_ptr<IoLoop>> loops_;
  std::unique_ptr<HttpServer> server_;
};

std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

TEST_P(HttpServerTest, KeepsAConnectionOverRequests) {
  serve();
  Client c(server_->port());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(c.send(post("/" + std::to_string(i), "hello")));
    c.read_until("/" + std::to_string(i) + "|hello");
  }
}

TEST_P(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  serve();
  Client c(server_->port());
  ASSERT_TRUE(c.send(post("/later", "1") + post("/now", "2") + post("/later", "3")));
  const std::string in = c.read_until("/later|3");
  EXPECT_LT(in.find("/later|1"), in.find("/now|2"));
}

TEST_P(HttpServerTest, TakesARequestByteByByteAndInChunks) {
  serve();
  Client c(server_->port());
  for (const char byte : post("/slow", "abc")) ASSERT_TRUE(c.send({&byte, 1}));
  c.read_until("/slow|abc");
  ASSERT_TRUE(
      c.send("POST /chunked HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
             "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  c.read_until("/chunked|abcde");
}

TEST_P(HttpServerTest, BodyLimitOnBothSides) {
  serve();
  Client fits(server_->port());
  ASSERT_TRUE(fits.send(post("/", std::string(kBodyLimit, 'b'))));
  EXPECT_NE(fits.read_until("/|" + std::string(kBodyLimit, 'b')).find("200 OK"), std::string::npos);
  Client over(server_->port());
  over.send(post("/", std::string(kBodyLimit + 1, 'b')));
  EXPECT_TRUE(over.read_to_close().starts_with("HTTP/1.1 413 "));
  Client chunked(server_->port());
  chunked.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
               std::string(1001, 'b') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.read_to_close().starts_with("HTTP/1.1 413 "));
}

TEST_P(HttpServerTest, HeaderLimitOnBothSides) {
  serve();
  Client fits(server_->port());
  ASSERT_TRUE(
      fits.send("GET /ok HTTP/1.1\r\nHost: x\r\nX: " + std::string(60'000, 'h') + "\r\n\r\n"));
  fits.read_until("/ok|");
  Client over(server_->port());
  over.send("GET /" + std::string(1 << 20, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(over.read_to_close().starts_with("HTTP/1.1 431 "));
}

TEST_P(HttpServerTest, GarbageIsAnsweredWith400AndClosed) {
  serve();
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 tls\r\n\r\n"),
        std::string("GET\r\n\r\n"), std::string("GET / HTTP/1.1\r\nbad header\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n")}) {
    Client c(server_->port());
    c.send(garbage);
    EXPECT_TRUE(c.read_to_close().starts_with("HTTP/1.1 400 ")) << garbage;
  }
}

TEST_P(HttpServerTest, HalfOpenConnectionsAreClosedInTimeAndDisturbNobody) {
  HttpLimits limits;
  limits.header_time = std::chrono::milliseconds(300);
  serve(limits);
  std::vector<std::unique_ptr<Client>> half;
  for (int i = 0; i < 100; ++i) {
    half.push_back(std::make_unique<Client>(server_->port()));
    ASSERT_TRUE(half.back()->send("POST /x HTTP/1.1\r\nContent-"));
  }
  Client c(server_->port());
  ASSERT_TRUE(c.send(post("/alive", "1")));
  c.read_until("/alive|1");
  for (auto& h : half) EXPECT_EQ(h->read_to_close(), "");
}

TEST_P(HttpServerTest, ANewConnectionHasItsTimeHoweverLongTheLoopSlept) {
  ManualClock clock(WallTime(std::chrono::hours(1)));
  IoLoop loop(0, clock, GetParam());
  HttpServer server({&loop}, {}, [](HttpConnection& c) { return std::make_unique<Echo>(c); });
  ASSERT_TRUE(server.listen("127.0.0.1", 0));
  loop.drain();
  clock.advance(std::chrono::minutes(10));  // nobody came
  Client c(server.port());
  loop.drain();  // the connection is there, and nothing of its request yet
  ASSERT_TRUE(c.send(post("/late", "1")));
  auto answer = std::async(std::launch::async, [&c] { return c.read_until("/late|1"); });
  while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
    loop.turn(std::chrono::milliseconds(1));
  EXPECT_TRUE(answer.get().starts_with("HTTP/1.1 200 "));
  server.close();
  loop.drain();
}

TEST_P(HttpServerTest, ExpectContinueIsAnswered) {
  serve();
  Client c(server_->port());
  ASSERT_TRUE(
      c.send("PUT /e HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  c.read_until("100 Continue\r\n\r\n");
  ASSERT_TRUE(c.send("ok"));
  c.read_until("/e|ok");
  ASSERT_TRUE(
      c.send("PUT /n HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_TRUE(c.read_until("/n|").starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "));
}

TEST_P(HttpServerTest, AnAddressInUseIsNamed) {
  serve();
  IoLoop loop(9, clock_);
  HttpServer second({&loop}, {}, [](HttpConnection& c) { return std::make_unique<Echo>(c); });
  const auto r = second.listen("127.0.0.1", server_->port());
  ASSERT_FALSE(r);
  EXPECT_NE(r.error().message.find("127.0.0.1:" + std::to_string(server_->port())),
            std::string::npos);
  EXPECT_NE(r.error().message.find("--port"), std::string::npos);
  EXPECT_FALSE(second.listen("not-an-address", 0));
}

class Ticker final : public Scheduled {
 public:
  SteadyTime on_time(SteadyTime now) override {
    fired.push_back(now);
    return SteadyTime::max();
  }
  std::vector<SteadyTime> fired;
};

TEST(IoLoopTimers, AnEarlierTimeStandsAndIsAskedAgain) {
  SystemClock clock;
  IoLoop loop(0, clock);
  Ticker soon, cancelled;
  const auto start = clock.steady_now();
  loop.schedule(&soon, start + std::chrono::hours(1));
  loop.schedule(&soon, start + std::chrono::milliseconds(5));
  loop.schedule(&soon, start + std::chrono::hours(1));  // the earlier one stands
  loop.schedule(&cancelled, start + std::chrono::milliseconds(1));
  loop.cancel(&cancelled);
  while (soon.fired.empty()) loop.turn(std::chrono::seconds(1));
  EXPECT_GE(soon.fired[0], start + std::chrono::milliseconds(5));
  EXPECT_TRUE(cancelled.fired.empty());
}

INSTANTIATE_TEST_SUITE_P(Io, HttpServerTest, testing::ValuesIn(io_choices()), io_name);

}  // namespace
}  // namespace kiln::net
