// What requests of Application Auto Scaling ask for. Errors are ValidationException, or
// SerializationException for members of wrong types. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "scaling/scaling_input.h"
#include "services/autoscaling/constraints.h"
#include "services/driver/input_checks.h"

namespace kiln::services {

// What the checks found, as this API calls it.
Result<void> scaling_checked(const InputChecks& checks);

// ServiceNamespace, ResourceId and ScalableDimension, all required.
Result<scaling::ResourceId> read_scaling_resource(const nlohmann::json& input);
// The same with a PolicyName or a ScheduledActionName; all that is wrong, and what `checks` have
// found already, together.
struct NamedScaling {
  scaling::ResourceId resource;
  std::string name;
};
Result<NamedScaling> read_policy_key(InputChecks& checks, Naming naming);
Result<NamedScaling> read_action_key(InputChecks& checks, Naming naming);

Result<scaling::TargetInput> read_target(const nlohmann::json& input);
// `type`: the PolicyType, given or of the policy that is there.
Result<scaling::PolicyInput> read_policy(const nlohmann::json& input, const std::string& region,
                                         NamedScaling key, const std::string& type);
Result<scaling::ActionInput> read_action(const nlohmann::json& input);
Result<scaling::Tags> read_scaling_tags(const nlohmann::json& input);

}  // namespace kiln::services
