// Connections that end, or have to: half-closed ones, too many of them, requests that are
// forgotten.
#include "net/http_crowd.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <future>
#include <new>
#include <thread>

#include "base/clock.h"
#include "base/fence.h"
#include "base/memory_reserve.h"
#include "net/http_connection.h"
#include "net/http_server.h"
#include "tests/support/io_choices.h"
#include "tests/support/plain_client.h"

namespace kiln::net {
namespace {

// Answers with the target and body; /held when it is told so, /forgotten and /starved never, and
// /thrown throws before the body. A Group in the head is whose it is.
class CrowdSession final : public Session {
 public:
  using Held = std::vector<std::shared_ptr<HttpConnection>>;
  CrowdSession(HttpConnection& c, Held& held) : connection_(c), held_(held) {}

  uint64_t body_limit(const RequestHeader& header) override {
    if (header.target() == "/thrown") throw std::bad_alloc();
    group_ = std::hash<std::string_view>()(header["Group"]);
    return 1 << 20;
  }
  uint64_t room_group() override { return group_; }
  void on_unreadable() override { ++unreadable; }
  Response too_large(const RequestHeader&) override { return {}; }
  std::shared_ptr<BodySink> body_sink(const RequestHeader& header) override {
    struct Forgetful final : BodySink {
      void put(std::string&&, std::function<void()>) override {}
    };
    return header.target() == "/sunk" ? std::make_shared<Forgetful>() : nullptr;
  }
  bool serves_callers() const override { return true; }
  bool is_answered_by_holders() const override { return true; }
  void on_request(Request&& request) override {
    if (target(request) == "/starved") note_memory_refusal();
    if (target(request) == "/forgotten" || target(request) == "/starved") return;
    if (target(request) == "/held") return held_.push_back(connection_.shared_from_this());
    Response r;
    if (target(request) == "/large")
      r.body.assign(size_t{64} << 20, 'l');
    else
      r.body = std::string(target(request)) + "|" + request.body();
    connection_.reply(std::move(r));
  }
  void on_closed(bool) override {}

  static inline std::atomic<int> unreadable = 0;

 private:
  HttpConnection& connection_;
  Held& held_;
  uint64_t group_ = 0;
};

// The machine's, and ahead of it when told.
class ClockAhead final : public Clock {
 public:
  SteadyTime steady_now() const override { return real_.steady_now() + Duration(ahead_ns_.load()); }
  WallTime wall_now() const override { return real_.wall_now(); }
  void advance(Duration by) { ahead_ns_ += by.count(); }

