// The command line as a whole: parses it, runs one command, returns the exit code. main and the
// tests call it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/serve.h"

namespace kiln::cli {

// `arguments` without the program's name. `serve` runs the engine. Never throws, never exits.
int run_program(const std::vector<std::string>& arguments, Console& console,
                const std::function<int(const ServeOptions&)>& serve);

}  // namespace kiln::cli
