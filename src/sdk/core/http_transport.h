// HttpTransport: the Lambda Runtime API (version 2018-06-01) over one kept-alive TCP connection.
// Streamed answers are chunked.
//
// A connection that the server closed between two exchanges is opened again, and the request that
// noticed it is sent again. Anything else that breaks is kLost, and so is an answer 5xx ("container
// error: the runtime should exit"). Answers 400, 403 and 413 to a result concern that invocation
// only.
//
// Threading: one thread. Ownership: one descriptor, one buffer (the events' views point into it).
// Cost: two system calls per exchange.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "sdk/core/byte_buffer.h"
#include "sdk/core/http_response.h"
#include "sdk/core/transport.h"

namespace kiln::sdk {

// Where the Runtime API is. The address is numeric, as Lambda's is; `localhost` is taken too. Names
// would need the resolver, which reads files, opens sockets, and can't be linked statically.
struct Endpoint {
  std::string host;  // for the Host header: "127.0.0.1:9001"
  bool is_v6 = false;
  unsigned char address[16] = {};
  uint16_t port = 0;

  // "127.0.0.1:9001", "[::1]:9001", "localhost:9001"; without a port 80. nullopt: none of these.
  static std::optional<Endpoint> parse(std::string_view text);
  // A connection without Nagle's delay; empty: errno says why there is none.
  UniqueFd connect() const;
};

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(Endpoint endpoint);

  Next next(Event& event) override;
  Sent respond(std::string_view request_id, std::string_view payload) override;
  Sent fail(std::string_view request_id, const ErrorReport& report) override;
  Sent stream_begin(std::string_view request_id, std::string_view content_type) override;
  Sent stream_write(std::string_view bytes) override;
  Sent stream_end(const ErrorReport* failure) override;
  void fail_init(const ErrorReport& report) override;

 private:
  enum class Exchange {
    kDone,
    kClosed,  // the connection ended before the first byte of an answer
    kBroken,  // refused, reset, or no HTTP
  };
  enum class Waiting { kShort, kForEvent };

  // Sends head and body and reads the answer into response_ and buffer_. Tries again on a fresh
  // connection when a kept one turns out closed.
  bool exchange(std::string_view head, std::string_view body, Waiting waiting);
  Exchange exchange_once(std::string_view head, std::string_view body, Waiting waiting);
  Exchange read_response();
  bool connect();
  // POST, the path, and the headers that all posts share, into head_.
  void begin_head(std::string_view path);
  Sent post(std::string_view path, std::string_view body, std::string_view error_type);
  Sent sent();  // what the status of an answer to a result means

  Endpoint endpoint_;
  std::string next_request_;
  std::string head_;          // of the request under way; kept for its memory
  bool head_unsent_ = false;  // of a streamed answer: goes with its first chunk
  UniqueFd socket_;
  bool used_before_ = false;  // this connection has carried an exchange
  ByteBuffer buffer_;
  HttpResponse response_;
};

}  // namespace kiln::sdk
