// What an environment variable of a function may be called.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/ascii.h"

namespace kiln::model {

// [a-zA-Z]([a-zA-Z0-9_])+
inline bool is_variable_name(std::string_view name) {
  return name.size() >= 2 && ascii::is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return ascii::is_alnum(c) || c == '_'; });
}

}  // namespace kiln::model
