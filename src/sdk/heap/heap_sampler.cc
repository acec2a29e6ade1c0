// The sampling heap profiler: operator new and delete with a counter.
//
// An object file of its own and not part of the library, where the linker would take it into every
// function. Of all forms of new and delete these four are enough: the C++ library's others call
// them.
//
// Of each thread the first 64 allocations are noted, all of them, so that the places of small
// programs are found. Then sampling is a Poisson process over allocated bytes: one sample in 4 KiB
// on average, and in a 128th of what the thread has allocated later, up to 512 KiB. With an average
// of i bytes an allocation of n bytes is noted with the probability p = 1 - exp(-n / i), and stands
// for 1/p allocations of its size. A delete looks its pointer up only when a filter says that it
// may have been noted.
#include <execinfo.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>

#include "sdk/core/heap_port.h"
#include "sdk/heap/symbols.h"

namespace kiln::sdk::heap {
namespace {

constexpr uint32_t kAllOf = 64;
constexpr double kFirstInterval = 4 * 1024;
constexpr double kLastInterval = 512 * 1024;
constexpr double kSamplesOfShort = 128;
constexpr size_t kDepth = 24;
constexpr unsigned kFilterBits = 16;

struct Stack {
  std::array<void*, kDepth> frames{};
  size_t depth = 0;
  double bytes = 0;
  double count = 0;
};

struct Sample {
  Stack* stack;
  double bytes;
  double count;
};

struct Samples {
  std::mutex mutex;
  std::unordered_map<uint64_t, Stack> stacks;  // by the hash of the frames
  std::unordered_map<void*, Sample> live;
};

std::atomic<bool> sampling{false};
std::atomic<uint32_t> runs{0};  // how often start() was called
std::atomic<size_t> live_count{0};
std::array<std::atomic<uint16_t>, size_t{1} << kFilterBits> filter{};  // live samples per hash

// Never destroyed: memory is freed until the very end of the process.
Samples& samples() {
  static Samples* instance = new Samples;
  return *instance;
}

struct ThreadState {
  double left;      // bytes until the next sample
  double interval;  // on average, of the sample that is next
  double drawn;     // bytes until the next sample, since the start
  uint32_t run;     // the start that this is of
  uint64_t random;  // 0: nothing drawn yet
  uint32_t noted;   // of the first allocations, since the start
  bool inside;      // the sampler's own allocations are not sampled
};
constinit thread_local ThreadState thread_state{0, kFirstInterval, 0, 0, 0, 0, false};

class Inside {
 public:
  Inside() { thread_state.inside = true; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  ~Inside() { thread_state.inside = false; }
};

size_t filter_index(const void* pointer) {
  return static_cast<size_t>((reinterpret_cast<uintptr_t>(pointer) >> 4) * 0x9E3779B97F4A7C15ULL >>
                             (64 - kFilterBits));
}

void draw_next(ThreadState& state) {
  if (const uint32_t run = runs.load(std::memory_order_relaxed); state.run != run) {
    state.run = run;
    state.drawn = 0;
    state.noted = 0;
  }
  if (state.random == 0) {
    state.random = reinterpret_cast<uintptr_t>(&state) * 0x9E3779B97F4A7C15ULL | 1;
  }
  state.random ^= state.random << 13;
  state.random ^= state.random >> 7;
  state.random ^= state.random << 17;
  const double uniform = (static_cast<double>(state.random >> 11) + 1) * 0x1p-53;  // (0, 1]
  state.interval = std::clamp(state.drawn / kSamplesOfShort, kFirstInterval, kLastInterval);
  state.left = -std::log(uniform) * state.interval;
  state.drawn += state.left;
}

uint64_t hash(const Stack& stack) {
  uint64_t value = 14695981039346656037ULL;
  for (size_t i = 0; i < stack.depth; ++i) {
    value = (value ^ reinterpret_cast<uintptr_t>(stack.frames[i])) * 1099511628211ULL;
    value ^= value >> 29;
  }
  return value;
}

// The frames from `caller` on: those before are this file's.
Stack current_stack(void* caller) {
  std::array<void*, kDepth + 8> frames{};
  const int depth = ::backtrace(frames.data(), static_cast<int>(frames.size()));
  const auto end = frames.begin() + std::max(depth, 0);
  auto begin = std::find(frames.begin(), end, caller);
  if (begin == end) begin = frames.begin();
  Stack stack;
  stack.depth = std::min(kDepth, static_cast<size_t>(end - begin));
  std::copy_n(begin, stack.depth, stack.frames.begin());
  return stack;
}

// Interval 0: noted for certain.
[[gnu::noinline, gnu::cold]] void sample(void* pointer, size_t size, double interval,
                                         void* caller) {
  const Inside inside;
  const double weight = interval > 0 ? 1 / -std::expm1(-static_cast<double>(size) / interval) : 1;
  const Stack stack = current_stack(caller);
  Samples& all = samples();
  const std::lock_guard lock(all.mutex);
  if (!sampling.load(std::memory_order_relaxed)) return;
  Stack& place = all.stacks.try_emplace(hash(stack), stack).first->second;
  const Sample taken{&place, static_cast<double>(size) * weight, weight};
  place.bytes += taken.bytes;
  place.count += taken.count;
  if (const auto [at, is_new] = all.live.try_emplace(pointer, taken); !is_new) {
    at->second.stack->bytes -= at->second.bytes;
    at->second.stack->count -= at->second.count;
    at->second = taken;
    return;
  }
  filter[filter_index(pointer)].fetch_add(1, std::memory_order_relaxed);
  live_count.fetch_add(1, std::memory_order_relaxed);
}

[[gnu::noinline]] void count(void* pointer, size_t size, void* caller) {
  ThreadState& state = thread_state;
  if (state.inside) return;
  if (state.random == 0 || state.run != runs.load(std::memory_order_relaxed)) draw_next(state);
  double interval = 0;
  if (state.noted < kAllOf) {
    ++state.noted;
  } else {
    state.left -= static_cast<double>(size);
    if (state.left > 0) return;
    interval = state.interval;
    draw_next(state);
  }
  try {
    sample(pointer, size, interval, caller);
  } catch (const std::bad_alloc&) {  // a sample less
  }
}

[[gnu::noinline]] void forget(void* pointer) {
  if (thread_state.inside) return;
  auto& counter = filter[filter_index(pointer)];
  if (counter.load(std::memory_order_relaxed) == 0) return;
  const Inside inside;
  Samples& all = samples();
  const std::lock_guard lock(all.mutex);
  const auto found = all.live.find(pointer);
  if (found == all.live.end()) return;
  found->second.stack->bytes -= found->second.bytes;
  found->second.stack->count -= found->second.count;
  all.live.erase(found);
  counter.fetch_sub(1, std::memory_order_relaxed);
  live_count.fetch_sub(1, std::memory_order_relaxed);
}

void start() {
  const Inside inside;
  // Loads the unwinder, which allocates; and a fork in the middle of a sample would leave the child
  // with a locked mutex.
  [[maybe_unused]] static const int kPrepared = [] {
    void* frame = nullptr;
    ::backtrace(&frame, 1);
    return ::pthread_atfork([] { samples().mutex.lock(); }, [] { samples().mutex.unlock(); },
                            [] { samples().mutex.unlock(); });
  }();
  Samples& all = samples();
  const std::lock_guard lock(all.mutex);
  // Most of its 128 KiB were never written.
  for (const auto& entry : all.live)
    filter[filter_index(entry.first)].store(0, std::memory_order_relaxed);
  all.live.clear();
  all.stacks.clear();
  live_count.store(0, std::memory_order_relaxed);
  runs.fetch_add(1, std::memory_order_relaxed);
  sampling.store(true, std::memory_order_relaxed);
}

void stop() {
  const Inside inside;
  const std::lock_guard lock(samples().mutex);
  sampling.store(false, std::memory_order_relaxed);
}

std::vector<HeapSite> top(size_t wanted) {
  const Inside inside;
  std::vector<Stack> stacks;
  {
    Samples& all = samples();
    const std::lock_guard lock(all.mutex);
    for (const auto& entry : all.stacks) {
      if (entry.second.count > 0.5) stacks.push_back(entry.second);
    }
  }
  std::vector<CallStack> calls;
  for (const Stack& stack : stacks) calls.push_back({stack.frames.data(), stack.depth});
  const std::vector<std::string> names = places_of(calls);
  std::map<std::string, HeapSite> places;
  for (size_t i = 0; i < stacks.size(); ++i) {
    HeapSite& site = places.try_emplace(names[i], HeapSite{names[i], 0, 0}).first->second;
    site.bytes += stacks[i].bytes;
    site.count += stacks[i].count;
  }
  std::vector<HeapSite> sites;
  for (auto& entry : places) sites.push_back(std::move(entry.second));
  std::sort(sites.begin(), sites.end(),
            [](const HeapSite& a, const HeapSite& b) { return a.bytes > b.bytes; });
  if (sites.size() > wanted)
    sites.erase(sites.begin() + static_cast<ptrdiff_t>(wanted), sites.end());
  return sites;
}

template <class Allocate>
void* allocate(Allocate try_once) {
  while (true) {
    if (void* pointer = try_once()) return pointer;
    const std::new_handler handler = std::get_new_handler();
    if (!handler) throw std::bad_alloc();
    handler();
  }
}

inline void note(void* pointer, size_t size, void* caller) {
  if (sampling.load(std::memory_order_relaxed)) [[unlikely]] {
    count(pointer, size, caller);
  }
}

inline void release(void* pointer) {
  if (live_count.load(std::memory_order_relaxed) != 0) [[unlikely]] {
    if (pointer) forget(pointer);  // before another thread may get the same one
  }
  std::free(pointer);
}

}  // namespace
}  // namespace kiln::sdk::heap

namespace kiln::sdk {

const HeapSampler& heap_sampler() {
  static constexpr HeapSampler kSampler{heap::start, heap::stop, heap::top};
  return kSampler;
}

}  // namespace kiln::sdk

void* operator new(size_t size) {
  using namespace kiln::sdk::heap;
  void* pointer = allocate([size] { return std::malloc(size ? size : 1); });
  note(pointer, size, __builtin_return_address(0));
  return pointer;
}

void* operator new(size_t size, std::align_val_t alignment) {
  using namespace kiln::sdk::heap;
  const auto align = std::max(static_cast<size_t>(alignment), sizeof(void*));
  void* pointer = allocate([size, align]() -> void* {
    void* result = nullptr;
    return ::posix_memalign(&result, align, size ? size : 1) == 0 ? result : nullptr;
  });
  note(pointer, size, __builtin_return_address(0));
  return pointer;
}

void operator delete(void* pointer) noexcept { kiln::sdk::heap::release(pointer); }
void operator delete(void* pointer, std::align_val_t) noexcept {
  kiln::sdk::heap::release(pointer);
}
// These too: GCC warns of a program that replaces only the others.
void operator delete(void* pointer, size_t) noexcept { kiln::sdk::heap::release(pointer); }
void operator delete(void* pointer, size_t, std::align_val_t) noexcept {
  kiln::sdk::heap::release(pointer);
}
