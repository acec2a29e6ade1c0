#include "services/forward_relay.h"

#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <sstream>

#include "base/ids.h"

namespace kiln::services {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, net::Executor>;

constexpr size_t kBufferBytes = 64 * 1024;
// Neither side sent anything for so long: the relay ends.
constexpr auto kIdleTime = std::chrono::minutes(10);

std::string header_text(const net::RequestHeader& header) {
  std::ostringstream out;
  out << header.method_string() << ' ' << header.target() << " HTTP/1.1\r\n";
  for (const auto& field : header) {
    if (field.name() == net::http::field::connection ||
        field.name() == net::http::field::keep_alive ||
        field.name() == net::http::field::proxy_connection)
      continue;
    out << field.name_string() << ": " << field.value() << "\r\n";
  }
  out << "Connection: close\r\n\r\n";
  return out.str();
}

std::string response_text(const net::Response& response) {
  std::string out = "HTTP/1.1 502 Bad Gateway\r\nContent-Type: " + response.content_type +
                    "\r\nContent-Length: " + std::to_string(response.body.size()) +
                    "\r\nConnection: close\r\n";
  for (const auto& [name, value] : response.headers) out += name + ": " + value + "\r\n";
  return out + "\r\n" + response.body;
}

class Relay final : public std::enable_shared_from_this<Relay>, private net::Scheduled {
 public:
  Relay(net::IoLoop& loop, net::TcpSocket&& client, std::string&& first,
        const net::ClientUrl& server, Classification&& what)
      : loop_(loop),
        client_(std::move(client)),
        server_(loop.executor()),
        resolver_(loop.executor()),
        first_(std::move(first)),
        url_(server),
        what_(std::move(what)) {}
  ~Relay() { loop_.cancel(this); }

  void start() {
    touch();
    loop_.schedule(this, deadline_);
    resolver_.async_resolve(
        url_.host, url_.port,
        [self = shared_from_this()](error_code ec, Resolver::results_type found) {
          if (ec) return self->refuse(ec);
          asio::async_connect(self->server_, found, [self](error_code e, const auto&) {
            if (e) return self->refuse(e);
            self->connected();
          });
        });
  }

 private:
  // One direction: from `from` to `to`.
  struct Way {
    net::TcpSocket& from;
    net::TcpSocket& to;
    std::array<char, kBufferBytes> buffer;
  };

  void touch() { deadline_ = loop_.clock().steady_now() + kIdleTime; }
  SteadyTime on_time(SteadyTime now) override {
    if (deadline_ > now) return deadline_;
    close();
    return SteadyTime::max();
  }

  void connected() {
    error_code ignored;
    server_.set_option(asio::ip::tcp::no_delay(true), ignored);
    asio::async_write(server_, asio::buffer(first_),
                      [self = shared_from_this()](error_code ec, size_t) {
                        if (ec) return self->refuse(ec);
                        self->first_ = {};
                        self->pass(self->up_);
                      });
    pass(down_);
  }

  void pass(Way& way) {
    way.from.async_read_some(asio::buffer(way.buffer),
                             [self = shared_from_this(), &way](error_code ec, size_t n) {
                               self->touch();
                               if (ec) return self->ended(way, ec);
                               asio::async_write(way.to, asio::buffer(way.buffer.data(), n),
                                                 [self, &way](error_code e, size_t) {
                                                   if (e) return self->close();
                                                   self->pass(way);
                                                 });
                             });
  }

  void ended(Way& way, error_code ec) {
    // A client that has sent all may still wait for the answer; a server that is done is done.
    if (&way == &up_ && ec == asio::error::eof) {
      error_code ignored;
      server_.shutdown(asio::socket_base::shutdown_send, ignored);
      return;
    }
    close();
  }

  void refuse(error_code ec) {
    const Error error{ErrorKind::kBadGateway, "ServiceUnavailable",
                      "The server of " + what_.service + ", http://" + url_.host_header() +
                          ", can't be reached: " + ec.message() +
                          ". Start it, or give its address with --forward " + what_.service +
                          "=URL."};
    first_ = response_text(error_in_shape(what_.shape, error, new_uuid()));
    asio::async_write(client_, asio::buffer(first_),
                      [self = shared_from_this()](error_code, size_t) {
                        error_code ignored;
                        self->client_.shutdown(asio::socket_base::shutdown_send, ignored);
                        self->drain();
                      });
  }

  // What the client still sends is read, so that the answer is not lost to a reset.
  void drain() {
    client_.async_read_some(asio::buffer(up_.buffer),
                            [self = shared_from_this()](error_code ec, size_t) {
                              if (ec) return self->close();
                              self->drain();
                            });
  }

  void close() {
    error_code ignored;
    resolver_.cancel();
    // The client gets all that was written before its end.
    client_.shutdown(asio::socket_base::shutdown_both, ignored);
    client_.close(ignored);
    server_.close(ignored);
  }

  net::IoLoop& loop_;
  net::TcpSocket client_;
  net::TcpSocket server_;
  Resolver resolver_;
  std::string first_;
  net::ClientUrl url_;
  Classification what_;
  SteadyTime deadline_;
  Way up_{client_, server_, {}};
  Way down_{server_, client_, {}};
};

}  // namespace

void start_relay(net::IoLoop& loop, net::TcpSocket&& client, const net::RequestHeader& header,
                 std::string&& rest, const net::ClientUrl& server, Classification&& what) {
  std::make_shared<Relay>(loop, std::move(client), header_text(header) + rest, server,
                          std::move(what))
      ->start();
}

}  // namespace kiln::services
