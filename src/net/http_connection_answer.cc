// How a connection sends an answer: a text, a part of a file, or a stream.
#include <sys/sendfile.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "net/bytes_taken.h"
#include "net/http_connection.h"
#include "net/http_date.h"

namespace kiln::net {
namespace {

// Of a file, between two looks at what else the loop has to do.
constexpr size_t kFileChunk = size_t{1024} * 1024;
// Copying so many bytes costs less than telling the kernel of two pieces.
constexpr size_t kJoined = 1024;

void append_chunk_size(std::string& out, size_t size) {
  std::array<char, 2 * sizeof size> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(digits.data(), end).append("\r\n");
}

}  // namespace

void HttpConnection::write(Response&& response) {
  state_ = State::kWriting;
  if (response.close || (peer_done_ && kept_at_ == kept_.size())) keep_alive_ = false;
  if (response.stream && !takes_chunks_) keep_alive_ = false;
  write_head(out_head_, response, keep_alive_, takes_chunks_);
  add_date(out_head_, response, loop_);
  const bool bodyless = head_request_ || response.status == 204 || response.status == 304;
  out_file_ = bodyless ? nullptr : std::move(response.file);
  out_stream_ = bodyless ? nullptr : std::move(response.stream);
  // A short body goes with the head, as one piece.
  const bool joined = !bodyless && !out_file_ && response.body.size() <= kJoined;
  if (joined) out_head_ += response.body;
  const size_t size = response.body.size();
  Stream::Sent sent;
  if (out_file_)
    sent = stream_->send_head(out_head_);
  else
    sent = stream_->send(out_head_, bodyless || joined ? std::string() : std::move(response.body));
  if (out_stream_)
    out_stream_->open([remote = loop_.remote(), weak = weak_from_this()] {
      remote.post([weak] {
        if (const auto self = weak.lock()) self->guarded([&self] { self->on_part(); });
      });
    });
  if (sent == Stream::Sent::kFailed) return drop();
  if (sent != Stream::Sent::kPending) return go_on_writing();
  // It is kept until the peer takes it. Of a function there is no more than the event in hand.
  if (session_->serves_callers() && !bodyless && size > kUnasked && !hold(size)) return drop();
  await_peer();
}

// The kernel has not taken all of it yet.
void HttpConnection::await_peer() {
  now_awaits(HttpCrowd::Awaited::kPeer);
  taken_ = bytes_taken(stream_->fd());
  set_deadline(limits_.body_time);
}

void HttpConnection::on_sent() {
  guarded([this] { go_on_writing(); });
}

void HttpConnection::on_writable() {
  guarded([this] { write_file(); });
}

void HttpConnection::go_on_writing() {
  if (state_ != State::kWriting) return;  // it was the word to send the body
  if (out_file_) return write_file();
  if (out_stream_) return write_stream();
  written();
}

// Each part as a chunk, as fast as the peer takes them.
void HttpConnection::write_stream() {
  while (state_ == State::kWriting && out_stream_) {
    if (const auto gone = std::exchange(part_gone_, nullptr)) gone();
    BodyStream::Taken taken = out_stream_->take();
    Stream::Sent sent = Stream::Sent::kDone;
    switch (taken.next) {
      case BodyStream::Next::kNothingYet:
        awaits_part_ = true;
        now_awaits(HttpCrowd::Awaited::kUs);
        deadline_ = SteadyTime::max();
        return;
      case BodyStream::Next::kBrokenOff:
        return drop();
      case BodyStream::Next::kEnd:
        out_stream_ = nullptr;
        if (takes_chunks_) sent = stream_->send("0\r\n\r\n", std::string_view());
        break;
      case BodyStream::Next::kPart:
        part_gone_ = std::move(taken.more);
        out_head_.clear();
        if (takes_chunks_) {
          append_chunk_size(out_head_, taken.part.size());
          taken.part += "\r\n";
        }
        sent = stream_->send(out_head_, std::move(taken.part));
        break;
    }
    if (sent == Stream::Sent::kFailed) return drop();
    if (sent == Stream::Sent::kPending) return await_peer();
  }
  if (state_ == State::kWriting) written();
}

void HttpConnection::on_part() {
  if (state_ == State::kWriting && std::exchange(awaits_part_, false)) write_stream();
}

// Whoever writes it goes on, for nobody.
void HttpConnection::let_stream_go() {
  awaits_part_ = false;
  out_stream_ = nullptr;
  if (const auto gone = std::exchange(part_gone_, nullptr)) gone();
}

// From the page cache into the socket, as the peer takes it.
void HttpConnection::write_file() {
  if (state_ != State::kWriting || !out_file_) return;
  set_deadline(limits_.body_time);
  now_awaits(HttpCrowd::Awaited::kPeer);
  FilePart& part = *out_file_;
  if (part.size > 0) {
    auto at = static_cast<off_t>(part.offset);
    const ssize_t n =
        ::sendfile(stream_->fd(), part.file.get(), &at, std::min<uint64_t>(part.size, kFileChunk));
    // A file that has become shorter can't be what the head has announced.
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return shut(true);
    if (n > 0) {
      part.offset += static_cast<uint64_t>(n);
      part.size -= static_cast<uint64_t>(n);
    }
  }
  if (part.size == 0) {
    out_file_ = nullptr;
    return written();
  }
  stream_->want_writable();
}

void HttpConnection::written() {
  crowd_->release(member_);
  // Closing with unread input would reset the connection and the peer might lose the answer.
  if (!keep_alive_) return shut(false);
  state_ = State::kReading;
  const bool more = kept_at_ < kept_.size();
  if (peer_done_ && !more) return shut(false);
  now_awaits(more ? HttpCrowd::Awaited::kPeer : HttpCrowd::Awaited::kRequest);
  set_deadline(more ? limits_.header_time : limits_.idle_time);
  // A pipelined request is already here. Posted: answering at once would recurse as deep as the
  // pipeline is long.
  if (more)
    loop_.post([self = shared_from_this()] {
      if (self->state_ == State::kReading) self->guarded([&self] { self->parse_kept(); });
    });
  else
    read_on();
  if (!more && session_->serves_callers()) loop_.answered();
}

}  // namespace kiln::net
