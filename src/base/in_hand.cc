#include "base/in_hand.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>

namespace kiln {
namespace {

constexpr size_t kHandlerStack = size_t{64} * 1024;

struct Slot {
  std::atomic<bool> taken{false};
  std::atomic<size_t> depth{0};
  std::array<char, 16> thread{};
  std::array<std::array<char, InHand::kBytes + 1>, InHand::kMostNested> what{};
};

std::array<Slot, InHand::kMostThreads> slots;

Slot* free_slot() {
  for (Slot& slot : slots) {
    bool taken = false;
    if (!slot.taken.load(std::memory_order_relaxed) &&
        slot.taken.compare_exchange_strong(taken, true))
      return &slot;
  }
  return nullptr;
}

// A thread's slot, and the stack of its handlers; both go with the thread.
class Thread {
 public:
  Thread() : slot_(free_slot()) {
    if (slot_ != nullptr) {
      slot_->thread.fill('\0');
      pthread_getname_np(pthread_self(), slot_->thread.data(), slot_->thread.size());
    }
    stack_t before{};
    if (::sigaltstack(nullptr, &before) != 0 || (before.ss_flags & SS_DISABLE) == 0) return;
    void* memory = ::mmap(nullptr, kHandlerStack, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return;
    stack_ = memory;
    stack_t mine{};
    mine.ss_sp = memory;
    mine.ss_size = kHandlerStack;
    ::sigaltstack(&mine, nullptr);
  }
  ~Thread() {
    if (stack_ != nullptr) {
      stack_t none{};
      none.ss_flags = SS_DISABLE;
      ::sigaltstack(&none, nullptr);
      ::munmap(stack_, kHandlerStack);
    }
    if (slot_ != nullptr) {
      slot_->depth = 0;
      slot_->taken = false;
    }
  }
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;

  Slot* slot() const { return slot_; }

 private:
  Slot* slot_;
  void* stack_ = nullptr;
};

// By hand: the C++ library ends the process where it has no memory to note the destructor of a
// `thread_local`. The key's first values are in the thread's own descriptor.
alignas(Thread) thread_local std::array<std::byte, sizeof(Thread)> room;
thread_local Thread* mine = nullptr;

pthread_key_t thread_key() {
  static const pthread_key_t key = [] {
    pthread_key_t made = 0;
    ::pthread_key_create(&made, [](void* thread) {
      mine = nullptr;
      static_cast<Thread*>(thread)->~Thread();
    });
    return made;
  }();
  return key;
}

Slot* own_slot() {
  if (mine == nullptr) {
    mine = new (room.data()) Thread;
    ::pthread_setspecific(thread_key(), mine);
  }
  return mine->slot();
}

void put(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<size_t>(written));
  }
}

}  // namespace

InHand::InHand(std::string_view what) noexcept {
  Slot* slot = own_slot();
  if (slot == nullptr) return;
  const size_t depth = slot->depth.load(std::memory_order_relaxed);
  if (depth < kMostNested) {
    const size_t size = std::min(what.size(), kBytes);
    std::memcpy(slot->what[depth].data(), what.data(), size);
    slot->what[depth][size] = '\0';
  }
  slot->depth.store(depth + 1, std::memory_order_release);
}

InHand::~InHand() {
  if (Slot* slot = own_slot()) slot->depth.fetch_sub(1, std::memory_order_release);
}

std::string_view in_hand() noexcept {
  const Slot* slot = own_slot();
  if (slot == nullptr) return {};
  const size_t depth = std::min(slot->depth.load(std::memory_order_relaxed), InHand::kMostNested);
  return depth == 0 ? std::string_view() : slot->what[depth - 1].data();
}

void write_in_hand(int fd) noexcept {
  for (const Slot& slot : slots) {
    const size_t depth = std::min(slot.depth.load(std::memory_order_acquire), InHand::kMostNested);
    if (!slot.taken.load(std::memory_order_relaxed) || depth == 0) continue;
    put(fd, {slot.thread.data(), ::strnlen(slot.thread.data(), slot.thread.size())});
    for (size_t i = 0; i < depth; ++i) {
      put(fd, i == 0 ? ": " : " > ");
      put(fd, {slot.what[i].data(), ::strnlen(slot.what[i].data(), slot.what[i].size())});
    }
    put(fd, "\n");
  }
}

}  // namespace kiln
