// What a simulation saw. Values.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cost/usage.h"
#include "model/admission.h"
#include "scaling/activity.h"
#include "simulate/latency_histogram.h"
#include "telemetry/alarm.h"

namespace kiln::simulate {

inline constexpr size_t kThrottleReasons = 5;  // of model::Throttle

// A piece of time of one function. Its counts are of what began in it.
struct Slice {
  uint32_t requests = 0;  // synchronous calls, and tries of events
  uint32_t cold_starts = 0;
  uint32_t throttles = 0;
  uint32_t errors = 0;
  int32_t most_in_use = 0;  // at the same time
  int32_t most_provisioned_in_use = 0;
  int32_t environments = 0;            // at its end, on demand and provisioned
  int32_t provisioned_configured = 0;  // at its end
  int32_t provisioned_ready = 0;
  int32_t reserved = -1;  // at its end; -1: none
};

struct FunctionTotals {
  uint64_t requests = 0;  // synchronous calls and events
  uint64_t invocations = 0;
  uint64_t cold_starts = 0;  // environments that were started for an invocation
  std::array<uint64_t, kThrottleReasons> throttles{};
  uint64_t errors = 0;  // function errors, time-outs and crashes among them
  uint64_t timeouts = 0;
  uint64_t on_provisioned = 0;
  double provisioned_busy_s = 0;  // environments of provisioned concurrency that were in use
  uint64_t spillovers = 0;

  uint64_t events = 0;       // accepted
  uint64_t event_tries = 0;  // throttled ones too
  uint64_t events_succeeded = 0;
  uint64_t events_dropped = 0;
  double event_age_ms = 0;  // of all tries

  LatencyHistogram latency;  // of what was answered: Init and duration
  double duration_ms = 0;    // of all invocations, without Init
  double init_ms = 0;        // of cold starts
  // Environment-seconds: those that there were, those that had an invocation or were starting, and
  // those of provisioned concurrency that was configured.
  double environment_s = 0, busy_s = 0, provisioned_s = 0;

  uint64_t throttled() const {
    uint64_t sum = 0;
    for (const uint64_t count : throttles) sum += count;
    return sum;
  }
};

struct FunctionResult {
  std::string name;
  FunctionTotals totals;
  cost::Usage usage;  // of the time that counts
  std::vector<Slice> slices;
};

struct AlarmChange {
  WallTime at;
  std::string alarm;
  telemetry::AlarmState from, to;
  std::string reason;
};

struct RunResult {
  std::vector<FunctionResult> functions;  // as in the scenario
  std::vector<AlarmChange> alarm_changes;
  std::vector<scaling::Activity> activities;
  double alarm_metrics = 0;  // that alarms watch: what they are billed by
  int64_t slice_s = 60;      // of metric time
  // The time that counts, without the warm-up: of metrics, and of invocations, which go slower
  // where the platform's speed is more than 1.
  double counted_s = 0, run_s = 0;
  uint64_t steps = 0;  // requests and other events that were worked off
};

}  // namespace kiln::simulate
