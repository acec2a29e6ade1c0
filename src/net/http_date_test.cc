// The Date of answers, by a clock that moves when told.
#include "net/http_date.h"

#include <gtest/gtest.h>

#include "net/http_connection.h"
#include "tests/support/plain_client.h"

namespace kiln::net {
namespace {

using namespace std::chrono_literals;

// 2026-12-01 09:05:07.750, a Tuesday.
constexpr WallTime kTuesday{1'796'115'907'750ms};

std::string dated(const IoLoop& loop, const Response& response = {}) {
  std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  add_date(head, response, loop);
  return head;
}

TEST(HttpDate, ChangesWithTheSecondAndNoSooner) {
  ManualClock clock(kTuesday);
  IoLoop loop(0, clock);
  EXPECT_EQ(dated(loop), "HTTP/1.1 200 OK\r\nDate: Tue, 01 Dec 2026 09:05:07 GMT\r\n\r\n");
  const auto after = [&](Duration time) {
    clock.advance(time);
    loop.turn(Duration::zero());
    return dated(loop).substr(23, 29);
  };
  EXPECT_EQ(after(249ms), "Tue, 01 Dec 2026 09:05:07 GMT");
  EXPECT_EQ(after(1ms), "Tue, 01 Dec 2026 09:05:08 GMT");
  EXPECT_EQ(after(14h + 54min + 52s), "Wed, 02 Dec 2026 00:00:00 GMT");
  EXPECT_EQ(after(24h * (365 + 89)), "Tue, 29 Feb 2028 00:00:00 GMT");
}

TEST(HttpDate, OfAnotherLoopIsByItsOwnClock) {
  ManualClock one(kTuesday), other(kTuesday - 24h);
  const IoLoop first(0, one), second(1, other);
  EXPECT_NE(dated(first).find("Tue, 01 Dec 2026 09:05:07 GMT"), std::string::npos);
  EXPECT_NE(dated(second).find("Mon, 30 Nov 2026 09:05:07 GMT"), std::string::npos);
}

TEST(HttpDate, AResponsesOwnStays) {
  ManualClock clock(kTuesday);
  const IoLoop loop(0, clock);
  Response response;
  response.headers.emplace_back("date", "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(dated(loop, response), "HTTP/1.1 200 OK\r\n\r\n");
}

class Refuser final : public Session {
 public:
  explicit Refuser(HttpConnection& c) : connection_(c) {}
  uint64_t body_limit(const RequestHeader&) override { return 0; }
  Response too_large(const RequestHeader&) override { return {}; }
  void on_request(Request&&) override {
    Response response;
    response.status = 404;
    connection_.reply(std::move(response));
  }
  void on_closed(bool) override {}

 private:
  HttpConnection& connection_;
};

TEST(HttpDate, EachAnswerOfAServerHasOne) {
  const ManualClock clock(kTuesday);
  IoLoop loop(0, clock);
  HttpServer server({&loop}, {}, [](HttpConnection& c) { return std::make_unique<Refuser>(c); });
  ASSERT_TRUE(server.listen("127.0.0.1", 0));
  loop.start();
  for (const char* request :
       {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "no\r\n\r\n"}) {
    PlainClient client(server.port());
    ASSERT_TRUE(client.send(request));
    EXPECT_NE(client.read_to_close().find("\r\nDate: Tue, 01 Dec 2026 09:05:07 GMT\r\n"),
              std::string::npos);
  }
  server.close();
  loop.stop();
  loop.join();
}

}  // namespace
}  // namespace kiln::net
