// How long an execution environment may take for what: Lambda's limits by the function's
// configuration. Pure.
#pragma once

#include <algorithm>

#include "model/environment_state.h"
#include "model/function.h"

namespace kiln::model {

inline constexpr Duration kInitLimit = std::chrono::seconds(10);

// Of an init that no invocation waits for: of a provisioned environment, or of a snapshot. It may
// take as long as the function's timeout, and 130 seconds at least.
inline Duration ahead_init_limit(const FunctionConfig& config) {
  return std::max<Duration>(std::chrono::seconds(130), std::chrono::seconds(config.timeout_s));
}

inline EnvironmentLimits limits_of(const FunctionConfig& config, EnvironmentCause cause,
                                   Duration idle_lifetime) {
  const bool provisioned = cause == EnvironmentCause::kProvisioning;
  EnvironmentLimits limits;
  limits.init = provisioned ? ahead_init_limit(config) : kInitLimit;
  limits.invocation = std::chrono::seconds(config.timeout_s);
  // Lambda keeps provisioned environments for as long as they are configured.
  limits.idle = provisioned ? Duration::max() : idle_lifetime;
  return limits;
}

}  // namespace kiln::model
