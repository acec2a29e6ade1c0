#include "sdk/core/profile.h"

#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "sdk/core/stack.h"

namespace kiln::sdk {
namespace {

constexpr size_t kMostSamples = 8192;  // between two invocations' ends
constexpr suseconds_t kIntervalUs = 1000;

const char* file = nullptr;
Stack* samples = nullptr;
std::atomic<size_t> taken{0};
std::atomic<bool> paused{false};

uintptr_t interrupted_at(const void* context) {
  const auto* c = static_cast<const ucontext_t*>(context);
#if defined(__x86_64__)
  return static_cast<uintptr_t>(c->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  return static_cast<uintptr_t>(c->uc_mcontext.pc);
#else
  return 0;
#endif
}

void on_tick(int, siginfo_t*, void* context) {
  if (paused.load(std::memory_order_relaxed)) return;
  const size_t index = taken.fetch_add(1, std::memory_order_relaxed);
  if (index >= kMostSamples) return;
  Stack& stack = samples[index];
  capture_stack(stack, 0);
  // The handler's own frames come first.
  const auto end = stack.frames.begin() + static_cast<ptrdiff_t>(stack.depth);
  const auto program = std::find(stack.frames.begin(), end, interrupted_at(context));
  if (program == end) return;
  std::copy(program, end, stack.frames.begin());
  stack.depth = static_cast<size_t>(end - program);
}

struct Profile {
  std::mutex mutex;
  // Innermost first where calls are inlined; none for what isn't the function's.
  std::map<uintptr_t, std::vector<std::string>> names;
  std::map<std::string, uint64_t> stacks;
};

Profile& profile() {
  static Profile* instance = new Profile;
  return *instance;
}

// A frame's text may end the frames of a folded stack.
std::string plain(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), ';', ':');
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

// Asks for the names of addresses that are new, as many at a time as a stack has.
void look_up(Profile& all, size_t count) {
  Stack unknown;
  unknown.depth = 0;
  struct Question {
    Profile& all;
    const Stack& stack;
  } question{all, unknown};
  const auto ask = [&] {
    describe_stack(
        unknown,
        [](void* state, const FrameText& text) {
          auto* asked = static_cast<Question*>(state);
          const std::string_view name = text.function.empty() ? text.address : text.function;
          std::vector<std::string>& names = asked->all.names[asked->stack.frames[text.frame]];
          if (!is_scaffold(text.function, text.place)) names.push_back(plain(name));
        },
        &question);
    unknown.depth = 0;
  };
  for (size_t i = 0; i < count; ++i) {
    for (size_t f = 0; f < samples[i].depth; ++f) {
      const uintptr_t address = samples[i].frames[f];
      const auto end = unknown.frames.begin() + static_cast<ptrdiff_t>(unknown.depth);
      if (all.names.contains(address) || std::find(unknown.frames.begin(), end, address) != end)
        continue;
      unknown.frames[unknown.depth++] = address;
      if (unknown.depth == kMaxFrames) ask();
    }
  }
  if (unknown.depth > 0) ask();
}

void fold(Profile& all, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    std::string line;
    for (size_t f = samples[i].depth; f-- > 0;) {
      const std::vector<std::string>& names = all.names[samples[i].frames[f]];
      for (auto name = names.rbegin(); name != names.rend(); ++name) {
        if (!line.empty()) line += ';';
        line += *name;
      }
    }
    if (!line.empty()) ++all.stacks[line];
  }
}

void write_file(const Profile& all) {
  const std::string fresh = std::string(file) + ".new";
  std::FILE* out = std::fopen(fresh.c_str(), "we");
  if (!out) return;
  for (const auto& [stack, count] : all.stacks)
    std::fprintf(out, "%s %llu\n", stack.c_str(), static_cast<unsigned long long>(count));
  if (std::fclose(out) == 0) std::rename(fresh.c_str(), file);
}

}  // namespace

void start_profile() {
  const char* wanted = std::getenv("KILN_PROFILE");
  if (!wanted || *wanted == '\0' || file) return;
  void* memory = ::mmap(nullptr, kMostSamples * sizeof(Stack), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return;
  samples = static_cast<Stack*>(memory);
  file = wanted;
  struct sigaction action {};
  action.sa_sigaction = on_tick;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigaction(SIGPROF, &action, nullptr);
  const itimerval every{{0, kIntervalUs}, {0, kIntervalUs}};
  ::setitimer(ITIMER_PROF, &every, nullptr);
}

void flush_profile() {
  if (!file) return;
  // What follows isn't the function's.
  paused = true;
  Profile& all = profile();
  {
    const std::lock_guard lock(all.mutex);
    const size_t count = std::min(taken.load(), kMostSamples);
    look_up(all, count);
    fold(all, count);
    taken = 0;
    write_file(all);
  }
  paused = false;
}

}  // namespace kiln::sdk
