#include "sandbox/direct_channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/write.hpp>

#include "base/check.h"

namespace kiln::sandbox {
namespace asio = boost::asio;
using UnixSocket = asio::basic_stream_socket<asio::local::stream_protocol, net::Executor>;

namespace {

constexpr uint64_t kMaxBody = 32 * 1024 * 1024;
constexpr size_t kReadChunk = 16 * 1024;
constexpr size_t kKeepBuffer = 256 * 1024;

bool sane(const FrameHeader& header) {
  switch (header.type) {
    case FrameType::kReady:
    case FrameType::kResult:
    case FrameType::kError:
    case FrameType::kInitError:
      return header.meta_size <= kMaxFrameMeta && header.body_size <= kMaxBody;
    case FrameType::kEvent:
      break;
  }
  return false;
}

}  // namespace

// Lives as long as an operation on the socket; `owner` is null once the channel has gone.
struct DirectChannel::State {
  State(UniqueFd fd, net::IoLoop& loop, DirectChannel* o)
      : socket(loop.executor(), asio::local::stream_protocol(), fd.release()), owner(o) {}
  UnixSocket socket;
  DirectChannel* owner;
  std::string in;   // received, in frames
  size_t used = 0;  // bytes of `in` that hold data
  std::string out_head;
  std::string out_body;
};

DirectChannel::DirectChannel(UniqueFd socket, net::IoLoop& loop, RuntimePort& port)
    : port_(port), state_(std::make_shared<State>(std::move(socket), loop, this)) {
  boost::system::error_code ec;
  state_->socket.non_blocking(true, ec);
  read(state_);
}

DirectChannel::~DirectChannel() {
  state_->owner = nullptr;
  boost::system::error_code ec;
  state_->socket.close(ec);
}

void DirectChannel::read(std::shared_ptr<State> state) {
  size_t want = kReadChunk;
  if (state->used >= sizeof(FrameHeader)) {
    FrameHeader header;
    std::memcpy(&header, state->in.data(), sizeof header);
    const size_t frame = sizeof header + header.meta_size + header.body_size;
    if (frame > state->used) want = std::max(want, frame - state->used);
  }
  if (state->in.size() < state->used + want) state->in.resize(state->used + want);
  const auto space = asio::buffer(state->in.data() + state->used, want);
  state->socket.async_read_some(space, [state](boost::system::error_code ec, size_t n) {
    // End of file: the process has closed it or ended; its exit is reported elsewhere.
    if (ec || state->owner == nullptr) return;
    state->used += n;
    state->owner->take_frames();
    if (state->owner != nullptr) read(state);
  });
}

void DirectChannel::take_frames() {
  const auto state = state_;  // a frame may end this channel
  size_t at = 0;
  while (state->owner != nullptr && state->used - at >= sizeof(FrameHeader)) {
    FrameHeader header;
    std::memcpy(&header, state->in.data() + at, sizeof header);
    if (!sane(header)) return broken("a malformed frame");
    const size_t frame = sizeof header + header.meta_size + header.body_size;
    if (state->used - at < frame) break;
    const char* meta = state->in.data() + at + sizeof header;
    std::string body(meta + header.meta_size, header.body_size);
    if (!take_frame(header, {meta, header.meta_size}, std::move(body))) return;
    at += frame;
  }
  if (at == 0) return;
  std::memmove(state->in.data(), state->in.data() + at, state->used - at);
  state->used -= at;
  if (state->used == 0 && state->in.size() > kKeepBuffer) {
    state->in.clear();
    state->in.shrink_to_fit();
  }
}

// False: the channel is broken or gone.
bool DirectChannel::take_frame(const FrameHeader& header, std::string_view meta,
                               std::string&& body) {
  const auto state = state_;
  MetaReader in(meta);
  std::string_view request_id, error_type;
  if (header.type != FrameType::kReady) {
    const auto id = in.next();
    if (!id) return broken("a frame without a request id"), false;
    request_id = *id;
  }
  if (header.type == FrameType::kError || header.type == FrameType::kInitError) {
    const auto type = in.next();
    if (!type) return broken("an error frame without a type"), false;
    error_type = *type;
  }
  Verdict verdict = Verdict::kAccepted;
  if (header.type == FrameType::kResult) verdict = port_.respond(request_id, std::move(body));
  if (header.type == FrameType::kError)
    verdict = port_.fail(request_id, std::move(body), error_type);
  if (header.type == FrameType::kInitError) verdict = port_.fail_init(std::move(body), error_type);
  if (state->owner == nullptr) return false;
  if (verdict != Verdict::kAccepted && verdict != Verdict::kTooLarge)
    return broken("an answer to a request that is not in hand"), false;
  if (header.type == FrameType::kInitError) return true;
  if (port_.next(*this) != Verdict::kAccepted && state->owner != nullptr)
    return broken("ready twice"), false;
  return state->owner != nullptr;
}

void DirectChannel::deliver(const Event& event) {
  State& s = *state_;
  s.out_head.assign(sizeof(FrameHeader), '\0');
  MetaWriter(s.out_head)
      .add(event.request_id)
      .add(std::to_string(event.deadline_ms))
      .add(event.function_arn)
      .add(event.trace_id)
      .add(event.client_context)
      .add(event.cognito_identity);
  const FrameHeader header{FrameType::kEvent,
                           static_cast<uint32_t>(s.out_head.size() - sizeof(FrameHeader)),
                           event.payload.size()};
  std::memcpy(s.out_head.data(), &header, sizeof header);

  struct iovec parts[2] = {{s.out_head.data(), s.out_head.size()},
                           {const_cast<char*>(event.payload.data()), event.payload.size()}};
  struct msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const ssize_t n = ::sendmsg(s.socket.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  const size_t total = s.out_head.size() + event.payload.size();
  // A failed write needs no word here: the process has ended, which is reported by its status.
  if (n == static_cast<ssize_t>(total) || (n < 0 && errno != EAGAIN)) return;
  const size_t sent = n > 0 ? static_cast<size_t>(n) : 0;
  s.out_body.assign(event.payload);
  const size_t head_sent = std::min(sent, s.out_head.size());
  const std::array<asio::const_buffer, 2> rest = {asio::buffer(s.out_head) + head_sent,
                                                  asio::buffer(s.out_body) + (sent - head_sent)};
  asio::async_write(s.socket, rest, [state = state_](boost::system::error_code, size_t) {
    if (state->out_body.size() > kKeepBuffer) std::string().swap(state->out_body);
  });
}

void DirectChannel::broken(const char*) { port_.broke_protocol({}, "Runtime.Unknown"); }

}  // namespace kiln::sandbox
