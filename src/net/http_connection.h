// One HTTP/1.1 connection of a server. Owned by its own pending operations; a session holds a
// reference to it and may reply until on_closed was called. Threading: the connection's loop only.
// Cost: one read and one write system call per request on a warm connection.
#pragma once

#include <sys/socket.h>

#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/http_message.h"
#include "net/http_server.h"
#include "net/io_loop.h"

namespace kiln::net {

// A request's body as it is parsed: whole, or in parts that go into a sink. The names are Beast's.
// NOLINTBEGIN(readability-identifier-naming)
struct IncomingBody {
  struct value_type {
    std::string text;
    bool in_parts = false;
  };
  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<uint64_t>& length, boost::system::error_code& ec) {
      ec = {};
      if (length && !body_.in_parts) body_.text.reserve(static_cast<size_t>(*length));
    }
    template <class Buffers>
    size_t put(const Buffers& buffers, boost::system::error_code& ec) {
      ec = {};
      size_t bytes = 0;
      for (const auto buffer : boost::beast::buffers_range_ref(buffers)) {
        body_.text.append(static_cast<const char*>(buffer.data()), buffer.size());
        bytes += buffer.size();
      }
      return bytes;
    }
    void finish(boost::system::error_code& ec) { ec = {}; }

   private:
    value_type& body_;
  };
};
// NOLINTEND(readability-identifier-naming)

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
  enum class State { kReading, kSinking, kHandling, kWriting, kHandingOver, kClosed };
  using Parser = http::request_parser<IncomingBody>;

  void read_more();
  void on_read(boost::system::error_code ec, size_t bytes);
  void parse();
  bool begin_body();
  bool sink_part();
  void on_part_taken();
  void finish_request();
  void hand_over();
  void new_parser();
  void fail_parse(boost::system::error_code ec);
  void finish_with(Response&& response);
  void write(Response&& response);
  void write_file();
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
  std::shared_ptr<BodySink> sink_;  // of the request that is read
  State state_ = State::kReading;
  bool read_pending_ = false;
  bool keep_alive_ = true;
  bool head_request_ = false;
  SteadyTime deadline_ = SteadyTime::max();
  std::string out_head_;
  std::string out_body_;
  std::shared_ptr<FilePart> out_file_;
};

}  // namespace kiln::net
