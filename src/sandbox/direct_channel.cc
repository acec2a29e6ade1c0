#include "sandbox/direct_channel.h"

#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace kiln::sandbox {
namespace {

static_assert(ring::kLargestAnswer == kMaxResponseBytes);

// The pages of large messages stay at least so long behind the last one.
constexpr Duration kPagesKept = std::chrono::seconds(1);

bool sane(const FrameHeader& header) {
  switch (header.type) {
    case FrameType::kReady:
    case FrameType::kResult:
    case FrameType::kError:
    case FrameType::kInitError:
      return header.meta_size <= kMaxFrameMeta && header.body_size <= kMaxBody;
    case FrameType::kEvent:
    case FrameType::kRing:
      break;
  }
  return false;
}

}  // namespace

DirectChannel::DirectChannel(UniqueFd socket, std::unique_ptr<RingMemory> memory, net::IoLoop& loop,
                             RuntimePort& port, Extensions* extensions)
    : loop_(loop),
      port_(port),
      extensions_(extensions),
      memory_(std::move(memory)),
      stream_(loop.open(std::move(socket), *this)) {
  stream_->resume();
}

DirectChannel::~DirectChannel() {
  *alive_ = false;
  net::look_away(*this);
  loop_.cancel(this);
  end_work();
}

void DirectChannel::on_data(std::string_view bytes) {
  if (broken_) return;
  // Once there is the ring the socket only wakes the loop, which looks around then. What the
  // function printed before it wrote the byte has been heard of.
  if (ring_) {
    const size_t old = std::min(bells_owed_, bytes.size());
    bells_owed_ -= old;
    if (bytes.size() > old && asked_) noticed_ = rung_ = true;
    return;
  }
  const auto alive = alive_;  // a frame may end this channel
  if (in_.empty()) {
    const size_t used = take_frames(bytes);
    if (*alive && !broken_) in_.append(bytes.substr(used));
    return;
  }
  in_.append(bytes);
  if (in_.size() < sizeof(FrameHeader)) return;
  FrameHeader header;
  std::memcpy(&header, in_.data(), sizeof header);
  if (sane(header)) {
    // A large frame is looked at once, when it is whole.
    const size_t frame = sizeof header + header.meta_size + header.body_size;
    if (in_.size() < frame) return;
  }
  const std::string taken = std::move(in_);
  in_.clear();
  const size_t used = take_frames(taken);
  if (*alive && !broken_) in_.append(std::string_view(taken).substr(used));
}

// What was used of `bytes`.
size_t DirectChannel::take_frames(std::string_view bytes) {
  const auto alive = alive_;
  size_t at = 0;
  while (*alive && !broken_ && bytes.size() - at >= sizeof(FrameHeader)) {
    FrameHeader header;
    std::memcpy(&header, bytes.data() + at, sizeof header);
    if (!sane(header)) {
      broken("a malformed frame");
      return at;
    }
    const size_t frame = sizeof header + header.meta_size + header.body_size;
    if (bytes.size() - at < frame) break;
    const char* meta = bytes.data() + at + sizeof header;
    std::string body(meta + header.meta_size, header.body_size);
    if (!take_frame(header, {meta, header.meta_size}, std::move(body))) return at;
    at += frame;
  }
  return at;
}

// False: the channel is broken or gone.
bool DirectChannel::take_frame(const FrameHeader& header, std::string_view meta,
                               std::string&& body) {
  // An answer to what it has not read: its next event would be written into the middle of this one.
  if (writing_) return broken("an answer before the event was read"), false;
  if (header.type == FrameType::kReady && (meta == ring::kRingOffer || meta == ring::kOldRingOffer))
    offer_ring(meta == ring::kRingOffer);
  memory_.reset();
  return take_message(header.type, meta, std::move(body), false);
}

bool DirectChannel::take_message(FrameType type, std::string_view meta, std::string&& body,
                                 bool too_large, bool wants_next) {
  if (std::exchange(at_work_, false)) loop_.work_done(loop_.now() - given_at_);
  const auto alive = alive_;
  MetaReader in(meta);
  std::string_view request_id, error_type;
  if (type != FrameType::kReady) {
    const auto id = in.next();
    if (!id) return broken("a frame without a request id"), false;
    request_id = *id;
  }
  if (type == FrameType::kError || type == FrameType::kInitError) {
    const auto name = in.next();
    if (!name) return broken("an error frame without a type"), false;
    error_type = *name;
  }
  if (too_large)
    port_.broke_protocol(request_id, "Function.ResponseSizeTooLarge");
  else if (type == FrameType::kResult)
    port_.respond(request_id, std::move(body));
  else if (type == FrameType::kError)
    port_.fail(request_id, std::move(body), error_type);
  else if (type == FrameType::kInitError)
    port_.fail_init(std::move(body), error_type);
  if (!*alive) return false;
  if (type == FrameType::kInitError || !wants_next) return true;
  // An answer to what is not in hand is dropped, as over HTTP. It counts as the request for the
  // next event, if that may be made now: the function's code may have answered over HTTP.
  if (extensions_) extensions_->close_registration();
  if (port_.next(*this) != Verdict::kAccepted && *alive)
    return broken("an answer or a request for an event out of turn"), false;
  return *alive;
}

