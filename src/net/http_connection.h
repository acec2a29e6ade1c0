// One HTTP/1.1 connection of a server. Its loop holds it while the socket is open; a session holds
// no reference to it but may reply until on_closed was called. Threading: the connection's loop
// only. Cost: one read and one write for a request on a warm connection, and no timer's change.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "net/http_message.h"
#include "net/http_parser.h"
#include "net/http_server.h"
#include "net/io_loop.h"
#include "net/stream.h"

namespace kiln::net {

class HttpConnection final : public std::enable_shared_from_this<HttpConnection>,
                             private StreamUser,
                             private Scheduled {
 public:
  HttpConnection(UniqueFd socket, IoLoop& loop, const HttpLimits& limits);
  ~HttpConnection();

  // REQUIRES: called once.
  void start(std::unique_ptr<Session> session);
  // Answers the request in hand. Ignored when the peer has gone.
  void reply(Response&& response);
  // Ends the connection; the session gets on_closed unless it asked for this.
  void close();

  IoLoop& loop() { return loop_; }
  // The socket's descriptor; it stays the connection's.
  int descriptor() const { return stream_->fd(); }
  // The address that the peer connected to; 0 when it is none of IPv4.
  uint32_t local_ipv4() const;
  // The address of the peer; "" when it has gone.
  std::string peer_address() const;

 private:
  enum class State { kReading, kSinking, kHandling, kWriting, kHandingOver, kClosed };

  void on_data(std::string_view bytes) override;
  void on_end(int error) override;
  void on_sent() override;
  void on_writable() override { write_file(); }
  void on_released(UniqueFd socket) override;
  SteadyTime on_time(SteadyTime now) override;

  void parse(std::string_view& in);
  void parse_kept();
  void keep(std::string_view in);
  void read_on();
  bool begin_body(size_t here);
  bool sink_part();
  void on_part_taken();
  void finish_request();
  void fail_parse(HttpParser::Step step);
  void finish_with(Response&& response);
  void write(Response&& response);
  void write_file();
  void written();
  void shut(bool mid_request);
  void end();
  void set_deadline(Duration from_now);

  std::unique_ptr<Stream> stream_;
  IoLoop& loop_;
  const HttpLimits& limits_;
  std::unique_ptr<Session> session_;
  HttpParser parser_;
  std::string kept_;  // what has come and can't be parsed yet
  size_t kept_at_ = 0;
  std::shared_ptr<BodySink> sink_;  // of the request that is read
  State state_ = State::kReading;
  bool paused_ = false;
  bool keep_alive_ = true;
  bool head_timed_ = false;  // the deadline is that of a head that has begun
  bool head_request_ = false;
  bool draining_ = false;  // closed, but what the peer still sends is read
  SteadyTime deadline_ = SteadyTime::max();
  std::string out_head_;
  std::shared_ptr<FilePart> out_file_;
};

}  // namespace kiln::net
