#include "net/http_connection.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/dropped_request.h"
#include "base/fence.h"
#include "base/memory_reserve.h"
#include "net/bytes_taken.h"

namespace kiln::net {
namespace {

// While a request is handled reading goes on, so that a peer's departure is noticed; what it brings
// of the next request waits here, up to this many bytes.
constexpr size_t kReadAhead = 64 * 1024;
// The same while a sink takes a part: the next part, which is then a large one.
constexpr size_t kPartAhead = size_t{1024} * 1024;
// What a peer still sends after its last answer is read for so long.
constexpr auto kDrainTime = std::chrono::seconds(1);
// How soon it is noticed that nobody is left who could answer.
constexpr auto kLookout = std::chrono::seconds(1);

Response failure() {
  Response response;
  response.status = 500;
  response.body = R"({"message":"Kiln has failed on this request; its log says why.",)"
                  R"("Type":"Service"})";
  return response;
}

Response too_much() {
  Response response;
  response.status = 503;
  response.body = R"({"message":"Too many large requests are on their way; try again later.",)"
                  R"("Type":"Service"})";
  return response;
}

}  // namespace

HttpConnection::HttpConnection(UniqueFd socket, IoLoop& loop, const HttpLimits& limits,
                               std::shared_ptr<HttpCrowd> crowd)
    : loop_(loop),
      limits_(limits),
      crowd_(std::move(crowd)),
      parser_({.header_bytes = limits.header_bytes, .unasked_bytes = kUnasked}) {
  stream_ = loop.open(std::move(socket), *this);
  crowd_->join(member_, *this);
}

HttpConnection::~HttpConnection() {
  loop_.cancel(this);
  crowd_->leave(member_);
}

void HttpConnection::start(std::unique_ptr<Session> session) {
  session_ = std::move(session);
  const int on = 1;
  ::setsockopt(stream_->fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  loop_.hold(shared_from_this());
  set_deadline(limits_.header_time);
  stream_->resume();
}

uint32_t HttpConnection::local_ipv4() const {
  sockaddr_in address = {};
  socklen_t size = sizeof address;
  if (::getsockname(stream_->fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
      address.sin_family != AF_INET)
    return 0;
  return ntohl(address.sin_addr.s_addr);
}

std::string HttpConnection::peer_address() const {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  char text[INET6_ADDRSTRLEN] = "";
  if (!stream_ || ::getpeername(stream_->fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
    return {};
  const void* const bytes =
      address.ss_family == AF_INET
          ? static_cast<const void*>(&reinterpret_cast<sockaddr_in&>(address).sin_addr)
          : &reinterpret_cast<sockaddr_in6&>(address).sin6_addr;
  return ::inet_ntop(address.ss_family, bytes, text, sizeof text) != nullptr ? text : "";
}

// An exception within a request, also one by lack of memory, is that request's end: its answer says
// so, or the connection ends. It never waits for an answer that nobody works on any more.
void HttpConnection::contain() {
  const auto refuse = [this] {
    if (state_ == State::kClosed) return;
    if (state_ != State::kReading && state_ != State::kSinking) return drop();
    std::string().swap(kept_);
    kept_at_ = 0;
    refuse_rest(failure());
  };
  if (!fenced(kWhere, refuse)) fenced(kWhere, [this] { drop(); });
}

void HttpConnection::on_data(std::string_view bytes) {
  guarded([&] { take_in(bytes); });
}

void HttpConnection::take_in(std::string_view bytes) {
  if (state_ == State::kClosed) return;
  if (state_ != State::kReading || kept_at_ < kept_.size()) {
    keep(bytes);
    return;
  }
  parse(bytes);
  if (!bytes.empty() && state_ != State::kClosed) keep(bytes);
  if (state_ != State::kReading || !parser_.got_some()) return;
  now_awaits(HttpCrowd::Awaited::kPeer);
  if (parser_.is_head_done()) set_deadline(limits_.body_time);
}

void HttpConnection::keep(std::string_view in) {
  kept_.append(in);
  const size_t limit =
      state_ == State::kSinking && crowd_->reads_ahead(member_) ? kPartAhead : kReadAhead;
  if (!paused_ && state_ != State::kReading && kept_.size() - kept_at_ >= limit) {
    paused_ = true;
    stream_->pause();
  }
}

// Takes what was kept, then reads on. A request that a peer has left incomplete stays so.
void HttpConnection::parse_kept() {
  if (kept_at_ < kept_.size()) {
    std::string_view in(kept_);
    in.remove_prefix(kept_at_);
    parse(in);
    kept_at_ = kept_.size() - in.size();
    if (kept_at_ == kept_.size()) {
      kept_at_ = 0;
      if (kept_.capacity() > 4 * kReadAhead)
        std::string().swap(kept_);
      else
        kept_.clear();
    } else if (kept_at_ >= kReadAhead) {
      kept_.erase(0, kept_at_);
      kept_at_ = 0;
    }
  }
  if (peer_done_ && state_ == State::kReading && kept_at_ == kept_.size())
    return shut(parser_.got_some());
  read_on();
}

void HttpConnection::read_on() {
  if (!paused_ || state_ == State::kClosed || kept_.size() - kept_at_ >= kReadAhead) return;
  paused_ = false;
  stream_->resume();
}

// From now on until the answer, looks now and then whether anybody is left who could give it.
void HttpConnection::set_lookout() {
  refusals_before_ = memory_refusals();
  loop_.schedule(this, loop_.now() + kLookout);
}

// Request after request, as long as each is answered at once.
void HttpConnection::parse(std::string_view& in) {
  while (state_ == State::kReading && !in.empty()) {
    const HttpParser::Step step = parser_.put(in);
    switch (step) {
      case HttpParser::Step::kMore:
        break;
      case HttpParser::Step::kHead:
        if (!begin_body(in.size())) return;
        break;
      case HttpParser::Step::kRoom:
        if (!find_room()) return;
        break;
      case HttpParser::Step::kDone:
        break;
      case HttpParser::Step::kBodyTooLarge:
        return finish_with(session_->too_large(parser_.header()));
      case HttpParser::Step::kBad:
      case HttpParser::Step::kHeadTooLarge:
        return fail_parse(step);
    }
    if (sink_part()) return;
    if (parser_.is_done()) finish_request();
  }
  // A head that has begun must come to its end, also after a long pause.
  if (state_ == State::kReading && !parser_.is_head_done() && parser_.got_some() &&
      !std::exchange(head_timed_, true))
    set_deadline(limits_.header_time);
}

// Memory for what comes next of the request. False: there is none, and it was refused.
bool HttpConnection::find_room() {
  // What a sink has taken goes at once.
  if (!sink_ && !hold(parser_.wanted())) {
    if (state_ != State::kClosed) refuse_rest(too_much());
    return false;
  }
  parser_.grant(parser_.wanted());
  return true;
}

// Room for so many bytes, for which others make way. False: there is none.
bool HttpConnection::hold(uint64_t bytes) {
  const uint64_t group = member_.held() > 0 ? member_.group() : session_->room_group();
  while (!crowd_->hold(member_, bytes, group)) {
    HttpConnection* const other = crowd_->makes_way(*this, group, bytes - member_.held());
    if (other == nullptr) {
      crowd_->has_found_none();
      return false;
    }
    crowd_->has_made_way();
    other->drop();
    if (state_ == State::kClosed) return false;
  }
  return true;
}

// True: what has come of the body is with its sink, and no more follows until it has been taken.
bool HttpConnection::sink_part() {
  if (!sink_ || parser_.body().empty()) return false;
  state_ = State::kSinking;
  now_awaits(HttpCrowd::Awaited::kUs);
  set_lookout();
  sink_->put(std::exchange(parser_.body(), {}),
             [remote = loop_.remote(), self = shared_from_this()] {
               remote.post([self] { self->guarded([&self] { self->on_part_taken(); }); });
             });
  return true;
}

void HttpConnection::on_part_taken() {
  if (state_ != State::kSinking) return;
  state_ = State::kReading;
  now_awaits(HttpCrowd::Awaited::kPeer);
  set_deadline(limits_.body_time);
  if (parser_.is_done()) {
    finish_request();
    return read_on();
  }
  parse_kept();
}

void HttpConnection::finish_request() {
  state_ = State::kHandling;
  now_awaits(HttpCrowd::Awaited::kUs);
  if (session_->serves_callers()) loop_.asked();
  if (session_->is_answered_by_holders()) set_lookout();
  keep_alive_ = parser_.header().keep_alive();
  head_request_ = parser_.header().method() == http::verb::head;
  takes_chunks_ = parser_.header().version() == 11;
  crowd_->release(member_);
  Request request(std::move(parser_.header()), std::move(parser_.body()));
  parser_.reset();
  head_timed_ = false;
  const auto self = shared_from_this();
  // What a session throws is its request's end, and not the connection's silence.
  fenced(
      "an HTTP request",
      [&] {
        if (sink_)
          session_->on_sunk_request(std::move(request), std::exchange(sink_, nullptr));
        else
          session_->on_request(std::move(request));
      },
      [&] {
        if (state_ != State::kHandling) return close();
        finish_with(failure());
      });
}

// The head is complete, and so many bytes follow it: the session says how much body it takes.
// False: the request was refused, or the connection is the session's now.
bool HttpConnection::begin_body(size_t here) {
  const RequestHeader& header = parser_.header();
  if (session_->wants_connection(header)) {
    state_ = State::kHandingOver;
    loop_.cancel(this);
    // What the stream still brings is kept. Posted: what is being parsed must be kept first.
    loop_.post([self = shared_from_this()] {
      if (self->state_ == State::kHandingOver) self->stream_->release();
    });
    return false;
  }
  const uint64_t limit = session_->body_limit(header);
  if (parser_.content_length() > limit) {
    finish_with(session_->too_large(header));
    return false;
  }
  sink_ = session_->body_sink(header);
  if (sink_) crowd_->release(member_);
  parser_.set_body_limit(limit);
  const bool is_whole =
      parser_.is_done() || (!parser_.is_chunked() && parser_.content_length() <= here);
  if (!is_whole) set_deadline(limits_.body_time);
  // Also where no body follows: AWS's SDK for Python takes an answer without this word for the last
  // of its connection, and waits for ever for the next one.
  if (here == 0 && parser_.expects_continue()) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_->send(kContinue, std::string_view());
  }
  return true;
}

void HttpConnection::on_released(UniqueFd socket) {
  state_ = State::kClosed;
  std::string rest = kept_.substr(kept_at_);
  const std::shared_ptr<Session> session = std::move(session_);
  const auto self = shared_from_this();
  crowd_->leave(member_);
  loop_.drop(this);
  session->take_over(std::move(socket), std::move(parser_.header()), std::move(rest));
}

void HttpConnection::fail_parse(HttpParser::Step step) {
  Response response;
  const bool large = step == HttpParser::Step::kHeadTooLarge;
  response.status = large ? 431 : 400;
  response.body = R"({"message":")" +
                  (large ? "Request line and headers are larger than this server takes."
                         : "Not an HTTP/1.1 request: " + std::string(parser_.fault()) + ".") +
                  R"(","Type":"User"})";
  refuse_rest(std::move(response));
}

// The request ends before its end has come; its memory goes back first.
void HttpConnection::refuse_rest(Response&& response) {
  const bool had_begun = parser_.is_head_done();
  parser_.reset();
  crowd_->release(member_);
  const auto self = shared_from_this();
  if (had_begun) session_->on_unreadable();
  if (state_ != State::kClosed) finish_with(std::move(response));
}

void HttpConnection::finish_with(Response&& response) {
  sink_ = nullptr;
  parser_.reset();  // gives its memory back
  crowd_->release(member_);
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

void HttpConnection::on_end(int error) {
  if (draining_) return end();
  if (state_ == State::kClosed || state_ == State::kHandingOver) return;
  peer_done_ = true;
  // Who sends no more may still wait for the answers to what is here.
  const bool owes = state_ != State::kReading || kept_at_ < kept_.size();
  if (error == 0 && owes && session_->answers_after_end()) {
    if (state_ == State::kHandling || state_ == State::kSinking)
      now_awaits(HttpCrowd::Awaited::kUs);
    return;
  }
  shut(owes || parser_.got_some());
}

void HttpConnection::on_send_failed(int) {
  if (draining_) return end();
  drop();
}

void HttpConnection::close() {
  if (state_ != State::kClosed) shut(state_ != State::kReading);
}

void HttpConnection::drop() {
  if (draining_) return end();
  keep_alive_ = true;  // nothing is on its way to the peer that is waited for
  if (state_ != State::kClosed) shut(state_ != State::kReading || parser_.got_some());
}

void HttpConnection::shut(bool mid_request) {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  const auto self = shared_from_this();
  loop_.cancel(this);
  sink_ = nullptr;
  let_stream_go();
  if (keep_alive_ || peer_done_) {
    end();
  } else {
    // Drain what the peer still sends for a moment, so that the last answer arrives (RFC 9112
    // section 9.6).
    draining_ = true;
    now_awaits(HttpCrowd::Awaited::kRequest);
    ::shutdown(stream_->fd(), SHUT_WR);
    set_deadline(kDrainTime);
    paused_ = false;
    stream_->resume();
  }
  if (session_) {
    // The session may be on the stack below us; it goes when the loop comes round.
    const std::shared_ptr<Session> session = std::move(session_);
    loop_.post([session] {});
    session->on_closed(mid_request);
  }
}

// The socket closes. What holds the connection besides lets go of it in its time.
void HttpConnection::end() {
  draining_ = false;
  loop_.cancel(this);
  crowd_->leave(member_);
  stream_ = nullptr;
  loop_.drop(this);
}

// By the clock: within the wait of a turn, the loop's now() is the time before it slept.
void HttpConnection::set_deadline(Duration from_now) {
  deadline_ = loop_.clock().steady_now() + from_now;
  loop_.schedule(this, deadline_);
}

// The kernel knows what has gone of an answer that it was given whole.
bool HttpConnection::has_taken_more() {
  if (state_ != State::kWriting) return false;
  const uint64_t now = bytes_taken(stream_->fd());
  if (std::exchange(taken_, now) == now) return false;
  deadline_ = loop_.clock().steady_now() + limits_.body_time;
  return true;
}

// Whoever works on the request holds the connection, besides its loop. Where nobody does, as when
// there was no memory to hand the answer over, none comes.
SteadyTime HttpConnection::look_out(SteadyTime now) {
  if (state_ == State::kHandling && !session_->is_answered_by_holders()) return SteadyTime::max();
  if (weak_from_this().use_count() > 1) return now + kLookout;
  const auto self = shared_from_this();
  note_dropped_request("an HTTP connection's request", refusals_before_);
  if (!fenced(kWhere, [this] { refuse_rest(failure()); })) drop();
  return state_ == State::kClosed ? SteadyTime::max() : deadline_;
}

SteadyTime HttpConnection::on_time(SteadyTime now) {
  if (!draining_ && (state_ == State::kClosed || state_ == State::kHandingOver))
    return SteadyTime::max();
  if (state_ == State::kHandling || state_ == State::kSinking) return look_out(now);
  if (deadline_ > now) return deadline_;
  const auto self = shared_from_this();
  if (!draining_ && has_taken_more()) return deadline_;
  if (draining_)
    end();
  else
    shut(state_ == State::kWriting || parser_.got_some());
  return SteadyTime::max();
}

}  // namespace kiln::net