// Without the memory the function gets its events through the socket, as before.
void DirectChannel::offer_ring(bool stages) {
  if (ring_) return;
  auto memory = memory_ ? std::move(memory_) : RingMemory::make();
  if (!memory) return;
  FrameHeader header{FrameType::kRing, 0, 0};
  struct iovec part = {&header, sizeof header};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  struct cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  const int fd = memory->descriptor();
  std::memcpy(CMSG_DATA(c), &fd, sizeof fd);
  // Nothing was written before: there is room for a header, or nobody is there any more.
  if (::sendmsg(stream_->fd(), &message, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof header) return;
  memory->close_descriptor();
  ring_ = std::move(memory);
  stages_ = stages;
}

bool DirectChannel::look() {
  if (!noticed_ || !ring_->answered()) return false;
  const auto alive = alive_;
  take_answer(true);
  // All that was printed before the function took an event ahead of its turn has been read: the
  // answer before that need not be noticed first.
  for (uint32_t n = 0; n < ring::kStages && *alive && has_answer() && is_ahead(); ++n)
    take_answer(true);
  return true;
}

void DirectChannel::catch_up(bool last) {
  const auto alive = alive_;
  // As in look(); of one that has ended all output is there.
  for (bool first = true; *alive && has_answer() && (first || last || is_ahead()); first = false)
    take_answer(!last || is_ahead());
}

void DirectChannel::take_answer(bool wants_next) {
  net::look_away(*this);
  if (asked_ && !ring_->withdraw() && !rung_) ++bells_owed_;
  noticed_ = asked_ = rung_ = false;
  RingMemory::Answer answer;
  if (!ring_->take_answer(answer)) return broken("a message that is no answer");
  if (ring_->holds_pages()) loop_.schedule(this, loop_.now() + kPagesKept);
  answered_at_ = stages_ ? answer.answered_at : 0;
  take_message(answer.type, answer.meta, std::move(answer.body), answer.too_large, wants_next);
}

Duration DirectChannel::answered_ago() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
  const uint64_t ns = static_cast<uint64_t>(now);
  return Duration(answered_at_ == 0 || answered_at_ > ns ? 0 : ns - answered_at_);
}

SteadyTime DirectChannel::on_time(SteadyTime now) {
  if (!ring_->holds_pages() || ring_->release_unused_pages()) return SteadyTime::max();
  return now + kPagesKept;
}

bool DirectChannel::before_sleep() {
  asked_ = true;
  return ring_->ask_for_wake();
}

void DirectChannel::after_sleep() {
  // Too late: the function has seen that it is asked, and a byte is on its way.
  if (asked_) asked_ = !ring_->withdraw();
}

void DirectChannel::end_work() {
  if (std::exchange(at_work_, false)) loop_.work_lost();
}

void DirectChannel::deliver(const Event& event) {
  // Still at work is one whose code has answered over HTTP.
  if (!std::exchange(at_work_, true)) loop_.work_given();
  given_at_ = loop_.now();
  was_ahead_ = is_ahead();
  answered_at_ = 0;
  if (extensions_ && extensions_->any()) extensions_->invoked(event);
  if (staged() > 0) {
    if (std::hash<std::string_view>()(event.request_id) != staged_ids_[0])
      return broken("an event behind another one");
    std::shift_left(staged_ids_.begin(), staged_ids_.end(), 1);
    ring_->begin_staged();
    return net::look_at(*this);
  }
  write_meta(event);
  if (ring_) {
    // What doesn't fit is beyond every limit of a payload.
    if (!ring_->put_event(head_, event.payload)) return broken("an event that is too large");
    return net::look_at(*this);
  }
  const FrameHeader header{FrameType::kEvent,
                           static_cast<uint32_t>(head_.size() - sizeof(FrameHeader)),
                           event.payload.size()};
  std::memcpy(head_.data(), &header, sizeof header);
  // A failed write needs no word here: the process has ended, which is reported by its status.
  writing_ = stream_->send(head_, event.payload) == net::Stream::Sent::kPending;
}

void DirectChannel::write_meta(const Event& event) {
  head_.assign(ring_ ? 0 : sizeof(FrameHeader), '\0');
  MetaWriter(head_)
      .add(event.request_id)
      .add(std::to_string(event.deadline_ms))
      .add(event.function_arn)
      .add(event.trace_id)
      .add(event.client_context)
      .add(event.cognito_identity);
}

bool DirectChannel::stage(const Event& event) {
  if (!ring_ || !stages_ || !at_work_ || broken_) return false;
  // They are told when its turn comes.
  if ((extensions_ && extensions_->any()) || ring_->is_over()) return false;
  write_meta(event);
  if (!ring_->stage_event(head_, event.payload)) return false;
  staged_ids_[ring_->staged() - 1] = std::hash<std::string_view>()(event.request_id);
  return true;
}

void DirectChannel::broken(const char*) {
  broken_ = true;
  net::look_away(*this);
  end_work();
  port_.broke_protocol({}, "Runtime.Unknown");
}

}  // namespace kiln::sandbox
