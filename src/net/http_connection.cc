#include "net/http_connection.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

#include <boost/asio/write.hpp>

#include "base/check.h"

namespace kiln::net {
namespace asio = boost::asio;

namespace {

// While a request is handled one read stays pending, so that a peer's departure is noticed; what it
// brings of the next request waits here, up to this many bytes.
constexpr size_t kReadAhead = 64 * 1024;
constexpr size_t kReadChunk = 16 * 1024;
// Of a file, between two looks at what else the loop has to do.
constexpr size_t kFileChunk = size_t{1024} * 1024;

std::string_view reason(unsigned status) {
  const auto r = http::obsolete_reason(static_cast<http::status>(status));
  return {r.data(), r.size()};
}

void append_number(std::string& out, size_t n) {
  char digits[24];
  char* p = digits + sizeof digits;
  do {
    *--p = static_cast<char>('0' + n % 10);
    n /= 10;
  } while (n != 0);
  out.append(p, static_cast<size_t>(digits + sizeof digits - p));
}

void write_head(std::string& out, const Response& response, bool keep_alive) {
  out.clear();
  out += "HTTP/1.1 ";
  append_number(out, response.status);
  out += ' ';
  out += reason(response.status);
  if (!response.content_type.empty()) {
    out += "\r\nContent-Type: ";
    out += response.content_type;
  }
  if (response.status != 204 && response.status != 304 && response.status >= 200) {
    out += "\r\nContent-Length: ";
    append_number(out, response.file ? response.file->size : response.body.size());
  }
  for (const auto& [name, value] : response.headers) {
    out += "\r\n";
    out += name;
    out += ": ";
    out += value;
  }
  if (!keep_alive) out += "\r\nConnection: close";
  out += "\r\n\r\n";
}

}  // namespace

HttpConnection::HttpConnection(TcpSocket socket, IoLoop& loop, const HttpLimits& limits)
    : socket_(std::move(socket)), loop_(loop), limits_(limits) {}

HttpConnection::~HttpConnection() { loop_.cancel(this); }

void HttpConnection::start(std::unique_ptr<Session> session) {
  session_ = std::move(session);
  boost::system::error_code ec;
  socket_.non_blocking(true, ec);
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  new_parser();
  set_deadline(limits_.header_time);
  read_more();
}

uint32_t HttpConnection::local_ipv4() const {
  boost::system::error_code ec;
  const auto endpoint = socket_.local_endpoint(ec);
  if (ec || !endpoint.address().is_v4()) return 0;
  return endpoint.address().to_v4().to_uint();
}

std::string HttpConnection::peer_address() const {
  boost::system::error_code ec;
  const auto endpoint = socket_.remote_endpoint(ec);
  return ec ? std::string() : endpoint.address().to_string();
}

void HttpConnection::read_more() {
  if (read_pending_ || state_ == State::kClosed) return;
  if (state_ != State::kReading && buffer_.size() >= kReadAhead) return;
  read_pending_ = true;
  // A large body is read straight towards its end, not in small steps.
  size_t want = kReadChunk;
  if (state_ == State::kReading && parser_->is_header_done()) {
    const auto left = parser_->content_length_remaining();
    if (left && *left > want) want = std::min<uint64_t>(*left, 1024 * 1024);
  }
  socket_.async_read_some(buffer_.prepare(want),
                          [self = shared_from_this()](boost::system::error_code ec, size_t n) {
                            self->on_read(ec, n);
                          });
}

void HttpConnection::on_read(boost::system::error_code ec, size_t bytes) {
  read_pending_ = false;
  if (state_ == State::kClosed) return;
  if (state_ == State::kHandingOver) {
    if (!ec) buffer_.commit(bytes);
    return hand_over();
  }
  if (ec) {
    const bool mid = state_ != State::kReading || parser_->got_some() || buffer_.size() > 0;
    return shut(mid);
  }
  buffer_.commit(bytes);
  if (state_ == State::kReading)
    parse();
  else
    read_more();
}

void HttpConnection::parse() {
  while (state_ == State::kReading && buffer_.size() > 0) {
    boost::system::error_code ec;
    const size_t used = parser_->put(buffer_.data(), ec);
    buffer_.consume(used);
    if (ec == http::error::body_limit)
      return finish_with(session_->too_large(parser_->get().base()));
    if (ec && ec != http::error::need_more) return fail_parse(ec);
    if (parser_->is_header_done() && !parser_->eager() && !begin_body()) return;
    if (sink_part()) return;
    if (parser_->is_done()) return finish_request();
    if (ec == http::error::need_more || used == 0) break;
  }
  if (state_ == State::kReading) read_more();
}

// True: what has come of the body is with its sink, and nothing is read until it has been taken.
bool HttpConnection::sink_part() {
  std::string& text = parser_->get().body().text;
  if (!sink_ || text.empty()) return false;
  state_ = State::kSinking;
  sink_->put(std::exchange(text, {}),
             [self = shared_from_this()] { self->loop_.post([self] { self->on_part_taken(); }); });
  return true;
}

void HttpConnection::on_part_taken() {
  if (state_ != State::kSinking) return;
  state_ = State::kReading;
  set_deadline(limits_.body_time);
  if (parser_->is_done()) return finish_request();
  if (buffer_.size() > 0) return parse();
  read_more();
}

void HttpConnection::finish_request() {
  state_ = State::kHandling;
  keep_alive_ = parser_->get().keep_alive();
  head_request_ = parser_->get().method() == http::verb::head;
  auto& parsed = parser_->get();
  Request request(std::move(parsed.base()), std::move(parsed.body().text));
  if (buffer_.size() == 0 && buffer_.capacity() > 4 * kReadAhead) buffer_.shrink_to_fit();
  // One read stays pending while the request is handled: it notices a peer that leaves.
  read_more();
  if (sink_) return session_->on_sunk_request(std::move(request), std::exchange(sink_, nullptr));
  session_->on_request(std::move(request));
}

// The header is complete: the session says how much body it takes. False: the request was refused,
// or the connection is the session's now.
bool HttpConnection::begin_body() {
  if (session_->wants_connection(parser_->get().base())) {
    state_ = State::kHandingOver;
    // A read that is pending still brings bytes for this connection's buffer: it ends first.
    boost::system::error_code ignored;
    if (read_pending_)
      socket_.cancel(ignored);
    else
      hand_over();
    return false;
  }
  const uint64_t limit = session_->body_limit(parser_->get().base());
  const auto length = parser_->content_length();
  if (length && *length > limit) {
    finish_with(session_->too_large(parser_->get().base()));
    return false;
  }
  sink_ = session_->body_sink(parser_->get().base());
  parser_->get().body().in_parts = sink_ != nullptr;
  parser_->body_limit(limit);
  parser_->eager(true);
  if (parser_->is_done()) return true;
  set_deadline(limits_.body_time);
  if (buffer_.size() == 0 && !parser_->get()[http::field::expect].empty()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::system::error_code ignored;
    socket_.write_some(asio::buffer(kContinue), ignored);
  }
  return true;
}

void HttpConnection::hand_over() {
  state_ = State::kClosed;
  loop_.cancel(this);
  const auto data = buffer_.data();
  std::string rest(static_cast<const char*>(data.data()), data.size());
  const std::shared_ptr<Session> session = std::move(session_);
  session->take_over(std::move(socket_), std::move(parser_->get().base()), std::move(rest));
}

void HttpConnection::new_parser() {
  parser_.emplace();
  parser_->header_limit(limits_.header_bytes);
  parser_->body_limit(boost::none);  // until the header says which
}

void HttpConnection::fail_parse(boost::system::error_code ec) {
  Response response;
  response.status = ec == http::error::header_limit ? 431 : 400;
  response.body = R"({"message":")" +
                  std::string(ec == http::error::header_limit
                                  ? "Request line and headers are larger than this server takes."
                                  : "Not an HTTP/1.1 request: " + ec.message()) +
                  R"(","Type":"User"})";
  finish_with(std::move(response));
}

