// ParameterFilters and Filters of the Parameter Store: what they may say, and what they let
// through. Pure.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/result.h"
#include "services/ssm/parameters.h"

namespace kiln::services {

// GetParametersByPath knows fewer keys than DescribeParameters.
enum class FilteredBy { kDescribe, kPath };

using SsmVersionsOf = std::function<std::vector<SsmParameter>(const SsmParameter& newest)>;

// Of `all`, those that pass; where a filter asks for labels, their versions with them. Errors:
// ValidationException for what AWS's model excludes, InvalidFilterKey, InvalidFilterOption,
// InvalidFilterValue.
Result<std::vector<SsmParameter>> ssm_filtered(const nlohmann::json& input, FilteredBy by,
                                               std::vector<SsmParameter> all,
                                               const SsmVersionsOf& versions_of);

}  // namespace kiln::services