 private:
  SystemClock real_;
  std::atomic<int64_t> ahead_ns_{0};
};

class HttpCrowdTest : public testing::TestWithParam<IoChoice> {
 protected:
  void serve(size_t connections = 1000, Duration body_time = std::chrono::minutes(1),
             uint64_t body_bytes = uint64_t{1} << 30) {
    HttpLimits limits;
    limits.body_bytes = body_bytes;
    limits.connections = connections;
    limits.body_time = body_time;
    serve(limits);
  }
  void serve(const HttpLimits& limits) {
    CrowdSession::unreadable = 0;
    server_ = std::make_unique<HttpServer>(
        std::vector<IoLoop*>{&loop_}, limits,
        [this](HttpConnection& c) { return std::make_unique<CrowdSession>(c, held_); });
    ASSERT_TRUE(server_->listen("127.0.0.1", 0));
    loop_.start();
  }
  void TearDown() override {
    if (server_) server_->close();
    answer_held();
    loop_.stop();
    loop_.join();
    set_fence_listener(std::move(listener_));
  }
  template <class Work>
  void on_loop(Work work) {
    std::promise<void> done;
    loop_.post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  void answer_held() {
    on_loop([this] {
      for (const auto& connection : std::exchange(held_, {})) {
        Response r;
        r.body = "held|";
        connection->reply(std::move(r));
      }
    });
  }
  // Of requests whose bytes have come.
  void wait_for_held(size_t count) {
    for (size_t now = 0; now < count;) on_loop([&] { now = held_.size(); });
  }

  // What has come by now is read, and what is due by now is done.
  void let_it_look() {
    for (int i = 0; i < 2; ++i) on_loop([] {});
  }

  ClockAhead clock_;
  CrowdSession::Held held_;
  IoLoop loop_{0, clock_, GetParam()};
  std::unique_ptr<HttpServer> server_;
  std::vector<std::string> told_;
  FenceListener listener_ = set_fence_listener(
      [this](std::string_view, std::string_view what) { told_.emplace_back(what); });
};

std::string get(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"; }
bool has(const std::string& in, std::string_view text) {
  return in.find(text) != std::string::npos;
}

TEST_P(HttpCrowdTest, WhoSendsNoMoreStillGetsItsAnswer) {
  serve();
  PlainClient now(server_->port()), later(server_->port());
  ASSERT_TRUE(now.send(get("/now")));
  now.end_sending();
  const std::string in = now.read_to_close();
  EXPECT_TRUE(in.starts_with("HTTP/1.1 200 ") && has(in, "/now|")) << in;
  ASSERT_TRUE(later.send(get("/held") + get("/behind") + get("/held")));
  later.end_sending();
  wait_for_held(1);
  answer_held();
  wait_for_held(1);
  answer_held();
  const std::string all = later.read_to_close();
  EXPECT_LT(all.find("held|"), all.find("/behind|")) << all;
  EXPECT_LT(all.find("/behind|"), all.rfind("held|")) << all;
  EXPECT_TRUE(has(all, "Connection: close\r\n")) << all;
}

TEST_P(HttpCrowdTest, HalfARequestAndNoMoreIsTheEnd) {
  serve();
  for (const std::string part :
       {"GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"}) {
    PlainClient c(server_->port());
    ASSERT_TRUE(c.send(part));
    c.end_sending();
    EXPECT_EQ(c.read_to_close(), "");
  }
}

TEST_P(HttpCrowdTest, OfTooManyTheOldestThatWaitsGoes) {
  serve(3);
  PlainClient held(server_->port());
  ASSERT_TRUE(held.send(get("/held")));
  wait_for_held(1);
  PlainClient first(server_->port()), second(server_->port());
  for (PlainClient* c : {&first, &second}) {
    ASSERT_TRUE(c->send(get("/a")));
    c->read_until("/a|");
  }
  ASSERT_TRUE(first.send(get("/used")));  // now the second has waited longer
  first.read_until("/used|");
  PlainClient third(server_->port());
  ASSERT_TRUE(third.send(get("/b")));
  third.read_until("/b|");
  second.read_to_close();
  ASSERT_TRUE(first.send(get("/still")));
  first.read_until("/still|");
  EXPECT_EQ(server_->connections().open, 3U);
  EXPECT_EQ(server_->connections().dropped, 1U);
  answer_held();
  held.read_until("held|");
}

TEST_P(HttpCrowdTest, ASlowRequestGoesWhereNobodyElseWaits) {
  serve(2);
  PlainClient held(server_->port()), slow(server_->port());
  ASSERT_TRUE(held.send(get("/held")) && slow.send("GET /slow HTTP/1.1\r\nHo"));
  wait_for_held(1);
  PlainClient other(server_->port());
  ASSERT_TRUE(other.send(get("/other")));
  other.read_until("/other|");
  EXPECT_EQ(slow.read_to_close(), "");
  answer_held();
  held.read_until("held|");
}

std::string post(size_t length, size_t sent, const std::string& group = "a") {
  return "POST /p HTTP/1.1\r\nHost: x\r\nGroup: " + group +
         "\r\nContent-Length: " + std::to_string(length) + "\r\n\r\n" + std::string(sent, 'p');
}

TEST_P(HttpCrowdTest, WhoseLargeBodyIsSilentLongestMakesRoomForAnother) {
  constexpr size_t kLarge = 300'000, kPart = 70'000, kSmall = 60'000;
  serve(1000, std::chrono::minutes(1), 500'000);
  PlainClient small(server_->port()), silent(server_->port());
  ASSERT_TRUE(small.send(post(kSmall + 1, kSmall)));
  ASSERT_TRUE(silent.send(post(kLarge, kPart)));
  for (int i = 0; i < 50; ++i) let_it_look();
  // Its room is free again once a body is whole.
  for (int i = 0; i < 5; ++i) {
    PlainClient whole(server_->port());
    ASSERT_TRUE(whole.send(post(kLarge, kLarge)));
    EXPECT_TRUE(has(whole.read_until("/p|" + std::string(kLarge, 'p')), "HTTP/1.1 200 "));
  }
  EXPECT_EQ(silent.read_to_close(), "");
  ASSERT_TRUE(small.send("p"));
  EXPECT_TRUE(has(small.read_until("/p|" + std::string(kSmall + 1, 'p')), "HTTP/1.1 200 "));
}

TEST_P(HttpCrowdTest, ALargeBodyWithoutRoomIsRefused) {
  serve(1000, std::chrono::minutes(1), 100'000);
  PlainClient large(server_->port()), small(server_->port());
  (void)large.send(post(900'000, 300'000));
  EXPECT_TRUE(has(large.read_to_close(), "HTTP/1.1 503 "));
  ASSERT_TRUE(small.send(post(60'000, 60'000)));
  EXPECT_TRUE(has(small.read_until("/p|"), "HTTP/1.1 200 "));
}

TEST_P(HttpCrowdTest, OfTheGroupThatHoldsMostOneMakesRoom) {
  constexpr size_t kLarge = 100'000, kPart = 90'000;
  serve(1000, std::chrono::minutes(1), 450'000);  // for four of them
  PlainClient good(server_->port());
  ASSERT_TRUE(good.send(post(kLarge, kPart, "good")));
  good.wait_until_received();
  let_it_look();
  // The good one is silent longest, and none of the others' newer ones takes its room.
  std::vector<std::unique_ptr<PlainClient>> greedy;
  for (int i = 0; i < 10; ++i) {
    greedy.push_back(std::make_unique<PlainClient>(server_->port()));
    ASSERT_TRUE(greedy.back()->send(post(kLarge, kPart, "greedy")));
    while (server_->connections().requests_dropped < static_cast<uint64_t>(std::max(0, i - 2)))
      std::this_thread::yield();
    greedy.back()->wait_until_received();
    let_it_look();
  }
  ASSERT_TRUE(good.send(std::string(kLarge - kPart, 'p')));
  EXPECT_TRUE(has(good.read_until("/p|" + std::string(kLarge, 'p')), "HTTP/1.1 200 "));
  for (int i = 0; i < 7; ++i) EXPECT_EQ(greedy[i]->read_to_close(), "") << i;
  EXPECT_EQ(server_->connections().requests_refused, 0U);
}

TEST_P(HttpCrowdTest, WhoAloneWouldHoldMostIsRefusedAndCounted) {
  serve(1000, std::chrono::minutes(1), 500'000);
  PlainClient good(server_->port()), greedy(server_->port());
  ASSERT_TRUE(good.send(post(100'000, 90'000, "good")));
  good.wait_until_received();
  let_it_look();
  (void)greedy.send(post(450'000, 300'000, "greedy"));
  EXPECT_TRUE(has(greedy.read_to_close(), "HTTP/1.1 503 "));
  EXPECT_EQ(CrowdSession::unreadable, 1);
  EXPECT_EQ(server_->connections().requests_refused, 1U);
  EXPECT_EQ(server_->connections().requests_dropped, 0U);
  ASSERT_TRUE(good.send(std::string(10'000, 'p')));
  EXPECT_TRUE(has(good.read_until("/p|"), "HTTP/1.1 200 "));
}

TEST_P(HttpCrowdTest, ALengthAloneTakesNoRoom) {
  serve(1000, std::chrono::minutes(1), 200'000);
  std::vector<std::unique_ptr<PlainClient>> many;
  for (int i = 0; i < 50; ++i) {
    many.push_back(std::make_unique<PlainClient>(server_->port()));
    ASSERT_TRUE(many.back()->send(post(1'000'000, 100)));
    many.back()->wait_until_received();
  }
  let_it_look();
  PlainClient whole(server_->port());
  ASSERT_TRUE(whole.send(post(150'000, 150'000)));
  EXPECT_TRUE(has(whole.read_until("/p|" + std::string(150'000, 'p')), "HTTP/1.1 200 "));
  EXPECT_EQ(server_->connections().requests_dropped, 0U);
}

TEST_P(HttpCrowdTest, LargeHeadsHaveTheSameRoom) {
  HttpLimits limits;
  limits.header_bytes = 1 << 20;
  limits.body_bytes = 500'000;
  serve(limits);
  std::vector<std::unique_ptr<PlainClient>> heads;
  for (int i = 0; i < 4; ++i) {
    heads.push_back(std::make_unique<PlainClient>(server_->port()));
    (void)heads.back()->send("GET /h HTTP/1.1\r\nHost: x\r\nX: " + std::string(150'000, 'x'));
    heads.back()->wait_until_received();
    let_it_look();
  }
  EXPECT_EQ(heads[0]->read_to_close(), "");
  ASSERT_TRUE(heads[3]->send("\r\n\r\n"));
  EXPECT_TRUE(has(heads[3]->read_until("/h|"), "HTTP/1.1 200 "));
  EXPECT_GE(server_->connections().requests_dropped, 1U);
}

TEST_P(HttpCrowdTest, WhatCannotBeReadToItsEndIsToldToItsSession) {
  serve();
  const std::string head = "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  PlainClient bad(server_->port()), garbage(server_->port()), good(server_->port());
  ASSERT_TRUE(bad.send(head + "3\r\nabc\r\nno size\r\n"));
  EXPECT_TRUE(has(bad.read_to_close(), "HTTP/1.1 400 "));
  EXPECT_EQ(CrowdSession::unreadable, 1);
  ASSERT_TRUE(garbage.send("GARBAGE\r\n\r\n"));
  EXPECT_TRUE(has(garbage.read_to_close(), "HTTP/1.1 400 "));
  ASSERT_TRUE(good.send(head + "3\r\nabc\r\n0\r\n\r\n"));
  EXPECT_TRUE(has(good.read_until("/c|abc"), "HTTP/1.1 200 "));
  EXPECT_EQ(CrowdSession::unreadable, 1);
}

TEST_P(HttpCrowdTest, WhoSendsOrTakesABodySlowlyIsNotSilent) {
  constexpr std::string_view kHead =
      "POST /s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n";
  constexpr size_t kSome = size_t{2} << 20;  // more than waits in the kernel at the end
  serve(3);
  PlainClient sends(server_->port()), takes(server_->port());
  ASSERT_TRUE(sends.send(kHead) && takes.send(get("/large")));
  sends.read_until("100 Continue");
  for (int i = 0; i < 10; ++i) {
    PlainClient silent(server_->port());
    ASSERT_TRUE(silent.send(kHead));
    silent.read_until("100 Continue");
    ASSERT_TRUE(takes.read_bytes(kSome)) << i;
    ASSERT_TRUE(sends.send("x"));
    sends.wait_until_received();
    let_it_look();
    PlainClient next(server_->port());
    ASSERT_TRUE(next.send(get("/next")));
    next.read_until("/next|");
    silent.read_to_close();
  }
  ASSERT_TRUE(sends.send("x"));
  sends.read_until("/s|");
}

TEST_P(HttpCrowdTest, WhereEachIsWorkedOnOneMoreIsRefused) {
  serve(2);
  PlainClient one(server_->port()), two(server_->port());
  ASSERT_TRUE(one.send(get("/held")) && two.send(get("/held")));
  wait_for_held(2);
  PlainClient third(server_->port());
  const std::string refused = third.read_to_close();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ") && has(refused, "ulimit -Hn")) << refused;
  EXPECT_EQ(server_->connections().refused, 1U);
  answer_held();
  one.read_until("held|");
  two.read_until("held|");
  PlainClient fourth(server_->port());
  ASSERT_TRUE(fourth.send(get("/again")));
  fourth.read_until("/again|");
}

TEST_P(HttpCrowdTest, WhoMayBeGoneMakesRoomForOthers) {
  serve(2);
  PlainClient done(server_->port()), waits(server_->port());
  ASSERT_TRUE(done.send(get("/held")) && waits.send(get("/held")));
  done.end_sending();
  wait_for_held(2);
  PlainClient third(server_->port());
  ASSERT_TRUE(third.send(get("/third")));
  third.read_until("/third|");
  EXPECT_EQ(done.read_to_close(), "");
  answer_held();
  waits.read_until("held|");
}

TEST_P(HttpCrowdTest, BodiesAndAnswersHaveTheirTime) {
  serve(1000, std::chrono::milliseconds(300));
  PlainClient slow(server_->port()), deaf(server_->port()), good(server_->port());
  ASSERT_TRUE(slow.send("POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"));
  ASSERT_TRUE(deaf.send(get("/large")));
  EXPECT_EQ(slow.read_to_close(), "");
  while (server_->connections().open > 1) std::this_thread::yield();
  EXPECT_LT(deaf.read_to_close().size(), size_t{64} << 20);
  ASSERT_TRUE(good.send(get("/good")));
  good.read_until("/good|");
}

TEST_P(HttpCrowdTest, ABodyThatMovesOnHasMoreTime) {
  constexpr auto kTime = std::chrono::hours(4);
  serve(1000, kTime);
  PlainClient sends(server_->port()), takes(server_->port());
  ASSERT_TRUE(sends.send("POST /s HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n") &&
              takes.send(get("/large")));
  // Longer, an eighth of it at a time.
  for (int i = 0; i < 10; ++i) {
    clock_.advance(kTime / 8);
    let_it_look();
    ASSERT_TRUE(sends.send("x"));
    sends.wait_until_received();
    let_it_look();
    ASSERT_TRUE(takes.read_bytes(size_t{1} << 20));
  }
  sends.read_until("/s|");
  EXPECT_TRUE(takes.read_bytes(size_t{53} << 20));
}

TEST_P(HttpCrowdTest, WhatNobodyAnswersAnyMoreIsAnswered500) {
  serve();
  for (const char* path : {"/forgotten", "/starved", "/forgotten"}) {
    PlainClient c(server_->port());
    ASSERT_TRUE(c.send(get(path)));
    EXPECT_TRUE(c.read_to_close().starts_with("HTTP/1.1 500 "));
  }
  const std::string defect = "it was dropped without an answer";
  on_loop([&] {
    EXPECT_EQ(told_, (std::vector<std::string>{defect, std::string(kNoMemory), defect}));
  });
}

// As a streamed answer of a function, for a part of which there was no memory.
TEST_P(HttpCrowdTest, WhoseBodyIsForgottenIsAnswered500AndItsSessionIsTold) {
  serve();
  PlainClient c(server_->port());
  ASSERT_TRUE(c.send("POST /sunk HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"));
  EXPECT_TRUE(c.read_to_close().starts_with("HTTP/1.1 500 "));
  EXPECT_EQ(CrowdSession::unreadable, 1);
}

TEST_P(HttpCrowdTest, WhatIsThrownWithinARequestIsItsAnswer) {
  serve();
  PlainClient c(server_->port());
  ASSERT_TRUE(c.send("POST /thrown HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab"));
  EXPECT_TRUE(c.read_to_close().starts_with("HTTP/1.1 500 "));
  PlainClient next(server_->port());
  ASSERT_TRUE(next.send(get("/next")));
  next.read_until("/next|");
}

TEST_P(HttpCrowdTest, LargeAnswersThatNobodyTakesMakeRoom) {
  const auto get_large = [](const std::string& group) {
    return "GET /large HTTP/1.1\r\nHost: x\r\nGroup: " + group + "\r\n\r\n";
  };
  serve(1000, std::chrono::minutes(1), uint64_t{200} << 20);  // for three of them
  PlainClient good(server_->port());
  ASSERT_TRUE(good.send(get_large("good")));
  good.read_bytes(1);
  std::vector<std::unique_ptr<PlainClient>> deaf;
  for (int i = 0; i < 6; ++i) {
    deaf.push_back(std::make_unique<PlainClient>(server_->port()));
    ASSERT_TRUE(deaf.back()->send(get_large("deaf")));
    deaf.back()->read_bytes(1);
  }
  let_it_look();
  EXPECT_EQ(server_->connections().requests_dropped, 4U);
  EXPECT_TRUE(good.read_bytes(size_t{63} << 20));
  EXPECT_LT(deaf[0]->read_to_close().size(), size_t{64} << 20);
  EXPECT_TRUE(deaf[5]->read_bytes(size_t{63} << 20));
  // What has been taken has given its room back.
  ASSERT_TRUE(good.send(get_large("good")));
  EXPECT_TRUE(good.read_bytes(size_t{63} << 20));
  EXPECT_EQ(server_->connections().requests_dropped, 4U);
}

TEST(HttpCrowd, SomeReadLargePartsAhead) {
  HttpCrowd crowd(1000, 1000);
  std::vector<HttpCrowd::Member> members(65);
  for (size_t i = 0; i < 64; ++i) EXPECT_TRUE(crowd.reads_ahead(members[i])) << i;
  EXPECT_TRUE(crowd.reads_ahead(members[0])) << "it does so already";
  EXPECT_FALSE(crowd.reads_ahead(members[64]));
  crowd.release(members[1]);
  EXPECT_TRUE(crowd.reads_ahead(members[64]));
  EXPECT_FALSE(crowd.reads_ahead(members[1]));
}

// Connections go to the loops in turn.
TEST_P(HttpCrowdTest, EachLoopHasARoomOfItsOwn) {
  IoLoop first(1, clock_, GetParam()), second(2, clock_, GetParam());
  HttpLimits limits;
  limits.body_bytes = 1'000'000;
  HttpServer server({&first, &second}, limits,
                    [this](HttpConnection& c) { return std::make_unique<CrowdSession>(c, held_); });
  ASSERT_TRUE(server.listen("127.0.0.1", 0));
  first.start();
  second.start();
  loop_.start();
  std::vector<std::unique_ptr<PlainClient>> clients;
  for (size_t i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<PlainClient>(server.port()));
    while (server.connections().open < i + 1) std::this_thread::yield();
  }
  // Those of one loop hold all that it may.
  for (const int i : {0, 2, 4}) {
    ASSERT_TRUE(clients[i]->send(post(450'000, 440'000)));
    clients[i]->wait_until_received();
  }
  while (server.connections().requests_dropped < 2) std::this_thread::yield();
  for (const int i : {1, 3}) {
    ASSERT_TRUE(clients[i]->send(post(450'000, 450'000)));
    EXPECT_TRUE(has(clients[i]->read_until("/p|" + std::string(450'000, 'p')), "HTTP/1.1 200 "));
  }
  EXPECT_EQ(server.connections().requests_refused, 0U);
  server.close();
  for (IoLoop* loop : {&first, &second}) {
    loop->stop();
    loop->join();
  }
}

INSTANTIATE_TEST_SUITE_P(Io, HttpCrowdTest, testing::ValuesIn(io_choices()), io_name);

}  // namespace
}  // namespace kiln::net
