#include "sdk/core/channel_transport.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/channel_ring.h"
#include "sdk/core/http_response.h"
#include "sdk/core/socket_io.h"
#include "sdk/core/termination.h"

namespace kiln::sdk {
namespace {

constexpr size_t kReadSize = 4096;
// One byte more than the platform takes: what is longer is refused all the same, and not sent
// whole.
constexpr size_t kMostSent = 6'291'557;

ring::Header& header_of(char* memory) { return *reinterpret_cast<ring::Header*>(memory); }

}  // namespace

ChannelTransport::~ChannelTransport() {
  if (ring_) ::munmap(ring_, ring::kSize);
}

std::unique_ptr<ChannelTransport> ChannelTransport::from_environment() {
  const char* text = std::getenv(kChannelFdVariable);
  if (!text) return nullptr;
  char* end = nullptr;
  const long number = std::strtol(text, &end, 10);
  const bool is_number = end != text && *end == '\0' && number >= 0 && number <= 1'000'000;
  ::unsetenv(kChannelFdVariable);
  // fcntl also finds out whether there is such a descriptor.
  if (!is_number || ::fcntl(static_cast<int>(number), F_SETFD, FD_CLOEXEC) != 0) return nullptr;
  return std::make_unique<ChannelTransport>(UniqueFd(static_cast<int>(number)));
}

Transport::Next ChannelTransport::next(Event& event) {
  if (ring_) return next_of_ring(event);
  buffer_.clear();
  Fill filled = Fill::kDone;
  if (!ready_sent_) {
    meta_ = ring::kRingOffer;
    if (send(FrameType::kReady, {}) == Sent::kLost) return Next::kLost;
    ready_sent_ = true;
    filled = first_answer();
    if (ring_) return next_of_ring(event);
  }
  if (filled == Fill::kDone) {
    const Termination::Wait wake(socket_.get());
    filled = fill(sizeof(FrameHeader));
  }
  // The signal's shutdown looks like an end of the stream; so does an engine that closed the
  // channel.
  if (filled == Fill::kEnd) return Next::kShutdown;
  if (filled == Fill::kLost) return Next::kLost;

  FrameHeader header{};
  std::memcpy(&header, buffer_.view().data(), sizeof header);
  if (header.type != FrameType::kEvent || header.meta_size > kMaxFrameMeta ||
      header.body_size > HttpResponse::kMaxBody) {
    problem_ = "the direct channel carries no event frame";
    return Next::kLost;
  }
  const size_t meta_end = sizeof header + header.meta_size;
  const size_t frame_end = meta_end + header.body_size;
  if (fill(frame_end) != Fill::kDone) return Next::kLost;
  if (buffer_.size() != frame_end) {
    problem_ = "the direct channel carries more than one event at a time";
    return Next::kLost;
  }
  if (!parse_meta(buffer_.view().substr(sizeof header, header.meta_size), event)) {
    problem_ = "the direct channel's event has no proper meta";
    return Next::kLost;
  }
  event.payload = buffer_.view().substr(meta_end);
  return Next::kEvent;
}

bool ChannelTransport::parse_meta(std::string_view meta, Event& event) {
  MetaReader reader(meta);
  std::string_view deadline;
  for (std::string_view* field :
       {&event.request_id, &deadline, &event.invoked_function_arn, &event.trace_id,
        &event.client_context, &event.cognito_identity}) {
    const auto value = reader.next();
    if (!value) return false;
    *field = *value;
  }
  event.tenant_id = {};
  event.deadline_ms = 0;
  if (deadline.size() > 18) return false;
  for (const char c : deadline) {
    if (c < '0' || c > '9') return false;
    event.deadline_ms = event.deadline_ms * 10 + (c - '0');
  }
  return !event.request_id.empty();
}

Transport::Sent ChannelTransport::respond(std::string_view request_id, std::string_view payload) {
  meta_.clear();
  MetaWriter(meta_).add(request_id);
  return send(FrameType::kResult, payload.substr(0, kMostSent));
}

Transport::Sent ChannelTransport::fail(std::string_view request_id, const ErrorReport& report) {
  meta_.clear();
  MetaWriter(meta_).add(request_id).add(report.category);
  return send(FrameType::kError, report.document);
}

Transport::Sent ChannelTransport::stream_begin(std::string_view request_id, std::string_view) {
  stream_id_ = request_id;
  streamed_.clear();
  return Sent::kDone;
}

Transport::Sent ChannelTransport::stream_write(std::string_view bytes) {
  streamed_ += bytes;
  return Sent::kDone;
}

Transport::Sent ChannelTransport::stream_end(const ErrorReport* failure) {
  const std::string whole = std::exchange(streamed_, {});
  return failure ? fail(stream_id_, *failure) : respond(stream_id_, whole);
}

void ChannelTransport::fail_init(const ErrorReport& report) {
  meta_.clear();
  MetaWriter(meta_).add({}).add(report.category);
  send(FrameType::kInitError, report.document);
}

Transport::Sent ChannelTransport::send(FrameType type, std::string_view body) {
  if (!ring_ || type == FrameType::kInitError) return send_frame(type, body);
  put_answer(type, body);
  return Sent::kDone;
}

Transport::Sent ChannelTransport::send_frame(FrameType type, std::string_view body) {
  FrameHeader header{type, static_cast<uint32_t>(meta_.size()), body.size()};
  iovec parts[3] = {{&header, sizeof header},
                    {meta_.data(), meta_.size()},
                    {const_cast<char*>(body.data()), body.size()}};
  if (send_all(socket_.get(), parts)) return Sent::kDone;
  problem_ = std::string("writing to the direct channel: ") + std::strerror(errno);
  return Sent::kLost;
}

// ---- The memory

ChannelTransport::Fill ChannelTransport::first_answer() {
  const Termination::Wait wake(socket_.get());
  for (;;) {
    const auto room = buffer_.room(kReadSize);
    struct iovec part = {room.data(), room.size()};
    alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct msghdr message = {};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return Fill::kEnd;
    if (got < 0) {
      problem_ = std::string("reading from the direct channel: ") + std::strerror(errno);
      return Fill::kLost;
    }
    buffer_.filled(static_cast<size_t>(got));
    const struct cmsghdr* c = CMSG_FIRSTHDR(&message);
    if (c == nullptr || c->cmsg_type != SCM_RIGHTS) return Fill::kDone;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    const UniqueFd memory(fd);
    if (map_ring(memory.get())) return Fill::kDone;
    problem_ = std::string("mapping the direct channel's memory: ") + std::strerror(errno);
    return Fill::kLost;
  }
}

bool ChannelTransport::map_ring(int fd) {
  void* at =
      ::mmap(nullptr, ring::kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  if (at == MAP_FAILED) return false;
  ring_ = static_cast<char*>(at);
  return true;
}

Transport::Next ChannelTransport::next_of_ring(Event& event) {
  ring::Header& h = header_of(ring_);
  {
    const Termination::Wait wake(h.event.number);
    for (;;) {
      const uint32_t number = h.event.number.load();
      if ((number & ~ring::kStopBit) != number_) break;
      if ((number & ring::kStopBit) != 0) return Next::kShutdown;
      // In this order: the engine looks at the flag once it has written the number.
      h.function_sleeps.store(1);
      if (h.event.number.load() == number)
        ::syscall(SYS_futex, &h.event.number, FUTEX_WAIT, number, nullptr, nullptr, 0);
      h.function_sleeps.store(0);
    }
  }
  number_ = h.event.number.load() & ~ring::kStopBit;
  const uint32_t meta_size = h.event.meta_size.load(std::memory_order_relaxed);
  const uint64_t body_size = h.event.body_size.load(std::memory_order_relaxed);
  if (meta_size > ring::kLarge || body_size > ring::kLarge - meta_size) {
    problem_ = "the direct channel's memory holds no event";
    return Next::kLost;
  }
  const char* from = ring_ + ring::place(true, meta_size + body_size);
  if (!parse_meta({from, meta_size}, event)) {
    problem_ = "the direct channel's event has no proper meta";
    return Next::kLost;
  }
  event.payload = {from + meta_size, body_size};
  return Next::kEvent;
}

// With meta_.
void ChannelTransport::put_answer(FrameType type, std::string_view body) {
  ring::Header& h = header_of(ring_);
  const bool fits = body.size() <= ring::kLargestAnswer;
  char* to = ring_ + ring::place(false, meta_.size() + (fits ? body.size() : 0));
  std::memcpy(to, meta_.data(), meta_.size());
  if (fits) std::memcpy(to + meta_.size(), body.data(), body.size());
  h.answer.type.store(static_cast<uint32_t>(type), std::memory_order_relaxed);
  h.answer.meta_size.store(static_cast<uint32_t>(meta_.size()), std::memory_order_relaxed);
  h.answer.body_size.store(body.size(), std::memory_order_relaxed);
  h.answer.number.store(number_);
  // After the number, in one order with the engine's own: one of the two sees the other.
  if (h.engine_sleeps.exchange(0) == 0) return;
  const char wake = 'w';
  ssize_t n;
  do n = ::send(socket_.get(), &wake, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
}

ChannelTransport::Fill ChannelTransport::fill(size_t size) {
  while (buffer_.size() < size) {
    const size_t missing = size - buffer_.size();
    const auto room = buffer_.room(missing > kReadSize ? missing : kReadSize);
    const ssize_t got = receive(socket_.get(), room.data(), room.size());
    if (got > 0) {
      buffer_.filled(static_cast<size_t>(got));
      continue;
    }
    if (got == 0 && buffer_.size() == 0) return Fill::kEnd;
    problem_ = got == 0 ? "the direct channel ended in the middle of a frame"
                        : std::string("reading from the direct channel: ") + std::strerror(errno);
    return Fill::kLost;
  }
  return Fill::kDone;
}

}  // namespace kiln::sdk
