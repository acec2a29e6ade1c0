// Bodies that don't fit into memory: requests that go into a sink, answers that come from a file.
#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <future>
#include <mutex>
#include <utility>

#include "base/unique_fd.h"
#include "net/http_connection.h"
#include "net/http_server.h"
#include "tests/support/io_choices.h"

namespace kiln::net {
namespace {

constexpr uint64_t kLimit = uint64_t{64} * 1024 * 1024;

// Keeps the parts, and asks for more at once, or when the test lets it.
class Sink final : public BodySink {
 public:
  void hold() {
    const std::lock_guard lock(mutex_);
    asks_at_once_ = false;
  }
  void put(std::string&& part, std::function<void()> more) override {
    const std::lock_guard lock(mutex_);
    content_ += part;
    most_ = std::max(most_.load(), part.size());
    if (!std::exchange(has_arrived_, true)) arrived_.set_value();
    if (asks_at_once_) return more();
    more_ = std::move(more);
  }
  std::string content() {
    const std::lock_guard lock(mutex_);
    return content_;
  }
  size_t most() const { return most_; }
  // The first part.
  std::future<void> arrived() { return arrived_.get_future(); }
  void go_on() {
    const std::lock_guard lock(mutex_);
    asks_at_once_ = true;
    more_();
  }

 private:
  std::mutex mutex_;
  bool asks_at_once_ = true;
  bool has_arrived_ = false;
  std::string content_;
  std::atomic<size_t> most_ = 0;
  std::function<void()> more_;
  std::promise<void> arrived_;
};

// PUT goes into the test's sink; GET and HEAD answer with a part of the test's file.
class Streaming final : public Session {
 public:
  Streaming(HttpConnection& c, const std::shared_ptr<Sink>& sink, int file,
            std::promise<void>& gone)
      : connection_(c), sink_(sink), file_(file), gone_(gone) {}
  uint64_t body_limit(const RequestHeader&) override { return kLimit; }
  Response too_large(const RequestHeader&) override {
    Response r;
    r.status = 413;
    return r;
  }
  std::shared_ptr<BodySink> body_sink(const RequestHeader& header) override {
    return header.method() == http::verb::put ? sink_.lock() : nullptr;
  }
  void on_request(Request&& request) override {
    Response r;
    r.body = "whole|" + request.body();
    if (request.method() == http::verb::get || request.method() == http::verb::head) {
      r.file = std::make_shared<FilePart>();
      r.file->file = UniqueFd(::dup(file_));
      r.file->offset = 3;
      r.file->size = std::stoull(std::string(target(request).substr(1)));
    }
    connection_.reply(std::move(r));
  }
  void on_sunk_request(Request&& request, const std::shared_ptr<BodySink>& sink) override {
    Response r;
    r.body = std::to_string(static_cast<Sink&>(*sink).content().size()) + "|" + request.body();
    connection_.reply(std::move(r));
  }
  void on_closed(bool mid_request) override {
    if (mid_request) gone_.set_value();
  }

 private:
  HttpConnection& connection_;
  std::weak_ptr<Sink> sink_;
  int file_;
  std::promise<void>& gone_;
};

class StreamedBodyTest : public testing::TestWithParam<IoChoice> {
 protected:
  StreamedBodyTest() : file_(::memfd_create("file", MFD_CLOEXEC)) {
    content_.reserve(kFileBytes);
    while (content_.size() < kFileBytes) content_ += std::to_string(content_.size()) + ",";
    EXPECT_EQ(::write(file_.get(), content_.data(), content_.size()),
              static_cast<ssize_t>(content_.size()));
    server_ = std::make_unique<HttpServer>(
        std::vector<IoLoop*>{&loop_}, HttpLimits{}, [this](HttpConnection& c) {
          return std::make_unique<Streaming>(c, sink_, file_.get(), gone_);
        });
    EXPECT_TRUE(server_->listen("127.0.0.1", 0).ok());
    loop_.start();
    client_ = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in a = {};
    a.sin_family = AF_INET;
    a.sin_port = htons(server_->port());
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client_.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
  }
  ~StreamedBodyTest() override {
    server_->close();
    loop_.stop();
    loop_.join();
  }

