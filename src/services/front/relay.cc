#include "services/front/relay.h"

#include <sys/socket.h>

#include <utility>

#include "base/ids.h"
#include "net/connect.h"
#include "net/http_date.h"
#include "net/stream.h"

namespace kiln::services {
namespace {

using net::Stream;

// Neither side sent anything for so long: the relay ends.
constexpr auto kIdleTime = std::chrono::minutes(10);
// For the client to read its answer to the end.
constexpr auto kDrainTime = std::chrono::seconds(5);
// Of an answer's header; a longer one goes on as it comes.
constexpr size_t kMostHead = size_t{64} * 1024;
constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::string header_text(const net::RequestHeader& header) {
  std::string out;
  out.append(header.method_string()).append(" ").append(header.target()).append(" HTTP/1.1\r\n");
  for (const auto& field : header) {
    const std::string_view name = field.name_string();
    if (net::same_name(name, "Connection") || net::same_name(name, "Keep-Alive") ||
        net::same_name(name, "Proxy-Connection"))
      continue;
    out.append(name).append(": ").append(field.value()).append("\r\n");
  }
  return out + "Connection: close\r\n\r\n";
}

// 100 to 199, but for a protocol that is switched to.
bool is_interim(std::string_view head) {
  constexpr size_t kStatus = 9;  // behind "HTTP/1.1 "
  return head.size() > kStatus && head[kStatus] == '1' && head.substr(kStatus, 3) != "101";
}

// The head of an answer, saying that the connection ends with it: a client that keeps connections
// would otherwise ask again over one that is about to end. One that says something of it stays.
std::string closing_head(std::string_view head) {
  for (size_t at = head.find("\r\n"); at + kHeadEnd.size() < head.size();
       at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2);
    if (net::same_name(line.substr(0, line.find_first_of(":\r")), "Connection"))
      return std::string(head);
  }
  std::string closing(head);
  closing.insert(closing.find("\r\n") + 2, "Connection: close\r\n");
  return closing;
}

std::string response_text(const net::Response& response, const net::IoLoop& loop) {
  std::string out;
  net::write_head(out, response, false);
  net::add_date(out, response, loop);
  return out + response.body;
}

class Relay final : public std::enable_shared_from_this<Relay>, private net::Scheduled {
 public:
  Relay(net::IoLoop& loop, UniqueFd&& client, std::string&& first, const net::ClientUrl& server,
        Classification&& what)
      : loop_(loop),
        first_(std::move(first)),
        url_(server),
        what_(std::move(what)),
        client_(*this),
        server_(*this) {
    client_.stream = loop.open(std::move(client), client_);
  }
  ~Relay() { loop_.cancel(this); }

  void start() {
    loop_.hold(shared_from_this());
    touch();
    net::connect(loop_, url_.host, url_.port,
                 [weak = weak_from_this()](Result<UniqueFd> connected) {
                   if (const auto self = weak.lock()) self->connected(std::move(connected));
                 });
  }

 private:
  struct Client final : net::StreamUser {
    explicit Client(Relay& r) : relay(r) {}
    void on_data(std::string_view bytes) override { relay.from_client(bytes); }
    void on_end(int error) override { relay.client_ended(error); }
    void on_sent() override { relay.answer_sent(); }
    void on_send_failed(int) override { relay.close(); }
    Relay& relay;
    std::unique_ptr<Stream> stream;
  };
  struct Server final : net::StreamUser {
    explicit Server(Relay& r) : relay(r) {}
    void on_data(std::string_view bytes) override { relay.from_server(bytes); }
    void on_end(int) override { relay.server_ended(); }
    void on_sent() override { relay.request_sent(); }
    void on_send_failed(int) override { relay.stop_sending(); }
    Relay& relay;
    std::unique_ptr<Stream> stream;
  };

  void touch() {
    deadline_ = loop_.clock().steady_now() + kIdleTime;
    loop_.schedule(this, deadline_);
  }
  SteadyTime on_time(SteadyTime now) override {
    if (deadline_ > now) return deadline_;
    close();
    return SteadyTime::max();
  }

  void connected(Result<UniqueFd> socket) {
    if (!client_.stream) return;
    if (!socket) return refuse(socket.error().message);
    server_.stream = loop_.open(std::move(*socket), server_);
    server_.stream->resume();
    to_server(std::exchange(first_, {}));
    client_.stream->resume();
  }

  void to_server(std::string_view bytes) {
    switch (server_.stream->send(bytes, std::string_view())) {
      case Stream::Sent::kDone:
        break;
      case Stream::Sent::kPending:
        sending_ = true;
        client_.stream->pause();
        break;
      case Stream::Sent::kFailed:
        stop_sending();
    }
  }

