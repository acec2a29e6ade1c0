// Function documents as they stand in the database: JSON text with every field of model/function.h.
// Fields that are absent keep their defaults, unknown ones are ignored, so files of older and newer
// minor versions can be read. Pure functions; thread-safe.
#pragma once

#include <string>

#include "base/result.h"
#include "model/function.h"

namespace kiln::store {

std::string config_to_text(const model::FunctionConfig& config);
std::string alias_to_text(const model::Alias& alias);
// All of a function but its published versions, aliases, next_version and reserved_concurrency.
std::string function_to_text(const model::Function& function);

// Error: not such a document.
Result<model::FunctionConfig> config_from_text(const std::string& text);
Result<model::Alias> alias_from_text(const std::string& text);
Result<model::Function> function_from_text(const std::string& text);

}  // namespace kiln::store
