// What the launcher runs: it builds the file system that sandboxes see, and creates the processes
// of one sandbox.
//
// A sandbox is two processes. The first is process 1 of its PID namespace: it mounts, starts the
// second, reaps orphans, and reports how the second ended; when it ends the kernel kills all that
// is left. The second becomes the function. It is not process 1 itself, because the kernel ignores
// for process 1 the signals by which programs abort.
//
// Linux-only and single-threaded. Everything here runs between fork and exec.
#pragma once

#include <string>
#include <vector>

#include "sandbox/launcher.h"

namespace kiln::sandbox {

// Moves this process into its own namespaces and makes the root file system of all sandboxes its
// root.
struct Ground {
  Isolation isolation = Isolation::kNone;
  std::string warning;
};
Ground prepare_ground(const LauncherOptions& options);

struct SandboxFds {
  int log, status, channel;
  std::vector<int> cgroup;
  bool cgroup_v2;
};

// Returns the errno of what failed, or 0 and the new sandbox's pidfd and pid.
struct Started {
  int error = 0;
  int pidfd = -1;
  pid_t pid = -1;
};
Started start_sandbox(const SpawnRequest& request, const SandboxFds& fds, Isolation isolation);

}  // namespace kiln::sandbox
