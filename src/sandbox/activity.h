// What processes are doing, as the kernel tells it. Linux-only.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"

namespace kiln::sandbox {

// R, S, D, Z …: the state of the process or thread with this folder of /proc; 0: there is none.
char state_of(const std::string& folder);
// Whether a thread of the process runs, or wants to. Reads a file for each thread, the oldest
// first, and no more than `looks`, which it lowers by as many.
bool is_at_work(pid_t pid, int& looks);
// What a process holds now, and the most that it has held: what is known of its memory without a
// cgroup.
uint64_t rss_bytes(pid_t pid);
uint64_t peak_rss_bytes(pid_t pid);
// CPU time that all its threads have used until now; 0: there is no such process. Two system calls.
uint64_t cpu_ns_of(pid_t pid);
// What all processors together have been idle since the machine started. Reads a file.
Duration processors_idle();
// `root` and everything that it has started and that still runs.
std::vector<pid_t> process_tree(pid_t root);
// The first child of a process; 0: none.
pid_t first_child(pid_t pid);

}  // namespace kiln::sandbox
