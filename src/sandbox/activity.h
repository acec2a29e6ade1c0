// What processes are doing, as /proc shows it. Linux-only. Costs two small reads for each thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/sandbox_port.h"

namespace kiln::sandbox {

// R, S, D, Z …: the state of the process or thread with this folder of /proc; 0: there is none.
char state_of(const std::string& folder);
Activity activity_of(const std::vector<pid_t>& processes);
// `root` and everything that it has started and that still runs.
std::vector<pid_t> process_tree(pid_t root);
// The first child of a process; 0: none.
pid_t first_child(pid_t pid);

}  // namespace kiln::sandbox
