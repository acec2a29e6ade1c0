// Cloud Control's operations that read: GetResource and ListResources over what this Kiln has.
// What would make or change something is refused: stacks and the services' own APIs do that.
//
// Errors have Cloud Control's types. Calls block, as the inventory does.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "stack/aws_api.h"

namespace kiln::services {

Result<nlohmann::json> cloud_control(const std::string& operation, const nlohmann::json& input,
                                     const stack::AwsApi& api);

}  // namespace kiln::services