  void send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(client_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      text.remove_prefix(static_cast<size_t>(n));
    }
  }
  // An answer's head, and `size` bytes of body after it.
  std::string receive(size_t size) {
    return receive_until([&](const std::string& in) {
      const size_t head = in.find("\r\n\r\n");
      return head != std::string::npos && in.size() >= head + 4 + size;
    });
  }
  std::string receive_until(const std::function<bool(const std::string&)>& is_all) {
    std::string in;
    while (!is_all(in)) {
      pollfd p = {client_.get(), POLLIN, 0};
      char chunk[65536];
      if (::poll(&p, 1, 10'000) != 1) return in + "[nothing within 10 s]";
      const ssize_t n = ::recv(client_.get(), chunk, sizeof chunk, 0);
      if (n <= 0) return in + "[end]";
      in.append(chunk, static_cast<size_t>(n));
    }
    return in;
  }

  static constexpr size_t kFileBytes = 20'000'000;
  SystemClock clock_;
  IoLoop loop_{0, clock_, GetParam()};
  UniqueFd file_;
  std::string content_;
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  std::promise<void> gone_;
  std::unique_ptr<HttpServer> server_;
  UniqueFd client_;
};

TEST_P(StreamedBodyTest, ALargeBodyComesInPartsAndTheConnectionServesOn) {
  send("PUT /k HTTP/1.1\r\nContent-Length: " + std::to_string(content_.size()) + "\r\n\r\n");
  send(content_);
  const std::string wanted = std::to_string(content_.size()) + "|";
  EXPECT_TRUE(receive(wanted.size()).ends_with("\r\n\r\n" + wanted));
  EXPECT_EQ(sink_->content(), content_);
  EXPECT_LE(sink_->most(), 2U * 1024 * 1024);
  send("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_TRUE(receive(8).ends_with("whole|hi"));
}

TEST_P(StreamedBodyTest, ChunkedAndEmptyBodies) {
  send("PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_TRUE(receive(2).ends_with("5|"));
  EXPECT_EQ(sink_->content(), "abcde");
  send("PUT /k HTTP/1.1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(receive(2).ends_with("5|"));
}

TEST_P(StreamedBodyTest, NothingIsReadBeforeTheSinkWantsMore) {
  sink_->hold();
  auto arrived = sink_->arrived();
  send("PUT /k HTTP/1.1\r\nContent-Length: " + std::to_string(content_.size()) + "\r\n\r\nabc");
  ASSERT_EQ(arrived.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  // What the sockets hold is far less than the body: without a reader the sender gets stuck.
  size_t sent = 3;
  while (true) {
    const ssize_t n = ::send(client_.get(), content_.data() + sent, content_.size() - sent,
                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n <= 0) break;
    sent += static_cast<size_t>(n);
  }
  EXPECT_LT(sent, content_.size());
  EXPECT_EQ(sink_->content(), "abc");
  sink_->go_on();
  send(std::string_view(content_).substr(sent));
  const std::string wanted = std::to_string(content_.size()) + "|";
  EXPECT_TRUE(receive(wanted.size()).ends_with(wanted));
}

TEST_P(StreamedBodyTest, TheSinkGoesWithAPeerThatLeavesHalfWay) {
  auto arrived = sink_->arrived();
  send("PUT /k HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc");
  ASSERT_EQ(arrived.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const std::weak_ptr<Sink> sink = sink_;
  sink_.reset();
  client_.reset();
  ASSERT_EQ(gone_.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  // The connection is destroyed by the loop when it has come round.
  std::promise<void> twice;
  loop_.post([&] { loop_.post([&] { twice.set_value(); }); });
  twice.get_future().wait();
  EXPECT_TRUE(sink.expired());
}

TEST_P(StreamedBodyTest, AnAnswerFromAFileIsWholeAndTheConnectionServesOn) {
  const size_t size = content_.size() - 10;
  send("GET /" + std::to_string(size) + " HTTP/1.1\r\n\r\n");
  const std::string answer = receive(size);
  const size_t head = answer.find("\r\n\r\n");
  EXPECT_NE(answer.find("\r\nContent-Length: " + std::to_string(size) + "\r\n"), std::string::npos);
  EXPECT_TRUE(answer.substr(head + 4) == content_.substr(3, size));
  send(
      "GET /0 HTTP/1.1\r\n\r\nHEAD /5 HTTP/1.1\r\n\r\nPOST / HTTP/1.1\r\nContent-Length: "
      "1\r\n\r\nx");
  const std::string rest =
      receive_until([](const std::string& in) { return in.ends_with("whole|x"); });
  EXPECT_NE(rest.find("Content-Length: 0\r\n"), std::string::npos);
  EXPECT_NE(rest.find("Content-Length: 5\r\n"), std::string::npos);
  EXPECT_TRUE(rest.ends_with("whole|x")) << rest;
}

TEST_P(StreamedBodyTest, AFileThatHasBecomeShorterEndsTheConnection) {
  ASSERT_EQ(::ftruncate(file_.get(), 1000), 0);
  send("GET /5000 HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(receive(5000).ends_with("[end]"));
}

INSTANTIATE_TEST_SUITE_P(Io, StreamedBodyTest, testing::ValuesIn(io_choices()), io_name);

}  // namespace
}  // namespace kiln::net
