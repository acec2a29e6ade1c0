#include "sdk/core/termination.h"

#include <linux/futex.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <utility>
#include <vector>

#include "base/channel_ring.h"
#include "kiln/log.h"

namespace kiln::sdk {
namespace {

std::atomic<bool> g_requested{false};
std::atomic<bool> g_has_hooks{false};
std::atomic<int> g_threads{1};
// What each thread waits on, plus one; 0: it does not wait.
std::atomic<int> g_waiting[Termination::kMaxThreads];
// A word that the only thread waits for; its place in g_waiting is kWord then.
std::atomic<std::atomic<uint32_t>*> g_word{nullptr};
constexpr int kWord = INT_MAX;
thread_local int t_number = 0;
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

std::vector<std::function<void()>>& hooks() {
  static std::vector<std::function<void()>> list;
  return list;
}

std::atomic<void (*)()> g_before_first_event{nullptr};

enum class Busy { kNone, kSome };

// Also from the signal handler.
void set_stop_bit(std::atomic<uint32_t>& word) {
  word.fetch_or(ring::kStopBit);
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

// Wakes the threads that wait, and says whether others don't. For the signal handler.
Busy wake_all() {
  Busy busy = Busy::kNone;
  for (int i = 0; i < g_threads; ++i) {
    const int waiting = g_waiting[i];
    if (waiting == kWord) {
      set_stop_bit(*g_word.load());
    } else if (waiting > 0) {
      ::shutdown(waiting - 1, SHUT_RD);
    } else {
      busy = Busy::kSome;
    }
  }
  return busy;
}

void on_sigterm(int) {
  const int saved = errno;
  g_requested = true;
  if (wake_all() == Busy::kSome && !g_has_hooks) {
    ::_exit(0);  // in the middle of an invocation and nobody cares: what SIGTERM does by default
  }
  errno = saved;
}

}  // namespace

void Termination::install() {
  struct sigaction current {};
  if (::sigaction(SIGTERM, nullptr, &current) != 0 || current.sa_handler != SIG_DFL) return;
  struct sigaction action {};
  action.sa_handler = on_sigterm;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGTERM, &action, nullptr);
}

bool Termination::requested() { return g_requested; }

void Termination::request() {
  g_requested = true;
  wake_all();
}

void Termination::set_threads(int count) { g_threads = count; }
void Termination::set_thread_number(int number) { t_number = number; }

void Termination::add_hook(std::function<void()> hook) {
  hooks().push_back(std::move(hook));
  g_has_hooks = true;
}

void Termination::before_first_event(void (*action)()) { g_before_first_event = action; }
void Termination::prepare() {
  if (void (*action)() = g_before_first_event.exchange(nullptr)) action();
}

void Termination::run_hooks() {
  while (!hooks().empty()) {
    const auto hook = std::move(hooks().back());
    hooks().pop_back();
    try {
      hook();
    } catch (const std::exception& e) {
      log::error("shutdown hook failed", {{"errorMessage", e.what()}});
    } catch (...) {
      log::error("shutdown hook failed");
    }
  }
}

// Sequentially consistent on purpose: either the handler sees the descriptor, or the constructor
// sees the flag.
Termination::Wait::Wait(int fd) {
  g_waiting[t_number] = fd + 1;
  if (g_requested) ::shutdown(fd, SHUT_RD);
}
Termination::Wait::Wait(std::atomic<uint32_t>& word) {
  g_word = &word;
  g_waiting[t_number] = kWord;
  if (g_requested) set_stop_bit(word);
}
Termination::Wait::~Wait() { g_waiting[t_number] = 0; }

}  // namespace kiln::sdk
