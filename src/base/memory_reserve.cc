#include "base/memory_reserve.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "base/unique_fd.h"

namespace kiln {
namespace {

// What the C library takes at a time where its heap can't grow (1 MiB), and a little more.
constexpr size_t kPart = size_t{1280} * 1024;
constexpr size_t kParts = 4;
// So much more than after the last time is worth giving back.
constexpr size_t kMuch = size_t{8} * 1024 * 1024;

std::array<std::atomic<void*>, kParts> parts{};
std::atomic<bool> is_short{false};
std::atomic<uint64_t> refusals{0};

// In bytes; 0 where nothing says.
size_t resident_bytes() noexcept {
  const UniqueFd file(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC));
  char text[128] = "";
  if (!file || ::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  size_t all = 0, resident = 0;
  if (std::sscanf(text, "%zu %zu", &all, &resident) != 2) return 0;
  return resident * static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

bool spend_memory_reserve() noexcept {
  for (auto& part : parts) {
    void* const memory = part.exchange(nullptr);
    if (memory == nullptr) continue;
    ::munmap(memory, kPart);
    is_short.store(true, std::memory_order_relaxed);
    return true;
  }
  return false;
}

void hold_memory_reserve() noexcept {
  is_short.store(false, std::memory_order_relaxed);
  for (auto& part : parts) {
    if (part.load() != nullptr) continue;
    void* const memory =
        ::mmap(nullptr, kPart, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
      is_short.store(true, std::memory_order_relaxed);
      return;
    }
    void* none = nullptr;
    if (!part.compare_exchange_strong(none, memory)) ::munmap(memory, kPart);
  }
}

bool is_memory_reserve_short() noexcept { return is_short.load(std::memory_order_relaxed); }

uint64_t memory_refusals() noexcept { return refusals.load(std::memory_order_relaxed); }

void note_memory_refusal() noexcept { refusals.fetch_add(1, std::memory_order_relaxed); }

void limit_heaps(int loops) noexcept {
  struct rlimit space = {};
  const bool limited = ::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY;
  ::mallopt(M_ARENA_MAX, limited ? 1 : loops + 1);
}

void give_back_memory() noexcept {
  // Besides what the heaps know to be in use: code, stacks, and what was too scattered to go.
  static size_t besides = 0;
  const auto now_besides = [] {
    const struct mallinfo2 heaps = ::mallinfo2();
    const size_t resident = resident_bytes(), in_use = heaps.uordblks + heaps.hblkhd;
    return resident > in_use ? resident - in_use : 0;
  };
  if (now_besides() < besides + kMuch) return;
  ::malloc_trim(0);
  besides = now_besides();
}

}  // namespace kiln
