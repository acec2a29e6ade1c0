// Asynchronous HTTP/1.1 requests, http and https. They go over Asio, on a thread of their own;
// answers come on an I/O loop.
//
//   HttpClient client(loop);
//   client.send({"POST", "http://127.0.0.1:8080/hook", {{"Content-Type", "text/plain"}}, "hello"},
//               [](Result<ClientResponse> answer) { … });
//
// One connection for each request; it is closed after the answer. Redirects are answers like any
// other. Any status is a success here: an error means that no whole answer came.
//
// Threading: send() from any thread; `done` is called exactly once, on the loop's thread, never
// within send(). A loop that is destroyed drops what is under way: `done` is destroyed uncalled.
// The client may go before its answers come. What it does not do: keep-alive, proxies, HTTP/2,
// decompression.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/client_url.h"
#include "net/io_loop.h"

namespace kiln::net {

using ClientHeaders = std::vector<std::pair<std::string, std::string>>;

struct ClientRequest {
  std::string method = "GET";
  std::string url;
  ClientHeaders headers;  // Host, Content-Length and Connection are the client's
  std::string body;
  Duration time_limit = std::chrono::seconds(15);  // from send() to the last byte of the answer
  uint64_t body_limit = 1024 * 1024;               // bytes of the answer's body
};

struct ClientResponse {
  unsigned status = 0;
  ClientHeaders headers;
  std::string body;
};

class HttpClient {
 public:
  // kNone takes any certificate: for endpoints on this machine that sign their own.
  enum class Certificates { kVerify, kNone };
  // Error types: InvalidUrl, InvalidHeader, ConnectFailed, TlsFailed, Timeout, TooLarge, BadAnswer.
  using Done = std::function<void(Result<ClientResponse>)>;

  // `loop` outlives the client.
  explicit HttpClient(IoLoop& loop, Certificates certificates = Certificates::kVerify);
  ~HttpClient();

  void send(ClientRequest request, Done done);

 private:
  struct Tls;  // the context, made for the first https request
  IoLoop& loop_;
  std::shared_ptr<Tls> tls_;
};

}  // namespace kiln::net
