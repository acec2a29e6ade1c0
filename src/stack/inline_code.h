// The package of a function whose code stands in the template (Code.ZipFile).
#pragma once

#include <string>

#include "base/result.h"

namespace kiln::stack {

inline constexpr size_t kMaxInlineBytes = 4'194'304;

// A zip with the one file that the runtime and CloudFormation expect: index.py or index.js. The
// same code makes the same bytes. Error: another runtime, or more than kMaxInlineBytes.
Result<std::string> inline_package(const std::string& runtime, const std::string& code);

}  // namespace kiln::stack
