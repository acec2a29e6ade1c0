// How long an execution environment may take for what: Lambda's limits by the function's
// configuration. Pure.
#pragma once

#include <algorithm>

#include "model/environment_state.h"
#include "model/function.h"

namespace kiln::model {

inline constexpr Duration kInitLimit = std::chrono::seconds(10);
// Provisioned environments may take as long as the function's timeout, and this at least.
inline constexpr Duration kProvisionedInitLimit = std::chrono::seconds(130);

inline EnvironmentLimits limits_of(const FunctionConfig& config, EnvironmentCause cause,
                                   Duration idle_lifetime) {
  const Duration timeout = std::chrono::seconds(config.timeout_s);
  const bool provisioned = cause == EnvironmentCause::kProvisioning;
  EnvironmentLimits limits;
  limits.init = provisioned ? std::max(kProvisionedInitLimit, timeout) : kInitLimit;
  limits.invocation = timeout;
  // Lambda keeps provisioned environments for as long as they are configured.
  limits.idle = provisioned ? Duration::max() : idle_lifetime;
  return limits;
}

}  // namespace kiln::model
