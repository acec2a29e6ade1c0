// Completion scripts for shells. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command_shape.h"

namespace kiln::cli {

// `shell`: bash, zsh or fish. Error (kInvalid): another one.
Result<std::string> completion_script(const CommandShape& program, const std::string& shell);

}  // namespace kiln::cli