  void from_client(std::string_view bytes) {
    if (answered_) return;
    touch();
    if (takes_more_) to_server(bytes);
  }

  void request_sent() {
    sending_ = false;
    if (client_done_) ::shutdown(server_.stream->fd(), SHUT_WR);
    client_.stream->resume();
  }

  // The server takes no more of the request; its answer may be on the way.
  void stop_sending() {
    sending_ = false;
    takes_more_ = false;
    client_.stream->resume();
  }

  void client_ended(int error) {
    if (error != 0 || answered_) return close();
    // A client that has sent all may still wait for the answer.
    client_done_ = true;
    if (server_.stream && !sending_) ::shutdown(server_.stream->fd(), SHUT_WR);
  }

  void from_server(std::string_view bytes) {
    touch();
    if (!in_body_) return from_head(bytes);
    to_client(bytes);
  }

  void from_head(std::string_view bytes) {
    head_.append(bytes);
    std::string out;
    while (!in_body_) {
      const size_t end = head_.find(kHeadEnd);
      if (end == std::string::npos && head_.size() < kMostHead) break;
      in_body_ = true;
      if (end == std::string::npos) {
        out += std::exchange(head_, {});
        break;
      }
      const std::string one = head_.substr(0, end + kHeadEnd.size());
      head_.erase(0, one.size());
      if (is_interim(one)) {
        in_body_ = false;
        out += one;
      } else {
        out += closing_head(one) + std::exchange(head_, {});
      }
    }
    if (!out.empty()) to_client(out);
  }

  void to_client(std::string_view bytes) {
    switch (client_.stream->send(bytes, std::string_view())) {
      case Stream::Sent::kDone:
        break;
      case Stream::Sent::kPending:
        answering_ = true;
        server_.stream->pause();
        break;
      case Stream::Sent::kFailed:
        close();
    }
  }

  void answer_sent() {
    answering_ = false;
    if (server_done_) return finish();
    server_.stream->resume();
  }

  // A server that is done is done.
  void server_ended() {
    server_done_ = true;
    if (!head_.empty() && !answering_) to_client(std::exchange(head_, {}));
    if (!client_.stream) return;
    if (!answering_) finish();
  }

  void refuse(const std::string& why) {
    const Error error{ErrorKind::kBadGateway, "ServiceUnavailable",
                      "The server of " + what_.service + ", http://" + url_.host_header() +
                          ", can't be reached: " + why +
                          ". Start it, or give its address with --forward " + what_.service +
                          "=URL."};
    server_done_ = true;
    net::Response response = error_in_shape(what_.shape, error, new_uuid());
    response.status = 502;
    switch (client_.stream->send(response_text(response, loop_), std::string_view())) {
      case Stream::Sent::kDone:
        return finish();
      case Stream::Sent::kPending:
        answering_ = true;
        return;
      case Stream::Sent::kFailed:
        close();
    }
  }

  // The client has its answer. What it still sends is read, so that the answer is not lost to a
  // reset.
  void finish() {
    answered_ = true;
    if (client_done_) return close();
    ::shutdown(client_.stream->fd(), SHUT_WR);
    client_.stream->resume();
    deadline_ = loop_.clock().steady_now() + kDrainTime;
    loop_.schedule(this, deadline_);
  }

  void close() {
    if (!client_.stream) return;
    loop_.cancel(this);
    client_.stream = nullptr;
    server_.stream = nullptr;
    loop_.drop(this);
  }

  net::IoLoop& loop_;
  std::string first_;
  net::ClientUrl url_;
  Classification what_;
  SteadyTime deadline_;
  std::string head_;          // of the answer, as far as it has come
  bool in_body_ = false;      // the answer's head has gone on
  bool takes_more_ = true;    // the server, of the request
  bool sending_ = false;      // part of the request waits for the server
  bool client_done_ = false;  // has sent all
  bool answering_ = false;    // part of the answer waits for the client
  bool server_done_ = false;  // has sent all
  bool answered_ = false;     // the client has been sent all
  Client client_;
  Server server_;
};

}  // namespace

void start_relay(net::IoLoop& loop, UniqueFd&& client, const net::RequestHeader& header,
                 std::string&& rest, const net::ClientUrl& server, Classification&& what) {
  std::make_shared<Relay>(loop, std::move(client), header_text(header) + rest, server,
                          std::move(what))
      ->start();
}

}  // namespace kiln::services
