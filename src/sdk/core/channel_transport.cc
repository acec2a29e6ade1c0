#include "sdk/core/channel_transport.h"

#include <fcntl.h>
#include <sys/socket.h>
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

}  // namespace

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
  if (memory_.mapped()) return next_of_memory(event);
  buffer_.clear();
  Fill filled = Fill::kDone;
  if (!ready_sent_) {
    meta_ = memory_.reserve() ? ring::kRingOffer : "";
    if (send(FrameType::kReady, {}) == Sent::kLost) return Next::kLost;
    ready_sent_ = true;
    filled = first_answer();
    if (memory_.mapped()) return next_of_memory(event);
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
  if (!memory_.mapped() || type == FrameType::kInitError) return send_frame(type, body);
  memory_.answer(type, meta_, body, socket_.get());
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
    UniqueFd descriptor;
    const ssize_t got =
        receive_with_descriptor(socket_.get(), room.data(), room.size(), descriptor);
    if (got < 0 && errno == EINTR) continue;
    if (got == 0) return Fill::kEnd;
    if (got < 0) {
      problem_ = std::string("reading from the direct channel: ") + std::strerror(errno);
      return Fill::kLost;
    }
    buffer_.filled(static_cast<size_t>(got));
    if (!descriptor || memory_.map(descriptor.get())) return Fill::kDone;
    problem_ = std::string("mapping the direct channel's memory: ") + std::strerror(errno);
    return Fill::kLost;
  }
}

Transport::Next ChannelTransport::next_of_memory(Event& event) {
  {
    const Termination::Wait wake(memory_.bell());
    auto woke = memory_.wait();
    while (woke == ChannelMemory::Woke::kInterrupted) woke = memory_.wait();
    if (woke == ChannelMemory::Woke::kStop) return Next::kShutdown;
  }
  std::string_view meta;
  if (!memory_.take_event(meta, event.payload)) {
    problem_ = "the direct channel's memory holds no event";
    return Next::kLost;
  }
  if (!parse_meta(meta, event)) {
    problem_ = "the direct channel's event has no proper meta";
    return Next::kLost;
  }
  return Next::kEvent;
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
