// SIGTERM for a loop that sleeps in read(2).
//
// The handler can't run hooks itself, and a flag alone would be missed by a read that is just about
// to sleep. So the handler sets the flag and shuts down the receiving side of the descriptor that
// the loop waits on: the read then returns at once, whether it has begun or not. That costs the hot
// path nothing, where a self-pipe would cost one poll(2) per event.
//
// Process-wide, as signals are. Threading: the threads of the loop, each under its own number; the
// signal may arrive on any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

namespace kiln::sdk {

class Termination {
 public:
  // Takes SIGTERM, unless the program has already given it a handler of its own.
  static void install();
  static bool requested();
  // As if the signal had come, except that invocations under way go on.
  static void request();

  // How many threads wait for events, and which of them the calling one is: 0, 1, … Before any
  // Wait; one, number 0, unless said otherwise.
  static constexpr int kMaxThreads = 1024;
  static void set_threads(int count);
  static void set_thread_number(int number);

  static void add_hook(std::function<void()> hook);
  // What the hooks need of the platform: prepare() does it, once, when init is over.
  static void before_first_event(void (*action)());
  static void prepare();
  // Runs the hooks, last added first, each once. An exception out of one is logged, and the others
  // run.
  static void run_hooks();

  // While a Wait lives, SIGTERM wakes a read of `fd` (it sees the end of the stream), or a futex
  // wait for `word` to change: the highest bit of it is set.
  class Wait {
   public:
    explicit Wait(int fd);
    explicit Wait(std::atomic<uint32_t>& word);
    ~Wait();
    Wait(const Wait&) = delete;
    Wait& operator=(const Wait&) = delete;
  };
};

}  // namespace kiln::sdk
