// The last net: a small process that runs the engine in a child and starts it again when a signal
// ends it, or when it asks for that, on the same port and the same data. It does nothing else, so
// that nothing can end it but its user.
//
//   return supervise({data_dir, tell}, [&](Supervised& run) {
//     …listen on run.port() or the one asked for…
//     run.ready(port);
//     …
//     return 0;
//   });
//
// The signals that end it go to the engine, whose exit code is the program's. A first engine that
// ends before it was ready isn't started again, nor one that ends too often; the program then ends
// by the same signal. One that was started again and can't start, as on a full disk, is tried again
// and again.
// The engine dies with its supervisor. REQUIRES: the process has one thread.
#pragma once

#include <signal.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"

namespace kiln::cli {

struct SupervisorOptions {
  std::string data_dir;  // absolute and there; reports go into crashes/ below it
  // A sentence for the user about what happened.
  std::function<void(const std::string& line)> tell;
  int most_restarts = 5;  // within `window`
  Duration window = std::chrono::minutes(1);
};

// The signals that ask for an end: SIGINT, SIGTERM, and SIGHUP, which a terminal sends when it is
// closed, unless it is ignored (nohup).
void add_end_signals(sigset_t& signals);

// An engine that can't go on without a new process ends with this exit code, and is started again.
inline constexpr int kStartAgain = 111;

// The engine's side.
class Supervised {
 public:
  // For an engine without a supervisor.
  Supervised() = default;
  Supervised(int ready_fd, uint16_t port, std::string raw_report)
      : ready_fd_(ready_fd), port_(port), raw_report_(std::move(raw_report)) {}

  // The port of the engine that ended before; 0: this is the first.
  uint16_t port() const { return port_; }
  bool is_restart() const { return port_ != 0; }
  // From now on a crash of this process leaves a report.
  void watch() const;
  // It serves: from now on it is worth starting again.
  void ready(uint16_t port);

 private:
  int ready_fd_ = -1;
  uint16_t port_ = 0;
  std::string raw_report_;
};

// Returns in the engine's process what `engine` returns, in the supervisor's that exit code.
int supervise(const SupervisorOptions& options, const std::function<int(Supervised&)>& engine);

}  // namespace kiln::cli
