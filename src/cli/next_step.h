// What to do about the error that a function answered with. Pure.
#pragma once

#include <string>

namespace kiln::cli {

// "TypeError: it broke" from the error document, as far as it has these.
std::string describe_function_error(const std::string& payload);

// `payload`: the error's document; `log`: the end of the invocation's log, "" where that isn't
// known; `name`: of the function. For what a beginner meets: a package or a handler that is
// missing, ES modules in a .js file, the limits of time and memory. Else where the log is.
std::string next_step(const std::string& payload, const std::string& log, const std::string& name);

}  // namespace kiln::cli
