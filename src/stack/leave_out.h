// What is left out of a resource whose type stacks can hold, where the deployment was told to leave
// out what can't be held: properties that refer to what is not there, or that Kiln has no service
// for. And what is refused of it otherwise. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/vpc_policy.h"
#include "stack/resource_type.h"

namespace kiln::stack {

struct LeftOut {
  // Why the whole resource is: without this property it is nothing.
  std::optional<std::string> whole;
  std::vector<std::string> parts;  // "DeadLetterConfig (of Queue.Arn)"
};

// Takes what can't be held out of `properties`, which are evaluated. `account`: of this Kiln.
LeftOut leave_out(const ResourceType& type, const std::string& account, nlohmann::json& properties,
                  VpcPolicy vpc = VpcPolicy::kRefuse);

// What a resource has that is kept and does nothing; "" for nothing.
std::string recorded_note(const ResourceType& type, const nlohmann::json& properties);

// What a deployment would be refused, told before it begins.
Result<void> check_holdable(const ResourceType& type, const std::string& account,
                            const nlohmann::json& properties, VpcPolicy vpc = VpcPolicy::kRefuse);

}  // namespace kiln::stack
