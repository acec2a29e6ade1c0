// HTTP requests out of a function: kept-alive connections, time-outs, many at once.
//
//   kiln::http::Client http({.user_agent = "orders/1.0"});
//   const auto answer =
//       http.send({.url = "https://example.org/", .timeout = std::chrono::seconds(5)});
//   if (answer.status == 200) use(answer.header("content-type"), answer.body);
//
//   for (const auto& outcome : http.send_all(requests)) …  // at once; a Response or an Error each
//
// An answer of any status is an answer; Error is for those that did not come. libcurl does the
// work. It is loaded at the first request and not before: linked the ordinary way it brings about
// thirty shared libraries with it (5 ms and 6 MiB of every cold start, also of those that send
// nothing), and linked statically the same libraries' static forms, which have to be there for each
// platform. Where libcurl.so.4 is not installed it must lie in the package's lib/ folder; Lambda's
// provided.al2023 has it. A proxy is taken from the environment as curl does, but never for this
// machine's own addresses.
//
// It does not retry, keep cookies, decompress or cache.
//
// Threading: any thread. Ownership: the client keeps its connections until it ends; a request's
// body must live until it is answered. Cost: a connection for each request under way, up to 16 of
// them kept.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace kiln::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

enum class Redirects { kReturn, kFollow };  // kFollow: up to 5

struct Request {
  std::string method = "GET";
  std::string url = {};  // http or https, sent as it stands: percent-encoded by the caller
  Headers headers = {};
  std::string_view body = {};
  std::chrono::milliseconds timeout{30'000};  // until the whole answer is there
  std::chrono::milliseconds connect_timeout{3'000};
  Redirects redirects = Redirects::kReturn;
  size_t max_body = size_t{256} << 20;  // a longer answer is an Error
  // Takes the body of a 2xx answer piece by piece instead of Response::body, without max_body.
  // False stops the transfer, an exception too; it reaches the caller.
  std::function<bool(std::string_view)> sink = {};
};

struct Response {
  int status = 0;
  Headers headers;  // names in lower case
  std::string body;
  size_t body_size = 0;  // also when a sink took the body
  std::chrono::microseconds duration{0};

  // The last one of that name (in lower case); empty when there is none.
  std::string_view header(std::string_view name) const;
};

class Error : public std::runtime_error {
 public:
  enum class Kind {
    kInvalid,      // the request can't be sent: a URL that is none, a line break in a header
    kUnavailable,  // libcurl is not installed
    kConnect,      // no connection: nothing was sent
    kTimeout,      // no answer in time; the server may have done what it was asked
    kBroken,       // the connection broke, or what came is not HTTP; as above
    kTooLarge,     // more than max_body
    kStopped,      // the sink said so
  };
  Error(Kind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

using Outcome = std::variant<Response, Error>;

struct ClientOptions {
  std::string user_agent = "kiln-sdk/0.1";
};

class Client {
 public:
  explicit Client(ClientOptions options = {});
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Throws Error.
  Response send(const Request& request);
  // One outcome for each request, in their order; at most `at_once` are under way. Throws Error
  // only for kUnavailable, and what a sink throws.
  std::vector<Outcome> send_all(std::span<const Request> requests, size_t at_once = 16);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace kiln::http
