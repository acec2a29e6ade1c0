// What the engine tells of its functions and execution environments, and how one is debugged.
// Values only.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace kiln::engine {

// kProfiler: none, but samples of where time goes are written to kProfileFile.
enum class Debugger { kGdbserver, kInspector, kDebugpy, kProfiler };

// Whether the function's code waits for a debugger. A native program always does.
enum class DebugWait { kNo, kYes };
// kNext: one environment. kEach: when it ends, the next one too.
enum class DebugRepeat { kNext, kEach };

struct DebugLaunch {
  Debugger debugger = Debugger::kGdbserver;
  uint16_t port = 0;
  DebugWait wait = DebugWait::kNo;
  DebugRepeat repeat = DebugRepeat::kNext;
};

// An environment at a moment, for `kiln ps`.
struct EnvironmentStatus {
  std::string id;  // the last part of its log stream
  std::string region, function, version, log_stream;
  std::string phase;  // init, busy, idle, or stopping
  bool provisioned = false;
  int memory_mb = 0;  // as configured
  uint64_t memory_bytes = 0;
  pid_t pid = -1;  // of the function's main process; -1: there is none
  double age_ms = 0;
  uint64_t invocations = 0;
  std::optional<DebugLaunch> debug;
};

// A function at a moment, for `kiln top` and /metrics. Counts are since the engine started.
struct FunctionStatus {
  std::string region;
  std::string name;
  int in_use = 0;
  std::optional<int> reserved;
  int provisioned_configured = 0;
  int provisioned_ready = 0;
  size_t environments = 0;
  size_t idle = 0;
  uint64_t invocations = 0;
  uint64_t errors = 0;
  uint64_t throttles = 0;
  uint64_t cold_starts = 0;
};

}  // namespace kiln::engine
