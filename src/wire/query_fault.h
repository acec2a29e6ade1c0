// What is wrong with a form of the query protocol before anybody reads it.
#pragma once

#include <optional>
#include <string_view>

#include "base/result.h"

namespace kiln::wire {

// MalformedQueryString, where a name or value is no UTF-8. Linear; without bytes past ASCII, a look
// at each '%'.
std::optional<Error> query_fault(std::string_view form);

}  // namespace kiln::wire
