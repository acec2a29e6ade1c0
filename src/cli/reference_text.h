// The commands as documents. Pure.
#pragma once

#include <string>

#include "cli/command_shape.h"

namespace kiln::cli {

// docs/cli.md.
std::string reference_markdown(const CommandShape& program);
// kiln(1), or kiln-logs(1) for a command: roff for man.
std::string manual_page(const CommandShape& command, const std::string& version);

}  // namespace kiln::cli
