// The commands that plan by simulation: simulate and advise.
#pragma once

#include "cli/command.h"

namespace kiln::cli {

void add_simulate_command(CLI::App& app, Invocation& invocation);
void add_advise_command(CLI::App& app, Invocation& invocation);

}  // namespace kiln::cli
