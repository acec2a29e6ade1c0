// An HTTP/1.1 server on the I/O loops: keep-alive, pipelining in order, limits on every size and on
// time.
//
// A Session is made for each connection. The connection hands it one request at a time; it answers
// through HttpConnection::reply, at once or later. Threading: everything of a connection happens on
// its loop. What it does not do: TLS, HTTP/2, compression.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "net/http_message.h"
#include "net/io_loop.h"

namespace kiln::net {

class HttpConnection;

// Takes the body of one request as it comes, so that it need not fit into memory.
class BodySink {
 public:
  virtual ~BodySink() = default;
  // The next part, never empty, on the connection's loop. None follows, and no more than that one's
  // size (1 MiB) is read, before `more` was called, once, from any thread.
  virtual void put(std::string&& part, std::function<void()> more) = 0;
};

class Session {
 public:
  virtual ~Session() = default;
  // Bytes of body that this request may have; a larger one is answered by on_too_large and the
  // connection closed.
  virtual uint64_t body_limit(const RequestHeader& header) = 0;
  virtual Response too_large(const RequestHeader& header) = 0;
  // Whether the session wants the connection itself, from this request's header on: take_over()
  // follows then, with what has come of the body and after it, and the session is done.
  virtual bool wants_connection(const RequestHeader&) { return false; }
  virtual void take_over(UniqueFd&&, RequestHeader&&, std::string&& /*rest*/) {}
  // Where this request's body goes; nullptr: into the request. The sink goes when the connection
  // ends within the body.
  virtual std::shared_ptr<BodySink> body_sink(const RequestHeader&) { return nullptr; }
  // The request is the session's to keep. Exactly one reply must follow.
  virtual void on_request(Request&& request) = 0;
  // Whether whoever answers later holds the connection meanwhile: where nobody does any more, its
  // request was forgotten, and is answered 500. Otherwise the session itself answers.
  virtual bool is_answered_by_holders() const { return false; }
  // Whether the request in hand is answered where the peer sends no more: it may wait (a
  // half-closed connection), or be gone, which looks the same. Otherwise it counts as gone.
  virtual bool answers_after_end() const { return true; }
  // Whether who is answered may well ask again at once, so that the loop polls for it.
  virtual bool serves_callers() const { return false; }
  // Who sends the requests of this connection, for which its large ones count (body_room.h). Asked
  // as one begins to be large.
  virtual uint64_t room_group() { return 0; }
  // The rest of the request that body_limit() was asked of can't be read, and Kiln answers so.
  virtual void on_unreadable() {}
  // The same for a request whose body went into a sink; its own is empty.
  virtual void on_sunk_request(Request&&, const std::shared_ptr<BodySink>&) {}
  // The peer has gone (or sent garbage). No reply is possible any more. `mid_request`: within a
  // request.
  virtual void on_closed(bool mid_request) = 0;
};

struct HttpLimits {
  uint32_t header_bytes = 64 * 1024;  // request line and headers: beyond, 431
  Duration header_time =
      std::chrono::seconds(30);  // from connection or first byte to the end of the headers
  Duration body_time =
      std::chrono::seconds(120);  // in which nothing of a request's body or of an answer moves on
  Duration idle_time = std::chrono::seconds(600);  // keep-alive without a request
  // At a time, over all loops. For one more, the one goes that is missed least (http_crowd.h);
  // where each is being worked on, it is answered 503.
  size_t connections = std::numeric_limits<size_t>::max();
  // Memory of requests and answers over 64 KiB that are on their way, over all loops; each has its
  // part, and enough for two requests of `largest_body`. For more, one goes (http_crowd.h); where
  // it is the request itself that would, it is answered 503.
  uint64_t body_bytes = uint64_t{1} << 30;
  uint64_t largest_body = 0;
};

struct ConnectionCounts {
  size_t open = 0;
  uint64_t dropped = 0;  // closed to make room, ever
  uint64_t refused = 0;
  // Large requests and answers whose connection was closed to make room for another, or that found
  // none.
  uint64_t requests_dropped = 0;
  uint64_t requests_refused = 0;

  ConnectionCounts& operator+=(const ConnectionCounts& other) {
    open += other.open;
    dropped += other.dropped;
    refused += other.refused;
    requests_dropped += other.requests_dropped;
    requests_refused += other.requests_refused;
    return *this;
  }
};

// kLoopbackDevice: only through the loopback interface, whatever the address (0.0.0.0 then means
// all of 127.0.0.0/8).
enum class Reach { kAddress, kLoopbackDevice };

// Makes the session of a new connection; nullptr refuses it.
using SessionFactory = std::function<std::unique_ptr<Session>(HttpConnection&)>;

// The type of listen's error for a port that somebody has.
inline constexpr std::string_view kAddressInUse = "AddressInUse";

// See http_connection.h for HttpConnection.
class HttpServer {
 public:
  // Connections are accepted on loops[0] and dealt to all loops in turn.
  HttpServer(std::vector<IoLoop*> loops, HttpLimits limits, SessionFactory factory);
  ~HttpServer();

  // Error: the address is in use or not this machine's.
  Result<void> listen(const std::string& host, uint16_t port, Reach reach = Reach::kAddress);
  uint16_t port() const;                 // the port in use, also when 0 was asked for
  ConnectionCounts connections() const;  // any thread
  void close();                          // stops accepting and ends all connections

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace kiln::net
