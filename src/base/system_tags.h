// Tags that begin with "aws:", which only AWS's own services set: of a function that a stack has
// made, aws:cloudformation:stack-name, -id and logical-id. Kiln's stacks say by a header that a
// request is theirs, and its tags with it.
#pragma once

#include <string_view>

#include "base/ascii.h"

namespace kiln::system_tags {

inline constexpr const char* kHeader = "X-Kiln-Tags-Of";
inline constexpr const char* kStack = "stack";  // the header's value

inline constexpr std::string_view kStackPrefix = "aws:cloudformation:";

// Upper and lower case are one.
inline bool is_reserved(std::string_view key) {
  constexpr std::string_view kPrefix = "aws:";
  return ascii::same(key.substr(0, kPrefix.size()), kPrefix);
}

}  // namespace kiln::system_tags
