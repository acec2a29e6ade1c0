// What AWS's model of Application Auto Scaling says of the members of requests. Pure.
#pragma once

#include <string>

#include "services/driver/input_checks.h"

namespace kiln::services {

inline constexpr size_t kMaxScalingText = 1600;  // of a name or an id

// ServiceNamespace and ScalableDimension: values that AWS has, of any service.
std::string check_service_namespace(InputChecks& checks);
std::string check_scalable_dimension(InputChecks& checks, InputChecks::Need need);

// A name that something is given, and, `kThere`, one that it may have.
enum class Naming { kNew, kThere };
std::string check_policy_name(InputChecks& checks, Naming naming);
std::string check_action_name(InputChecks& checks, Naming naming);

// PolicyType, and what the configurations of a policy can't do without.
std::string check_policy_members(InputChecks& checks);
std::string check_scalable_target_arn(InputChecks& checks);

}  // namespace kiln::services
