// Invokes a function's copy at each size and notes what its REPORT lines say.
//
// Threading: runs on the caller's thread and on as many others as invocations run at once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/api_client.h"
#include "cli/interrupts.h"
#include "cli/shadow_function.h"
#include "cli/tune_settings.h"

namespace kiln::cli {

struct SizeSamples {
  int64_t memory_mb = 0;
  std::vector<tune::Sample> samples = {};
};

// Called when a size begins, and now and then: the size and how many invocations it has had.
using TuneProgress = std::function<void(int64_t memory_mb, size_t invocations)>;

// Error: as the API answered, a command that failed, or type Interrupted.
Result<std::vector<SizeSamples>> measure_sizes(ApiClient& client, ShadowFunction& shadow,
                                               const TuneSettings& settings,
                                               const Interrupts& interrupts,
                                               const TuneProgress& progress);

// How an invocation with the tail of its log ended. Error: no such thing can be said of the answer.
Result<tune::Sample> sample_of(const ApiResponse& response);

// Ctrl-C came.
Error tune_interrupted();

}  // namespace kiln::cli
