#include "sdk/core/channel_memory.h"

#include <linux/futex.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/channel_ring.h"

namespace kiln::sdk {
namespace {

ring::Header& header_of(char* memory) { return *reinterpret_cast<ring::Header*>(memory); }

ring::Stage& stage_of(char* memory, uint32_t number) {
  return *reinterpret_cast<ring::Stage*>(memory + ring::stage_place(number));
}

uint64_t now_ns() {
  struct timespec t {};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(t.tv_nsec);
}

}  // namespace

ChannelMemory::~ChannelMemory() {
  if (at_) ::munmap(at_, ring::kSize);
}

bool ChannelMemory::reserve() {
  if (at_) return true;
  void* at =
      ::mmap(nullptr, ring::kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return false;
  at_ = static_cast<char*>(at);
  return true;
}

bool ChannelMemory::map(int descriptor) {
  mapped_ = ::mmap(at_, ring::kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED,
                   descriptor, 0) != MAP_FAILED;
  return mapped_;
}

bool ChannelMemory::begin_rehearsal(std::string_view meta, std::string_view payload) {
  const size_t size = meta.size() + payload.size();
  if (!at_ || mapped_ || size > ring::kSmall ||
      ::mprotect(at_, ring::kPage, PROT_READ | PROT_WRITE) != 0)
    return false;
  mapped_ = rehearses_ = true;
  meta.copy(at_ + ring::kSmallEvent, meta.size());
  payload.copy(at_ + ring::kSmallEvent + meta.size(), payload.size());
  ring::Message& event = header_of(at_).event;
  event.meta_size = static_cast<uint32_t>(meta.size());
  event.body_size = payload.size();
  event.number = ring::after(number_);
  return true;
}

void ChannelMemory::end_rehearsal() {
  ::madvise(at_, ring::kPage, MADV_DONTNEED);
  ::mprotect(at_, ring::kPage, PROT_NONE);
  mapped_ = rehearses_ = false;
  number_ = 0;
}

std::atomic<uint32_t>& ChannelMemory::bell() const { return header_of(at_).event.number; }

bool ChannelMemory::has_event() {
  if (has_next_) return true;
  // The turn may still be that of an event before the one in hand.
  const uint32_t turn = bell().load() & ~ring::kStopBit;
  has_next_ = turn == ring::after(number_) || take_ahead();
  return has_next_;
}

bool ChannelMemory::output_is_read() const {
  int left = 0;
  return ::ioctl(output_, FIONREAD, &left) == 0 && left == 0;
}

bool ChannelMemory::take_ahead() {
  uint32_t next = ring::after(number_);
  ring::Header& h = header_of(at_);
  ring::Staged& staged = h.staged[next % ring::kStages];
  if (staged.event.load() != next || large_answer_) return false;
  const uint32_t before = h.reads.load();
  if (before % 2 != 0 || !output_is_read() || h.reads.load() != before) return false;
  staged.taken_at.store(before, std::memory_order_relaxed);
  return staged.event.compare_exchange_strong(next, next | ring::kTaken);
}

ChannelMemory::Woke ChannelMemory::wait() {
  ring::Header& h = header_of(at_);
  for (;;) {
    const uint32_t number = h.event.number.load();
    if (has_event()) return Woke::kEvent;
    if ((number & ring::kStopBit) != 0) return Woke::kStop;
    // In this order: the engine looks at the flag once it has written the number.
    h.function_sleeps.store(1);
    long slept = 0;
    if (h.event.number.load() == number)
      slept = ::syscall(SYS_futex, &h.event.number, FUTEX_WAIT, number, nullptr, nullptr, 0);
    const bool interrupted = slept < 0 && errno == EINTR;
    h.function_sleeps.store(0);
    if (interrupted && !has_event()) return Woke::kInterrupted;
  }
}

bool ChannelMemory::take_event(std::string_view& meta, std::string_view& payload) {
  has_next_ = false;
  number_ = ring::after(number_);
  const ring::Header& h = header_of(at_);
  in_stage_ = (h.staged[number_ % ring::kStages].event.load() & ~ring::kTaken) == number_;
  const ring::Message& event = in_stage_ ? stage_of(at_, number_).event : h.event;
  const uint32_t meta_size = event.meta_size.load(std::memory_order_relaxed);
  const uint64_t body_size = event.body_size.load(std::memory_order_relaxed);
  if (meta_size > ring::kLarge || body_size > ring::kLarge - meta_size) return false;
  const char* from =
      at_ + ring::place(true, meta_size + body_size) + (in_stage_ ? ring::stage_place(number_) : 0);
  meta = {from, meta_size};
  payload = {from + meta_size, body_size};
  return true;
}

void ChannelMemory::answer(FrameType type, std::string_view meta, std::string_view body,
                           int socket) {
  ring::Header& h = header_of(at_);
  const bool fits = body.size() <= ring::kLargestAnswer;
  const size_t size = meta.size() + (fits ? body.size() : 0);
  large_answer_ = size > ring::kSmall;
  if (rehearses_ && large_answer_) return;
  char* to = at_ + ring::place(false, size) +
             (in_stage_ && !large_answer_ ? ring::stage_place(number_) : 0);
  ring::fault_in(to, size, faulted_in_);
  std::memcpy(to, meta.data(), meta.size());
  if (fits) std::memcpy(to + meta.size(), body.data(), body.size());
  ring::Message& answer = in_stage_ ? stage_of(at_, number_).answer : h.answer;
  (in_stage_ ? stage_of(at_, number_).answered_at : h.answered_at)
      .store(now_ns(), std::memory_order_relaxed);
  answer.type.store(static_cast<uint32_t>(type), std::memory_order_relaxed);
  answer.meta_size.store(static_cast<uint32_t>(meta.size()), std::memory_order_relaxed);
  answer.body_size.store(body.size(), std::memory_order_relaxed);
  answer.number.store(number_);
  // After the number, in one order with the engine's own: one of the two sees the other.
  if (h.engine_sleeps.exchange(0) == 0) return;
  const char wake = 'w';
  ssize_t n;
  do n = ::send(socket, &wake, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
}

ssize_t receive_with_descriptor(int socket, char* data, size_t size, UniqueFd& descriptor) {
  struct iovec part = {data, size};
  alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return got;
  if (const struct cmsghdr* c = CMSG_FIRSTHDR(&message); c && c->cmsg_type == SCM_RIGHTS) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(c), sizeof fd);
    descriptor = UniqueFd(fd);
  }
  return got;
}

}  // namespace kiln::sdk