void HttpConnection::finish_with(Response&& response) {
  sink_ = nullptr;
  state_ = State::kHandling;
  response.close = true;
  keep_alive_ = false;
  reply(std::move(response));
}

void HttpConnection::reply(Response&& response) {
  if (state_ == State::kClosed) return;
  KILN_REQUIRE(state_ == State::kHandling);
  write(std::move(response));
}

void HttpConnection::write(Response&& response) {
  state_ = State::kWriting;
  if (response.close) keep_alive_ = false;
  write_head(out_head_, response, keep_alive_);
  const bool bodyless = head_request_ || response.status == 204 || response.status == 304;
  out_file_ = bodyless ? nullptr : std::move(response.file);
  out_body_ = bodyless || out_file_ ? std::string() : std::move(response.body);

  // Nearly always the whole answer fits the socket's buffer: one writev, no trip through the
  // scheduler.
  struct iovec parts[2] = {{out_head_.data(), out_head_.size()},
                           {out_body_.data(), out_body_.size()}};
  struct msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = out_body_.empty() ? 1 : 2;
  const int more = out_file_ ? MSG_MORE : 0;
  const ssize_t n =
      ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT | more);
  const size_t total = out_head_.size() + out_body_.size();
  if (n == static_cast<ssize_t>(total)) return out_file_ ? write_file() : on_written();
  if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) return shut(true);
  const size_t sent = n > 0 ? static_cast<size_t>(n) : 0;
  const size_t head_sent = std::min(sent, out_head_.size());
  std::array<asio::const_buffer, 2> rest = {asio::buffer(out_head_) + head_sent,
                                            asio::buffer(out_body_) + (sent - head_sent)};
  set_deadline(limits_.body_time);
  asio::async_write(socket_, rest,
                    [self = shared_from_this()](boost::system::error_code ec, size_t) {
                      if (self->state_ == State::kClosed) return;
                      if (ec) return self->shut(true);
                      self->out_file_ ? self->write_file() : self->on_written();
                    });
}

