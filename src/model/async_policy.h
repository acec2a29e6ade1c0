// What becomes of an asynchronous invocation after each try: done, again later, or given up. Lambda
// retries a function's errors a few times, and throttles for hours. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "model/function.h"

namespace kiln::model {

struct AsyncSettings {
  int maximum_retry_attempts = 2;
  std::chrono::seconds maximum_event_age{21'600};
  std::string on_success, on_failure;  // destination ARNs
  std::string dead_letter_arn;
  bool zero_reserved = false;  // reserved concurrency 0: the event goes to its end unprocessed
};
// The settings of an invocation through `qualifier` ("" = $LATEST).
AsyncSettings async_settings(const Function& function, const std::string& qualifier);

enum class AsyncOutcome {
  kSuccess,
  kFunctionError,
  kThrottled,  // 429, or a fault of the system: does not use up a retry
  kNoSuchFunction,
};

// What is known of an event before the try that `outcome` tells of.
struct AsyncProgress {
  WallTime received{};
  int invocations = 0;  // tries that ran code, this one included where it did
  int throttles = 0;    // tries that did not, this one included
  // 0 to 1, drawn for each try: how much earlier a throttled event comes back, so that those that
  // were throttled together don't meet again.
  double luck = 0;
};

enum class AsyncNext { kFinished, kRetry, kGiveUp };

struct AsyncDecision {
  AsyncNext next = AsyncNext::kFinished;
  WallTime retry_at{};
  // Success | RetriesExhausted | EventAgeExceeded | ZeroReservedConcurrency
  std::string_view condition;
};
AsyncDecision next_async_step(const AsyncSettings& settings, const AsyncProgress& progress,
                              AsyncOutcome outcome, WallTime now);

}  // namespace kiln::model
