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
  in_hand_ = true;
  char* to = at_ + ring::place(true, bytes);
  std::memcpy(to, meta.data(), meta.size());
  std::memcpy(to + meta.size(), payload.data(), payload.size());
  ring::Header& h = header();
  h.event.type.store(static_cast<uint32_t>(FrameType::kEvent), std::memory_order_relaxed);
  h.event.meta_size.store(static_cast<uint32_t>(meta.size()), std::memory_order_relaxed);
  h.event.body_size.store(payload.size(), std::memory_order_relaxed);
  number_ = (number_ + 1) & ~ring::kStopBit;
  h.event.number.store(number_);
  // After the number, in one order with the function's own: one of the two sees the other.
  if (h.function_sleeps.exchange(0) != 0)
    ::syscall(SYS_futex, &h.event.number, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  return true;
}

bool RingMemory::answered() const {
  return header().answer.number.load(std::memory_order_acquire) == number_;
}

bool RingMemory::ask_for_wake() {
  header().engine_sleeps.store(1);
  return header().answer.number.load() != number_;
}

bool RingMemory::withdraw() { return header().engine_sleeps.exchange(0) != 0; }

bool RingMemory::take_answer(Answer& out) {
  const ring::Message& m = header().answer;
  const uint32_t type = m.type.load(std::memory_order_relaxed);
  const uint32_t meta_size = m.meta_size.load(std::memory_order_relaxed);
  const uint64_t body_size = m.body_size.load(std::memory_order_relaxed);
  out.type = static_cast<FrameType>(type);
  if (out.type != FrameType::kResult && out.type != FrameType::kError) return false;
  if (meta_size > kMaxFrameMeta) return false;
  out.too_large = body_size > ring::kLargestAnswer;
  const uint64_t copied = out.too_large ? 0 : body_size;
  const char* from = at_ + ring::place(false, meta_size + copied);
  out.meta.assign(from, meta_size);
  out.body.assign(from + meta_size, copied);
  in_hand_ = false;
  note(meta_size + copied, held_answer_);
  if (std::exchange(over_, false)) release_pages();
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
  if (in_hand_ || std::exchange(large_lately_, false)) return false;
  release_pages();
  return true;
}

void RingMemory::release_pages() {
  ::madvise(at_ + ring::kLargeEvent, 2 * ring::kLarge, MADV_REMOVE);
  held_by_all -= std::exchange(held_event_, 0) + std::exchange(held_answer_, 0);
}

}  // namespace kiln::sandbox
