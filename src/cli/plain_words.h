// What AWS's APIs say of a value that a command sent, in words for whoever typed it.
//
//   "1 validation error detected: Value '64' at 'memorySize' failed to satisfy constraint: Member
//   must have value greater than or equal to 128"
//   → "memory size can't be '64'; it must be 128 at least"
//
// Pure. What is no such message comes back as it is.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace kiln::cli {

// An error of this kind is one of the command line, type "Usage": exit code 2. `newest`: the newest
// runtime of a language that is at home where the function will run; "" when that isn't known.
Error in_plain_words(Error error,
                     const std::function<std::string(const std::string& language)>& newest = {});

}  // namespace kiln::cli
