#include "sandbox/ring_memory.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <new>
#include <utility>

namespace kiln::sandbox {
namespace {

// Messages up to this size keep their pages for as long as the memory lives.
constexpr uint64_t kKeep = 256 * 1024;
// What larger ones may keep in all memories together: five echoes of 6 MB.
constexpr uint64_t kMostHeld = 64 * 1024 * 1024;

std::atomic<uint64_t> held_by_all{0};

}  // namespace

std::unique_ptr<RingMemory> RingMemory::make() {
  UniqueFd memory(::memfd_create("kiln-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory || ::ftruncate(memory.get(), ring::kSize) != 0) return nullptr;
  if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    return nullptr;
  void* at = ::mmap(nullptr, ring::kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
                    memory.get(), 0);
  if (at == MAP_FAILED) return nullptr;
  new (at) ring::Header();
  return std::unique_ptr<RingMemory>(new RingMemory(std::move(memory), static_cast<char*>(at)));
}

RingMemory::~RingMemory() {
  held_by_all -= held_event_ + held_answer_;
  ::munmap(at_, ring::kSize);
}

bool RingMemory::put_event(std::string_view meta, std::string_view payload) {
  const uint64_t bytes = meta.size() + payload.size();
  if (bytes > ring::kLarge) return false;
  note(bytes, held_event_);
  char* to = at_ + ring::place(true, bytes);
  ring::fault_in(to, bytes, faulted_in_);
  std::memcpy(to, meta.data(), meta.size());
  std::memcpy(to + meta.size(), payload.data(), payload.size());
  ring::Header& h = header();
  h.event.type.store(static_cast<uint32_t>(FrameType::kEvent), std::memory_order_relaxed);
  h.event.meta_size.store(static_cast<uint32_t>(meta.size()), std::memory_order_relaxed);
  h.event.body_size.store(payload.size(), std::memory_order_relaxed);
  in_stage_ = false;
  begin(ring::after(number_), true);
  return true;
}

void RingMemory::begin(uint32_t number, bool wakes) {
  ring::Header& h = header();
  number_ = number;
  in_hand_ = true;
  h.event.number.store(number_);
  // After the number, in one order with the function's own: one of the two sees the other.
  if (wakes && h.function_sleeps.exchange(0) != 0)
    ::syscall(SYS_futex, &h.event.number, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

bool RingMemory::stage_event(std::string_view meta, std::string_view payload) {
  if (staged_ == kMostStaged || meta.size() + payload.size() > ring::kSmall) return false;
  const uint32_t number = nth_staged(staged_ + 1);
  if (number > ring::kLastNumber) return false;
  ring::Stage& s = stage(number);
  char* to = at_ + ring::stage_place(number) + ring::kSmallEvent;
  std::memcpy(to, meta.data(), meta.size());
  std::memcpy(to + meta.size(), payload.data(), payload.size());
  s.event.meta_size.store(static_cast<uint32_t>(meta.size()), std::memory_order_relaxed);
  s.event.body_size.store(payload.size(), std::memory_order_relaxed);
  s.event.type.store(static_cast<uint32_t>(FrameType::kEvent), std::memory_order_relaxed);
  staged(number).event.store(number);
  ++staged_;
  return true;
}

bool RingMemory::take_back() {
  const uint32_t number = nth_staged(staged_);
  uint32_t held = number;
  if (!staged(number).event.compare_exchange_strong(held, 0)) return false;
  --staged_;
  return true;
}

void RingMemory::begin_staged() {
  const bool taken = first_is_taken();
  --staged_;
  in_stage_ = true;
  begin(ring::after(number_), !taken);
}

bool RingMemory::first_is_taken() const {
  const uint32_t number = nth_staged(1);
  return staged(number).event.load() == (number | ring::kTaken);
}

uint32_t RingMemory::printed_ahead() const {
  uint32_t ahead = 0;
  for (uint32_t n = 1; n <= staged_; ++n) {
    const uint32_t number = nth_staged(n);
    if (staged(number).event.load() != (number | ring::kTaken)) break;
    // Before the reading began; the counts go round.
    const uint32_t since = reads_ - staged(number).taken_at.load(std::memory_order_relaxed);
    if (since < 2 || since > (1U << 31)) break;
    ahead = n;
  }
  return ahead;
}

bool RingMemory::answered() const {
  return answer().number.load(std::memory_order_acquire) == number_;
}

bool RingMemory::ask_for_wake() {
  header().engine_sleeps.store(1);
  return answer().number.load() != number_;
}

bool RingMemory::withdraw() { return header().engine_sleeps.exchange(0) != 0; }

bool RingMemory::take_answer(Answer& out) {
  const ring::Message& m = answer();
  const uint32_t type = m.type.load(std::memory_order_relaxed);
  const uint32_t meta_size = m.meta_size.load(std::memory_order_relaxed);
  const uint64_t body_size = m.body_size.load(std::memory_order_relaxed);
  out.type = static_cast<FrameType>(type);
  out.answered_at = (in_stage_ ? stage(number_).answered_at : header().answered_at)
                        .load(std::memory_order_relaxed);
  if (out.type != FrameType::kResult && out.type != FrameType::kError) return false;
  if (meta_size > kMaxFrameMeta) return false;
  out.too_large = body_size > ring::kLargestAnswer;
  const uint64_t copied = out.too_large ? 0 : body_size;
  const bool in_page = meta_size + copied <= ring::kSmall;
  const char* from = at_ + ring::place(false, meta_size + copied) +
                     (in_stage_ && in_page ? ring::stage_place(number_) : 0);
  out.meta.assign(from, meta_size);
  out.body.assign(from + meta_size, copied);
  in_hand_ = false;
  if (in_stage_) staged(number_).event.store(0);
  note(meta_size + copied, held_answer_);
  // One that the function has taken may be answered there already.
  if (over_ && staged_ == 0) {
    over_ = false;
    release_pages();
  }
  return true;
}

void RingMemory::note(uint64_t bytes, uint64_t& held) {
  if (bytes <= kKeep) return;
  large_lately_ = true;
  if (bytes <= held) return;
  const uint64_t more = bytes - std::exchange(held, bytes);
  if (held_by_all.fetch_add(more) + more > kMostHeld) over_ = true;
}

bool RingMemory::release_unused_pages() {
  if (in_hand_ || staged_ > 0 || std::exchange(large_lately_, false)) return false;
  release_pages();
  return true;
}

void RingMemory::release_pages() {
  ::madvise(at_ + ring::kLargeEvent, 2 * ring::kLarge, MADV_REMOVE);
  held_by_all -= std::exchange(held_event_, 0) + std::exchange(held_answer_, 0);
  faulted_in_ = 0;
}

}  // namespace kiln::sandbox
