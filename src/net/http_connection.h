// One HTTP/1.1 connection of a server. Owned by its own pending operations; a session holds a
// reference to it and may reply until on_closed was called. Threading: the connection's loop only.
// Cost: one read and one write system call per request on a warm connection.
#pragma once

#include <sys/socket.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/http_message.h"
#include "net/http_server.h"
#include "net/io_loop.h"

namespace kiln::net {

class HttpConnection final : public std::enable_shared_from_this<HttpConnection>,
                             private Scheduled {
 public:
  HttpConnection(TcpSocket socket, IoLoop& loop, const HttpLimits& limits);
  ~HttpConnection();

  // REQUIRES: called once.
  void start(std::unique_ptr<Session> session);
  // Answers the request in hand. Ignored when the peer has gone.
  void reply(Response&& response);
  // Ends the connection; the session gets on_closed unless it asked for this.
  void close();

  IoLoop& loop() { return loop_; }
  TcpSocket& socket() { return socket_; }
  // The address that the peer connected to.
  uint32_t local_ipv4() const;
  // The address of the peer; "" when it has gone.
  std::string peer_address() const;

 private:
  enum class State { kReading, kHandling, kWriting, kHandingOver, kClosed };
  using Parser = http::request_parser<http::string_body>;

  void read_more();
  void on_read(boost::system::error_code ec, size_t bytes);
  void parse();
  bool begin_body();
  void hand_over();
  void new_parser();
  void fail_parse(boost::system::error_code ec);
  void finish_with(Response&& response);
  void write(Response&& response);
  void on_written();
  void shut(bool mid_request);
  SteadyTime on_time(SteadyTime now) override;
  void set_deadline(Duration from_now);

  TcpSocket socket_;
  IoLoop& loop_;
  const HttpLimits& limits_;
  std::unique_ptr<Session> session_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  State state_ = State::kReading;
  bool read_pending_ = false;
  bool keep_alive_ = true;
  bool head_request_ = false;
  SteadyTime deadline_ = SteadyTime::max();
  std::string out_head_;
  std::string out_body_;
};

}  // namespace kiln::net
