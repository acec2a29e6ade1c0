#include "sdk/core/http_transport.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "sdk/core/socket_io.h"
#include "sdk/core/termination.h"
#include "sdk/core/text.h"

namespace kiln::sdk {
namespace {

constexpr size_t kReadSize = 4096;
// How often a `next` is asked again when each fresh connection is closed without an answer.
constexpr int kMaxAttempts = 3;

int64_t parse_decimal(std::string_view text) {
  int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || value > INT64_MAX / 10 - 9) return 0;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<Endpoint> Endpoint::parse(std::string_view text) {
  Endpoint endpoint;
  endpoint.host = std::string(text);
  std::string_view host = text;
  endpoint.port = 80;
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && (text.front() != '[' || text[colon - 1] == ']')) {
    const auto digits = text.substr(colon + 1);
    const int64_t port = digits.size() > 5 ? 0 : parse_decimal(digits);
    if (port < 1 || port > 65535) return std::nullopt;
    endpoint.port = static_cast<uint16_t>(port);
    host = text.substr(0, colon);
  }
  if (host == "localhost") host = "127.0.0.1";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    endpoint.is_v6 = true;
    host = host.substr(1, host.size() - 2);
  }
  const std::string address(host);
  if (::inet_pton(endpoint.is_v6 ? AF_INET6 : AF_INET, address.c_str(), endpoint.address) != 1) {
    return std::nullopt;
  }
  return endpoint;
}

UniqueFd Endpoint::connect() const {
  sockaddr_storage storage{};
  socklen_t size = 0;
  if (is_v6) {
    auto* in6 = reinterpret_cast<sockaddr_in6*>(&storage);
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    std::memcpy(&in6->sin6_addr, address, 16);
    size = sizeof *in6;
  } else {
    auto* in = reinterpret_cast<sockaddr_in*>(&storage);
    in->sin_family = AF_INET;
    in->sin_port = htons(port);
    std::memcpy(&in->sin_addr, address, 4);
    size = sizeof *in;
  }
  UniqueFd socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket || ::connect(socket.get(), reinterpret_cast<sockaddr*>(&storage), size) != 0)
    return {};
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

HttpTransport::HttpTransport(Endpoint endpoint) : endpoint_(std::move(endpoint)) {
  next_request_ = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: " + endpoint_.host +
                  "\r\nUser-Agent: kiln-sdk/0.1\r\n\r\n";
}

Transport::Next HttpTransport::next(Event& event) {
  if (!exchange(next_request_, {}, Waiting::kForEvent)) {
    return Termination::requested() ? Next::kShutdown : Next::kLost;
  }
  const std::string_view bytes = buffer_.view();
  if (response_.status() != 200) {
    problem_ = "the Runtime API answered `next` with status ";
    append_integer(problem_, response_.status());
    problem_ += ": ";
    append_utf8(problem_, response_.body(bytes).substr(0, 1024));
    return Next::kLost;
  }
  event.payload = response_.body(bytes);
  event.request_id = response_.header(bytes, HttpResponse::kRequestId);
  event.invoked_function_arn = response_.header(bytes, HttpResponse::kInvokedFunctionArn);
  event.trace_id = response_.header(bytes, HttpResponse::kTraceId);
  event.client_context = response_.header(bytes, HttpResponse::kClientContext);
  event.cognito_identity = response_.header(bytes, HttpResponse::kCognitoIdentity);
  event.tenant_id = response_.header(bytes, HttpResponse::kTenantId);
  event.deadline_ms = parse_decimal(response_.header(bytes, HttpResponse::kDeadlineMs));
  if (event.request_id.empty()) {
    problem_ = "the Runtime API sent an event without Lambda-Runtime-Aws-Request-Id";
    return Next::kLost;
  }
  return Next::kEvent;
}

// The request id comes as a view into buffer_, which the exchange clears: post() has copied it into
// the head by then.
Transport::Sent HttpTransport::respond(std::string_view request_id, std::string_view payload) {
  std::string path = "invocation/";
  path += request_id;
  path += "/response";
  return post(path, payload, {});
}

Transport::Sent HttpTransport::fail(std::string_view request_id, const ErrorReport& report) {
  std::string path = "invocation/";
  path += request_id;
  path += "/error";
  return post(path, report.document, report.category);
}

void HttpTransport::fail_init(const ErrorReport& report) {
  post("init/error", report.document, report.category);
}

// The connection carried an event a moment ago; if it is closed nevertheless, a fresh one is opened
// now, because what is streamed can't be sent twice.
Transport::Sent HttpTransport::stream_begin(std::string_view request_id,
                                            std::string_view content_type) {
  if (socket_) {
    pollfd waiting{socket_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, 0) != 0) socket_.reset();
  }
  std::string path = "invocation/";
  path += request_id;
  path += "/response";
  begin_head(path);
  head_ += "Content-Type: ";
  head_ += content_type;
  head_ +=
      "\r\nLambda-Runtime-Function-Response-Mode: streaming\r\nTransfer-Encoding: chunked\r\n"
      "Trailer: Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body\r\n\r\n";
  head_unsent_ = true;
  return socket_ || connect() ? Sent::kDone : Sent::kLost;
}

Transport::Sent HttpTransport::stream_write(std::string_view bytes) {
  char size[20];
  const int digits = std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  char line_end[] = "\r\n";
  iovec parts[4] = {{head_.data(), head_unsent_ ? head_.size() : 0},
                    {size, static_cast<size_t>(digits)},
                    {const_cast<char*>(bytes.data()), bytes.size()},
                    {line_end, 2}};
  head_unsent_ = false;
  if (socket_ && send_all(socket_.get(), parts)) return Sent::kDone;
  problem_ = std::string("sending to the Runtime API: ") + std::strerror(errno);
  return Sent::kLost;
}

