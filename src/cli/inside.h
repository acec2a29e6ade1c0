// A look into an execution environment from outside: its files, and programs beside its function.
// Linux only, and only on the machine where the engine runs. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace kiln::cli {

// `path` as the processes of the environment see it: links are followed inside it. Error: not
// there, or this user may not look into the process.
Result<UniqueFd> open_inside(pid_t pid, const std::string& path, int flags);

// Runs `command` in the environment of the process: with its files, its user, its environment
// variables, in /var/task. Returns the command's exit code. Error: it couldn't be started.
Result<int> run_inside(pid_t pid, const std::vector<std::string>& command);

}  // namespace kiln::cli
