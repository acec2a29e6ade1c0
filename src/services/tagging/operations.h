// The tagging API's operations that read: what is tagged in this Kiln, and with what.
//
// Errors have the API's types. Calls block, as the inventory does.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "stack/aws_api.h"

namespace kiln::services {

Result<nlohmann::json> resource_tagging(const std::string& operation, const nlohmann::json& input,
                                        const stack::AwsApi& api);

}  // namespace kiln::services