// From the page cache into the socket, as the peer takes it.
void HttpConnection::write_file() {
  if (state_ == State::kClosed) return;
  set_deadline(limits_.body_time);
  FilePart& part = *out_file_;
  if (part.size > 0) {
    auto at = static_cast<off_t>(part.offset);
    const ssize_t n = ::sendfile(socket_.native_handle(), part.file.get(), &at,
                                 std::min<uint64_t>(part.size, kFileChunk));
    // A file that has become shorter can't be what the head has announced.
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return shut(true);
    if (n > 0) {
      part.offset += static_cast<uint64_t>(n);
      part.size -= static_cast<uint64_t>(n);
    }
  }
  if (part.size == 0) {
    out_file_ = nullptr;
    return on_written();
  }
  socket_.async_wait(asio::socket_base::wait_write,
                     [self = shared_from_this()](boost::system::error_code ec) {
                       if (ec) return self->shut(true);
                       self->write_file();
                     });
}

void HttpConnection::on_written() {
  if (!keep_alive_) {
    // Closing with unread input would reset the connection and the peer might lose the answer.
    boost::system::error_code ec;
    socket_.shutdown(asio::socket_base::shutdown_send, ec);
    return shut(false);
  }
  state_ = State::kReading;
  new_parser();
  set_deadline(buffer_.size() > 0 ? limits_.header_time : limits_.idle_time);
  if (buffer_.size() > 0)
    // A pipelined request is already here. Posted: answering at once would recurse as deep as the
    // pipeline is long.
    loop_.post([self = shared_from_this()] {
      if (self->state_ == State::kReading) self->parse();
    });
  else
    read_more();
}

void HttpConnection::close() {
  if (state_ != State::kClosed) shut(state_ != State::kReading);
}

void HttpConnection::shut(bool mid_request) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  loop_.cancel(this);
  boost::system::error_code ec;
  if (keep_alive_) {
    socket_.close(ec);
  } else {
    // Drain what the peer still sends for a moment, so that the last answer arrives (RFC 9112
    // section 9.6).
    auto timer = std::make_shared<asio::basic_waitable_timer<
        std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>>(
        loop_.executor());
    timer->expires_after(std::chrono::seconds(1));
    timer->async_wait([self = shared_from_this(), timer](boost::system::error_code) {
      boost::system::error_code ignored;
      self->socket_.close(ignored);
    });
    auto drain = std::make_shared<std::function<void()>>();
    auto sink = std::make_shared<std::array<char, 16384>>();
    *drain = [self = shared_from_this(), sink, weak = std::weak_ptr(drain), timer] {
      self->socket_.async_read_some(asio::buffer(*sink), [self, sink, drain = weak.lock(), timer](
                                                             boost::system::error_code e, size_t) {
        if (e || !drain)
          timer->cancel();
        else
          (*drain)();
      });
    };
    (*drain)();
  }
  if (session_) {
    auto session = std::move(session_);
    session->on_closed(mid_request);
    // The session may be on the stack below us; it goes when the loop comes round.
    loop_.post([session = std::shared_ptr<Session>(std::move(session))] {});
  }
}

void HttpConnection::set_deadline(Duration from_now) {
  deadline_ =
      loop_.clock().steady_now() + std::chrono::duration_cast<SteadyTime::duration>(from_now);
  loop_.schedule(this, deadline_);
}

SteadyTime HttpConnection::on_time(SteadyTime now) {
  if (state_ == State::kClosed || state_ == State::kHandling || state_ == State::kSinking)
    return SteadyTime::max();
  if (deadline_ > now) return deadline_;
  const auto self = shared_from_this();
  shut(state_ == State::kWriting || parser_->got_some());
  return SteadyTime::max();
}

}  // namespace kiln::net
