// The lines that Lambda itself writes into a function's log, as text or, with JSON logging, as
// platform events. Pure. Durations in milliseconds, memory in MiB. Each line ends in '\n' and
// carries no time stamp of the store; the three that each invocation has are appended to `out`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/function.h"

namespace kiln::engine {

struct ReportFacts {
  std::string_view request_id;
  double duration_ms = 0;
  double init_ms = -1;  // below 0: warm, or restored
  int memory_mb = 128;
  int max_memory_mb = 0;
  std::string_view status;              // "", "timeout", "error"
  std::string_view error_type;          // with status "error"
  std::string_view trace_id;            // text has a line of it where it is sampled
  std::string_view handled_error_type;  // the function answered with an error: JSON only
  double restore_ms = -1;               // below 0: not restored for it
};

// Whether a trace header says so: REPORT has a second line then, of the same event.
bool is_traced(std::string_view trace_id);

class LogLines {
 public:
  LogLines(const model::LoggingConfig& config, std::string_view initialization_type)
      : config_(config), initialization_type_(initialization_type) {}

  bool json() const { return config_.format == model::LogFormat::kJson; }
  // Which events a level has is AWS's table: those of a success that tell little are DEBUG's.
  bool debug() const;
  // `arn`: of the runtime's version.
  std::string init_start(std::string_view runtime, std::string_view arn, std::string_view version,
                         WallTime now) const;
  // One that has registered. `events`: what it is told of.
  std::string extension(std::string_view name, const std::vector<std::string>& events,
                        WallTime now) const;
  // phase: "init" or "invoke"; status as in ReportFacts. JSON's has platform.initRuntimeDone before
  // it, and nothing of an on-demand success above DEBUG.
  std::string init_report(double init_ms, std::string_view phase, std::string_view status,
                          std::string_view error_type, WallTime now) const;
  // `instance`: of the environment; what JSON's has alone.
  std::string restore_start(std::string_view runtime, std::string_view arn,
                            const model::FunctionConfig& config, std::string_view instance,
                            WallTime now) const;
  // The end of a Restore phase; status as in ReportFacts. Text says something of failures only.
  std::string restore_end(double restore_ms, std::string_view status, std::string_view error_type,
                          WallTime now) const;
  void start(std::string& out, std::string_view request_id, std::string_view version,
             WallTime now) const;
  void end(std::string& out, std::string_view request_id) const;  // nothing with JSON
  void report(std::string& out, const ReportFacts& facts, WallTime now) const;

 private:
  bool wanted() const;  // system_level lets INFO events through

  const model::LoggingConfig& config_;
  std::string_view initialization_type_;  // JSON only; of static text
};

}  // namespace kiln::engine
