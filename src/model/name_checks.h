// The constraints of the two parameters that name a function. Texts are AWS's. Pure functions;
// thread-safe.
#pragma once

#include <string_view>

#include "model/violations.h"

namespace kiln::model {

// What a function's name may be; AWS's service model has a shape for each.
enum class NameShape {
  kNamespaced,   // NamespacedFunctionName: 256 characters, dots too, and a qualifier
  kPlain,        // FunctionName: 140 characters, and a qualifier
  kUnqualified,  // UnqualifiedFunctionName: 140 characters
};

void check_function_name(std::string_view value, NameShape shape, Violations& violations);
// Of ?Qualifier=, where it is given.
void check_qualifier(std::string_view value, Violations& violations);

}  // namespace kiln::model
