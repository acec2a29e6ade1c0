// What requests of Application Auto Scaling ask for. Errors are ValidationException, or
// SerializationException for members of wrong types. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "scaling/scaling_input.h"
#include "services/driver/input_checks.h"

namespace kiln::services {

inline constexpr size_t kMaxScalingText = 1600;  // of a name or an id

// What the checks found, as this API calls it.
Result<void> scaling_checked(const InputChecks& checks);

// ServiceNamespace, ResourceId and ScalableDimension, all required.
Result<scaling::ResourceId> read_scaling_resource(const nlohmann::json& input);
// A name that an operation needs: 1 to `most` characters that can be seen; `forbidden` ones aside.
Result<std::string> read_scaling_name(const nlohmann::json& input, const char* member, size_t most,
                                      std::string_view forbidden);
Result<std::string> read_policy_name(const nlohmann::json& input);
Result<std::string> read_action_name(const nlohmann::json& input);

Result<scaling::TargetInput> read_target(const nlohmann::json& input);
// `type`: the PolicyType, given or of the policy that is there.
Result<scaling::PolicyInput> read_policy(const nlohmann::json& input, const std::string& region,
                                         const std::string& type);
Result<scaling::ActionInput> read_action(const nlohmann::json& input);
Result<scaling::Tags> read_scaling_tags(const nlohmann::json& input);

}  // namespace kiln::services
