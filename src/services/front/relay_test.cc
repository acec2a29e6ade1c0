// The relay between a client and a server that has its own mind: it answers before it has read all,
// or half, or goes.
#include "services/front/relay.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <thread>

#include "net/http_connection.h"

namespace kiln::services {
namespace {

constexpr std::string_view kAnswer =
    "HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 9\r\n\r\ntoo large";

void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    text.remove_prefix(static_cast<size_t>(n));
  }
}

std::string read_to_end(int fd) {
  std::string in;
  char chunk[65536];
  while (true) {
    pollfd p = {fd, POLLIN, 0};
    if (::poll(&p, 1, 10'000) != 1) return in + "[nothing within 10 s]";
    const ssize_t n = ::recv(fd, chunk, sizeof chunk, 0);
    if (n < 0) return in + "[reset]";
    if (n == 0) return in;
    in.append(chunk, static_cast<size_t>(n));
  }
}

UniqueFd listen_anywhere(uint16_t& port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in a = {};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof a;
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&a), size), 0);
  EXPECT_EQ(::listen(fd.get(), 16), 0);
  EXPECT_EQ(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&a), &size), 0);
  port = ntohs(a.sin_port);
  return fd;
}

// Gives each connection away.
class Passing final : public net::Session {
 public:
  Passing(net::HttpConnection& c, const net::ClientUrl& server) : connection_(c), server_(server) {}
  uint64_t body_limit(const net::RequestHeader&) override { return 0; }
  net::Response too_large(const net::RequestHeader&) override { return {}; }
  bool wants_connection(const net::RequestHeader&) override { return true; }
  void take_over(UniqueFd&& socket, net::RequestHeader&& header, std::string&& rest) override {
    Classification what;
    what.service = "s3";
    start_relay(connection_.loop(), std::move(socket), header, std::move(rest), server_,
                std::move(what));
  }
  void on_request(net::Request&&) override {}
  void on_closed(bool) override {}

 private:
  net::HttpConnection& connection_;
  const net::ClientUrl& server_;
};

class RelayTest : public testing::Test {
 protected:
  void SetUp() override {
    uint16_t port = 0;
    listener_ = listen_anywhere(port);
    url_ = *net::ClientUrl::parse("http://127.0.0.1:" + std::to_string(port));
    server_ = std::make_unique<net::HttpServer>(
        std::vector<net::IoLoop*>{&loop_}, net::HttpLimits{},
        [this](net::HttpConnection& c) { return std::make_unique<Passing>(c, url_); });
    ASSERT_TRUE(server_->listen("127.0.0.1", 0));
    loop_.start();
  }
  void TearDown() override {
    server_->close();
    loop_.stop();
    loop_.join();
  }
  // What a client that sends all of `request` gets, of a server that does `serve`.
  std::string exchange(const std::string& request, const std::function<void(int)>& serve) {
    std::thread server([&] {
      const UniqueFd c(::accept(listener_.get(), nullptr, nullptr));
      serve(c.get());
    });
    const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in a = {};
    a.sin_family = AF_INET;
    a.sin_port = htons(server_->port());
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    send_all(client.get(), request);
    std::string answer = read_to_end(client.get());
    server.join();
    return answer;
  }
  static std::string put(size_t size) {
    return "PUT /b/k HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nContent-Length: " +
           std::to_string(size) + "\r\n\r\n" + std::string(size, 'b');
  }

  SystemClock clock_;
  net::IoLoop loop_{0, clock_};
  UniqueFd listener_;
  net::ClientUrl url_;
  std::unique_ptr<net::HttpServer> server_;
};

TEST_F(RelayTest, AnAnswerThatComesBeforeTheBodyWasReadArrivesWhole) {
  const std::string request = put(20'000'000);
  for (int i = 0; i < 10; ++i)
    ASSERT_EQ(exchange(request,
                       [](int c) {
                         char head[1000];
                         (void)!::recv(c, head, sizeof head, 0);
                         // It ends with most of the request unread: its socket is reset.
                         send_all(c, kAnswer);
                       }),
              kAnswer);
}

TEST_F(RelayTest, BodyAndAnswerOfAnySizePass) {
  const std::string request = put(5'000'000);
  std::string got;
  const std::string answer =
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + std::string(5'000'000, 'a');
  EXPECT_TRUE(exchange(request, [&](int c) {
                std::string chunk(65536, '\0');
                while (!got.ends_with(std::string(100, 'b')) || got.size() < 5'000'000) {
                  const ssize_t n = ::recv(c, chunk.data(), chunk.size(), 0);
                  if (n <= 0) break;
                  got.append(chunk, 0, static_cast<size_t>(n));
                }
                send_all(c, answer);
              }) == answer);
  const size_t head = got.find("\r\n\r\n");
  EXPECT_EQ(got.substr(0, head),
            "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\nConnection: close");
  EXPECT_EQ(got.size(), head + 4 + 5'000'000);
}

// A client that keeps connections would ask again over one that is about to end.
TEST_F(RelayTest, AnAnswerSaysThatTheConnectionEndsWithIt) {
  const std::string ok = "HTTP/1.1 200 OK\r\n", close = "Connection: close\r\n",
                    rest = "Content-Length: 2\r\n\r\nok", more = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto answered = [&](const std::vector<std::string>& parts) {
    return exchange(put(3), [&](int c) {
      char head[1000];
      (void)!::recv(c, head, sizeof head, 0);
      for (const std::string& part : parts) send_all(c, part);
    });
  };
  EXPECT_EQ(answered({ok + rest}), ok + close + rest);
  EXPECT_EQ(answered({"HT", "TP/1.1 200 OK\r", "\n" + rest}), ok + close + rest);
  EXPECT_EQ(answered({more, ok + rest}), more + ok + close + rest);
  EXPECT_EQ(answered({ok + "\r\n"}), ok + close + "\r\n");
  // As the server says it, if it does; and what is no answer goes on as it is.
  EXPECT_EQ(answered({ok + "connection: Keep-Alive\r\n" + rest}),
            ok + "connection: Keep-Alive\r\n" + rest);
  EXPECT_EQ(answered({"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\nraw"}),
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\nraw");
  EXPECT_EQ(answered({"no HTTP"}), "no HTTP");
  EXPECT_EQ(answered({}), "");
}

TEST_F(RelayTest, AServerThatIsNotThereIsNamed) {
  listener_.reset();
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in a = {};
  a.sin_family = AF_INET;
  a.sin_port = htons(server_->port());
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::connect(client.get(), reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
  send_all(client.get(), put(3));
  const std::string answer = read_to_end(client.get());
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 502 ")) << answer;
  EXPECT_NE(answer.find("--forward s3=URL"), std::string::npos) << answer;
}

}  // namespace
}  // namespace kiln::services
