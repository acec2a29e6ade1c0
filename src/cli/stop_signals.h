// Holds SIGINT and SIGTERM back while a command repeats something, so that it ends between two
// rounds, with an exit code of its own.
#pragma once

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "base/clock.h"

namespace kiln::cli {

// Whether standard output is a pipe whose reader is gone: nothing more can be wanted.
inline bool output_reader_gone() {
  pollfd output{STDOUT_FILENO, 0, 0};
  return ::poll(&output, 1, 0) == 1 && (output.revents & POLLERR) != 0;
}

class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGINT);
    sigaddset(&set_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~StopSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits; true when one of the signals came.
  bool stopped_within(Duration time) const {
    timespec limit{static_cast<time_t>(time.count() / 1'000'000'000),
                   static_cast<long>(time.count() % 1'000'000'000)};
    while (true) {
      if (sigtimedwait(&set_, nullptr, &limit) > 0) return true;
      if (errno != EINTR) return false;
    }
  }

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace kiln::cli
