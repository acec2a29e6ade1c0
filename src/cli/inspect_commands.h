// The commands that look at execution environments: debuggers, profiles, files, and the loop of
// editing and running. As in command.h, one file per command defines one of these.
#pragma once

#include "cli/command.h"

namespace kiln::cli {

void add_dev_command(CLI::App& app, Invocation& invocation);
void add_ps_command(CLI::App& app, Invocation& invocation);
void add_files_command(CLI::App& app, Invocation& invocation);
void add_exec_command(CLI::App& app, Invocation& invocation);
void add_debug_command(CLI::App& app, Invocation& invocation);
void add_profile_command(CLI::App& app, Invocation& invocation);

}  // namespace kiln::cli
