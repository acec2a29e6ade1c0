// One run of a scenario, from one seed: Lambda's rules driven by a list of times instead of
// processes and clocks. It decides nothing itself: admission, reuse, the life of environments,
// allocations, retries, metrics, alarms and scaling are those of model, telemetry and scaling,
// which the engine drives too.
//
//   RunResult result = simulate(scenario, 42);
//
// The same seed gives the same requests with the same durations whatever the configuration, so that
// configurations can be compared request by request. Single-threaded; runs at the same time share
// nothing. Cost: some 0.2 µs a request, more where metrics are watched; memory for the environments
// that there are at the same time and for the slices.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "simulate/result.h"
#include "simulate/scenario.h"

namespace kiln::simulate {

struct RunOptions {
  uint64_t seed = 1;
  // At most so many slices of each function: they grow to whole multiples of a minute.
  size_t slices = 2000;
};

// REQUIRES: check() said yes. Error (kInvalid, Scenario): scaling refuses one of its policies.
Result<RunResult> simulate(const Scenario& scenario, const RunOptions& options);

}  // namespace kiln::simulate
