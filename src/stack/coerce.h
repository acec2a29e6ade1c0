// Property values as the APIs expect them. CloudFormation takes "512" for a number and 512 for a
// text; the APIs take neither.
//
// Pure functions; thread-safe.
#pragma once

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace kiln::stack {

// `properties` with each scalar as the type that its property has. Policies and the like, whose
// inside is nobody's business here, stay as they are. Error: kInvalid, "#/MemorySize: expected
// type: Integer, found: String (big)".
Result<nlohmann::json> coerced(const nlohmann::json& properties);

}  // namespace kiln::stack
