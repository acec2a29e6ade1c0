// The path of a function's requests. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "stack/resource_type.h"

namespace kiln::stack {

// `member`: the property that names the function.
inline std::string function_path(const nlohmann::json& properties,
                                 const char* member = "FunctionName") {
  return "/functions/" + url_encoded(text_of(properties, member));
}

}  // namespace kiln::stack
