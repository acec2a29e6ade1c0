// What the members of CloudFormation's requests may be, by its service model: AWS looks at them
// before it looks for the stack. All that is wrong is one answer:
//
//   1 validation error detected: Value '[X]' at 'stackStatusFilter' failed to satisfy constraint:
//   Member must satisfy constraint: [Member must satisfy enum value set: […]]
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "base/result.h"

namespace kiln::services {

// Errors: ValidationError. The sizes of templates, and what members mean together, are the
// operations' own affair. Pure. Cost: a pass over a table of some thirty entries.
Result<void> check_cloudformation_input(std::string_view operation, const nlohmann::json& input);

}  // namespace kiln::services
