// Ctrl-C for commands that have something to tidy up: the first one is only noted, the second ends
// the program at once, unless it comes with the first, from whatever passes signals on.
//
//   const Interrupts interrupts(console, "tidying up; Ctrl-C again ends at once");
//   while (!interrupts.came()) …
//
// SIGTERM counts as Ctrl-C, and so does the end of the terminal (SIGHUP), which isn't a second one.
// One that whoever started the program ignores isn't heard: SIGHUP under nohup, SIGINT of a
// script's command in the background. A thread waits for the signals; make it before others, so
// that they block the signals too. came() and wait_for_input() are thread-safe.
#pragma once

#include <signal.h>

#include <atomic>
#include <string>
#include <thread>

#include "base/unique_fd.h"
#include "cli/console.h"

namespace kiln::cli {

class Interrupts {
 public:
  // `message` is printed on stderr, on a line of its own, when the first signal comes; "": none is.
  Interrupts(Console& console, std::string message);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  bool came() const { return came_; }
  // Until `input` has something to read, or has ended. False: a signal came first.
  bool wait_for_input(int input) const;

 private:
  void wait();

  Console& console_;
  std::string message_;
  sigset_t before_{};
  UniqueFd signals_, end_, noted_;
  std::atomic<bool> came_ = false;
  std::thread thread_;
};

}  // namespace kiln::cli
