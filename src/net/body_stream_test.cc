// Answers that are written while they are sent, over a real connection.
#include "net/body_stream.h"

#include <gtest/gtest.h>

#include <future>

#include "net/http_connection.h"
#include "net/http_server.h"
#include "tests/support/io_choices.h"
#include "tests/support/plain_client.h"

namespace kiln::net {
namespace {

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

// Answers each request with a stream, whose writer the test has.
class StreamedAnswers final : public Session {
 public:
  StreamedAnswers(HttpConnection& connection, std::promise<std::shared_ptr<BodyWriter>>& asked)
      : connection_(connection), asked_(asked) {}
  uint64_t body_limit(const RequestHeader&) override { return 1000; }
  Response too_large(const RequestHeader&) override { return {}; }
  void on_request(Request&&) override {
    const auto writer = std::make_shared<BodyWriter>();
    Response response;
    response.content_type = "text/plain";
    response.stream = writer->stream();
    asked_.set_value(writer);
    connection_.reply(std::move(response));
  }
  void on_closed(bool) override {}

 private:
  HttpConnection& connection_;
  std::promise<std::shared_ptr<BodyWriter>>& asked_;
};

class BodyStreamTest : public testing::TestWithParam<IoChoice> {
 protected:
  void SetUp() override {
    loop_ = std::make_unique<IoLoop>(0, clock_, GetParam());
    server_ = std::make_unique<HttpServer>(
        std::vector<IoLoop*>{loop_.get()}, HttpLimits{},
        [this](HttpConnection& c) { return std::make_unique<StreamedAnswers>(c, asked_); });
    ASSERT_TRUE(server_->listen("127.0.0.1", 0));
    loop_->start();
  }
  void TearDown() override {
    server_->close();
    loop_->stop();
    loop_->join();
  }
  // The writer of the next answer.
  std::shared_ptr<BodyWriter> asked() {
    auto writer = asked_.get_future().get();
    asked_ = {};
    return writer;
  }

  SystemClock clock_;
  std::promise<std::shared_ptr<BodyWriter>> asked_;
  std::unique_ptr<IoLoop> loop_;
  std::unique_ptr<HttpServer> server_;
};

TEST_P(BodyStreamTest, PartsArriveAsTheyAreWritten) {
  PlainClient client(server_->port());
  ASSERT_TRUE(client.send(kGet));
  const auto writer = asked();
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Transfer-Encoding: chunked"), std::string::npos) << head;
  EXPECT_EQ(head.find("Content-Length"), std::string::npos) << head;
  // The second is written when the first has come.
  writer->put("first");
  EXPECT_TRUE(client.read_until("first\r\n").ends_with("5\r\nfirst\r\n"));
  writer->put("");
  writer->put("and the second one");
  EXPECT_TRUE(client.read_until("one\r\n").ends_with("12\r\nand the second one\r\n"));
  writer->end();
  writer->put("too late");
  EXPECT_TRUE(client.read_until("\r\n0\r\n\r\n").ends_with("\r\n0\r\n\r\n"));
}

TEST_P(BodyStreamTest, TheConnectionGoesOnAfterAnAnswer) {
  PlainClient client(server_->port());
  for (const char* text : {"one", "two"}) {
    ASSERT_TRUE(client.send(kGet));
    const auto writer = asked();
    writer->put(text);
    writer->end();
    client.read_until(std::string(text) + "\r\n0\r\n\r\n");
  }
}

TEST_P(BodyStreamTest, AWriterThatGoesLeavesAnAnswerIncomplete) {
  PlainClient client(server_->port());
  ASSERT_TRUE(client.send(kGet));
  auto writer = asked();
  writer->put("first");
  client.read_until("first\r\n");
  writer.reset();
  EXPECT_TRUE(client.read_to_close().ends_with("5\r\nfirst\r\n"));
}

TEST_P(BodyStreamTest, AnOldClientGetsTheBytesUntilTheConnectionEnds) {
  PlainClient client(server_->port());
  ASSERT_TRUE(client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  const auto writer = asked();
  writer->put("first ");
  writer->put("second");
  writer->end();
  const std::string all = client.read_to_close();
  EXPECT_TRUE(all.ends_with("\r\n\r\nfirst second")) << all;
  EXPECT_EQ(all.find("Transfer-Encoding"), std::string::npos) << all;
}

// The writer is told to go on once a part is with the kernel, which takes no more than the peer
// lets it.
TEST_P(BodyStreamTest, ASlowReaderHoldsTheWriterUp) {
  PlainClient client(server_->port());
  ASSERT_TRUE(client.send(kGet));
  const auto writer = asked();
  client.read_until("\r\n\r\n");
  constexpr size_t kSize = size_t{32} << 20;
  std::promise<void> gone;
  auto more = gone.get_future();
  writer->put(std::string(kSize, 'x'), [&gone] { gone.set_value(); });
  ASSERT_TRUE(client.read_bytes(1));
  EXPECT_EQ(more.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  ASSERT_TRUE(client.read_bytes(kSize - (size_t{1} << 20)));  // the rest is with the kernel
  more.get();
}

TEST_P(BodyStreamTest, AReaderThatGoesLetsTheWriterGoOn) {
  auto client = std::make_unique<PlainClient>(server_->port());
  ASSERT_TRUE(client->send(kGet));
  const auto writer = asked();
  client->read_until("\r\n\r\n");
  std::promise<void> gone, later;
  writer->put(std::string(size_t{32} << 20, 'x'), [&gone] { gone.set_value(); });
  ASSERT_TRUE(client->read_bytes(1));
  client.reset();
  gone.get_future().get();
  writer->put("for nobody", [&later] { later.set_value(); });
  later.get_future().get();
}

TEST(BodyStream, WhatNobodyReadsCountsAsTaken) {
  BodyWriter writer;
  int taken = 0;
  auto stream = writer.stream();
  writer.put("a", [&taken] { ++taken; });
  EXPECT_EQ(taken, 0);
  stream.reset();
  EXPECT_EQ(taken, 1);
  writer.put("b", [&taken] { ++taken; });
  EXPECT_EQ(taken, 2);
}

INSTANTIATE_TEST_SUITE_P(Io, BodyStreamTest, testing::ValuesIn(io_choices()), io_name);

}  // namespace
}  // namespace kiln::net