Transport::Sent HttpTransport::stream_end(const ErrorReport* failure) {
  if (!socket_) return Sent::kLost;
  std::string end = "0\r\n";
  if (failure) {
    end += "Lambda-Runtime-Function-Error-Type: ";
    end += failure->category;
    end += "\r\nLambda-Runtime-Function-Error-Body: ";
    append_base64(end, failure->document);
    end += "\r\n";
  }
  end += "\r\n";
  iovec parts[2] = {{head_.data(), head_unsent_ ? head_.size() : 0}, {end.data(), end.size()}};
  head_unsent_ = false;
  if (!send_all(socket_.get(), parts)) {
    // A server may refuse an answer before it has all of it: what it said may be there.
    problem_ = std::string("sending to the Runtime API: ") + std::strerror(errno);
  }
  switch (read_response()) {
    case Exchange::kDone:
      return sent();
    case Exchange::kClosed:
      problem_ = "the Runtime API closed the connection without an answer";
      break;
    case Exchange::kBroken:
      break;
  }
  socket_.reset();
  return Sent::kLost;
}

void HttpTransport::begin_head(std::string_view path) {
  head_.assign("POST /2018-06-01/runtime/");
  head_ += path;
  head_ += " HTTP/1.1\r\nHost: ";
  head_ += endpoint_.host;
  head_ += "\r\nUser-Agent: kiln-sdk/0.1\r\n";
}

Transport::Sent HttpTransport::post(std::string_view path, std::string_view body,
                                    std::string_view error_type) {
  begin_head(path);
  if (error_type.empty()) {
    head_ += "Content-Type: application/json\r\n";
  } else {
    head_ +=
        "Content-Type: "
        "application/vnd.aws.lambda.error+json\r\nLambda-Runtime-Function-Error-Type: ";
    head_ += error_type;
    head_ += "\r\n";
  }
  head_ += "Content-Length: ";
  append_unsigned(head_, body.size());
  head_ += "\r\n\r\n";
  return exchange(head_, body, Waiting::kShort) ? sent() : Sent::kLost;
}

Transport::Sent HttpTransport::sent() {
  if (response_.status() < 500) return Sent::kDone;
  problem_ = "the Runtime API answered a result with status ";
  append_integer(problem_, response_.status());
  return Sent::kLost;
}

bool HttpTransport::exchange(std::string_view head, std::string_view body, Waiting waiting) {
  for (int attempt = 1;; ++attempt) {
    const bool kept = socket_ && used_before_;
    switch (exchange_once(head, body, waiting)) {
      case Exchange::kDone:
        return true;
      case Exchange::kBroken:
        socket_.reset();
        return false;
      case Exchange::kClosed:
        socket_.reset();
        if (Termination::requested()) return false;
        // A result is sent again only if the kept connection was closed under it; `next` changes
        // nothing.
        if (attempt < kMaxAttempts && (kept || waiting == Waiting::kForEvent)) continue;
        problem_ = "the Runtime API closed the connection without an answer";
        return false;
    }
  }
}

HttpTransport::Exchange HttpTransport::exchange_once(std::string_view head, std::string_view body,
                                                     Waiting waiting) {
  if (!socket_ && !connect()) return Exchange::kBroken;
  iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                    {const_cast<char*>(body.data()), body.size()}};
  if (!send_all(socket_.get(), parts)) {
    // A server may refuse a large body before it has read all of it: its answer may be there.
    problem_ = std::string("sending to the Runtime API: ") + std::strerror(errno);
  }
  std::optional<Termination::Wait> wake;
  if (waiting == Waiting::kForEvent) wake.emplace(socket_.get());
  return read_response();
}

HttpTransport::Exchange HttpTransport::read_response() {
  buffer_.clear();
  response_ = HttpResponse();
  HttpResponse::State state = HttpResponse::State::kMore;
  while (state == HttpResponse::State::kMore) {
    const size_t missing = response_.missing(buffer_.size());
    const auto room = buffer_.room(missing > kReadSize ? missing : kReadSize);
    // A sized body is read to its end and not past it.
    const ssize_t got = receive(socket_.get(), room.data(), room.size());
    if (got > 0) {
      buffer_.filled(static_cast<size_t>(got));
      state = response_.advance(buffer_.bytes());
      continue;
    }
    if (buffer_.size() == 0 && (got == 0 || errno == ECONNRESET || errno == EPIPE))
      return Exchange::kClosed;
    if (got == 0) {
      state = response_.end_of_stream(buffer_.size());
      if (state == HttpResponse::State::kDone) break;
      problem_ = "the Runtime API closed the connection in the middle of an answer";
    } else {
      problem_ = std::string("reading from the Runtime API: ") + std::strerror(errno);
    }
    return Exchange::kBroken;
  }
  if (state == HttpResponse::State::kBad) {
    problem_ = "the Runtime API's answer is not HTTP/1.1, or is larger than 64 MiB";
    return Exchange::kBroken;
  }
  used_before_ = true;
  // Bytes behind the answer belong to no request of ours: that connection can't be trusted further.
  if (!response_.keep_alive() || response_.end() != buffer_.size()) socket_.reset();
  return Exchange::kDone;
}

bool HttpTransport::connect() {
  used_before_ = false;
  socket_ = endpoint_.connect();
  if (!socket_) {
    problem_ = "can't reach the Runtime API at " + endpoint_.host + ": " + std::strerror(errno);
    return false;
  }
  return true;
}

}  // namespace kiln::sdk
