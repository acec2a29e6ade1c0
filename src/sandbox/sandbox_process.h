// What the launcher runs: it builds the file system that sandboxes see, and creates the processes
// of one sandbox. That starts as a blank: all that doesn't depend on the function is done ahead, so
// that a cold start is the mounts of its folders, exec and init.
//
// A sandbox is two processes. The first is process 1 of its PID namespace: it mounts, starts the
// second, reaps orphans, and reports how the second ended; when it ends the kernel kills all that
// is left. The second becomes the function. It is not process 1 itself, because the kernel ignores
// for process 1 the signals by which programs abort. In a blank both wait: the first for its order,
// the second for the program that it becomes, in its groups and with its user; or it is an
// interpreter that was started ahead.
//
// Linux-only and single-threaded. Everything here runs between fork and exec.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/launcher.h"
#include "sandbox/sandbox_etc.h"

namespace kiln::sandbox {

// Moves this process into its own namespaces and makes the root file system of all sandboxes its
// root.
struct Ground {
  Isolation isolation = Isolation::kNone;
  std::string warning;
  HostView host;
  std::string users_folder;  // where each sandbox's passwd is written; empty: all have one user
  uintptr_t heap_begin = 0;  // of this process and its copies; 0: not known
};
Ground prepare_ground(const LauncherOptions& options);

// Bind mounts `from` read-only at `to`, which exists. False: errno says why.
bool bind_read_only(const std::string& from, const std::string& to, unsigned long recursive);

// Returns the errno of what failed, or 0 and the new sandbox's pidfd and pid.
struct Made {
  int error = 0;
  int pidfd = -1;
  pid_t pid = -1;
};
Made make_blank(const BlankRequest& request, const BlankFds& fds, const Ground& ground);

}  // namespace kiln::sandbox
