#include "sandbox/sandbox_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace kiln::sandbox {
namespace {

// The C library has no clone3 wrapper. Like fork: the child returns 0.
long clone3(uint64_t flags, int* pidfd) {
  struct clone_args args = {};
  args.flags = flags;
  args.exit_signal = SIGCHLD;
  args.pidfd = reinterpret_cast<uint64_t>(pidfd);
  return ::syscall(SYS_clone3, &args, sizeof args);
}

void report(int status_fd, ExitStatus::Kind kind, int value) {
  const ExitStatus status{kind, value};
  [[maybe_unused]] const ssize_t n = ::write(status_fd, &status, sizeof status);
}

[[noreturn]] void give_up(int status_fd, ExitStatus::Kind kind) {
  report(status_fd, kind, errno);
  ::_exit(1);
}

// Binds a folder of the host, read-only. False: errno says why.
bool bind_code(const std::string& folder, const char* at) {
  constexpr unsigned long kSafe = MS_RDONLY | MS_NOSUID | MS_NODEV;
  return ::mount(("/.host" + folder).c_str(), at, nullptr, MS_BIND, nullptr) == 0 &&
         ::mount(nullptr, at, nullptr, MS_BIND | MS_REMOUNT | kSafe, nullptr) == 0;
}

// In the sandbox's own mount namespace. False: errno says why.
bool mount_own(const SpawnRequest& request, Isolation isolation) {
  const std::string size = "mode=1777,size=" + std::to_string(request.tmp_bytes);
  constexpr unsigned long kSafe = MS_NOSUID | MS_NODEV;
  if (::mount("proc", "/proc", "proc", kSafe | MS_NOEXEC, nullptr) != 0 &&
      isolation == Isolation::kFull)
    return false;
  if (::mount("tmpfs", "/tmp", "tmpfs", kSafe, size.c_str()) != 0) return false;
  if (!bind_code(request.task_dir, "/var/task")) return false;
  if (!request.layers_dir.empty() && !bind_code(request.layers_dir, "/opt")) return false;
  return ::umount2("/.host", MNT_DETACH) == 0;
}

void limit(int resource, rlim_t value) {
  const struct rlimit r = {value, value};
  // By system call: this may run in a vfork child, where the C library's locks belong to the
  // parent.
  ::syscall(SYS_prlimit64, 0, resource, &r, nullptr);
}

// No capability survives the exec, also not for uid 0 of a user namespace.
void drop_capabilities() {
  for (int c = 0; c <= CAP_LAST_CAP; ++c) ::prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

// The second process, up to exec. Shares memory with the first until then (vfork): system calls
// only.
struct FunctionStart {
  const SpawnRequest& request;
  const SandboxFds& fds;
  Isolation isolation;
  char** argv;
  char** env;
  const char* directory;
};

// Returns only on failure, with the errno.
int become_function(const FunctionStart& start) {
  if (!start.fds.cgroup_v2)
    for (const int fd : start.fds.cgroup)
      if (::write(fd, "0", 1) != 1) return errno;
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  limit(RLIMIT_NOFILE, 1024);
  limit(RLIMIT_CORE, 0);
  if (start.request.data_limit_bytes > 0)
    limit(RLIMIT_DATA, static_cast<rlim_t>(start.request.data_limit_bytes));
  if (start.isolation == Isolation::kFull) {
    const uint32_t id = kFirstUid + start.request.slot;
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) return errno;
    if (::syscall(SYS_setresgid, id, id, id) != 0) return errno;
    drop_capabilities();
    if (::syscall(SYS_setresuid, id, id, id) != 0) return errno;
    limit(RLIMIT_NPROC, 1024);  // counted per uid, so only where each sandbox has its own
  } else {
    drop_capabilities();
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
  // setresuid cleared it: the parent's death signal is lost on a change of credentials.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, 0) < 0) return errno;
  if (::dup2(start.fds.log, 1) < 0 || ::dup2(start.fds.log, 2) < 0) return errno;
  unsigned first_closed = 3;
  if (start.fds.channel >= 0) {
    // Also clears close-on-exec when the number is already right.
    if (start.fds.channel == kChannelFd) {
      if (::fcntl(kChannelFd, F_SETFD, 0) != 0) return errno;
    } else if (::dup2(start.fds.channel, kChannelFd) < 0) {
      return errno;
    }
    first_closed = kChannelFd + 1;
  }
  ::syscall(SYS_close_range, first_closed, ~0U, CLOSE_RANGE_CLOEXEC);
  if (::chdir(start.directory) != 0) return errno;
  // The signals that the first process holds back are not held back from the function.
  const uint64_t none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  ::syscall(SYS_execve, start.argv[0], start.argv, start.env);
  return errno;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// SIGTERM to process 1 means the function.
volatile pid_t function_pid = -1;

void pass_on(int signal) {
  if (function_pid > 0) ::kill(function_pid, signal);
}

// The first process: never returns.
[[noreturn]] void be_first(const SpawnRequest& request, const SandboxFds& fds,
                           Isolation isolation) {
  // What the launcher ignores the function must not inherit as ignored.
  for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) ::signal(s, SIG_DFL);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::prctl(PR_SET_NAME, "kiln-sandbox", 0, 0, 0);
  if (isolation == Isolation::kNone) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  } else {
    if (!mount_own(request, isolation)) give_up(fds.status, ExitStatus::Kind::kSetupFailed);
    static constexpr char kHost[] = "kiln";
    [[maybe_unused]] const int named = ::sethostname(kHost, sizeof kHost - 1);
  }
  std::vector<char*> argv = pointers(request.argv);
  std::vector<char*> env = pointers(request.env);
  const std::string directory = isolation == Isolation::kNone ? request.task_dir : "/var/task";
  const FunctionStart start{request, fds, isolation, argv.data(), env.data(), directory.c_str()};
  // From here on SIGTERM waits until there is somebody to pass it on to.
  sigset_t terminate;
  sigemptyset(&terminate);
  sigaddset(&terminate, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &terminate, nullptr);
  ::signal(SIGTERM, pass_on);
  // A child that can't become the function says so itself; what it writes first counts.
  pid_t function;
  if (fds.cgroup_v2 && !fds.cgroup.empty()) {
    struct clone_args args = {};
    // Born in its group. A copy of this process and not a vfork: clone3 would need a second stack
    // for that.
    args.flags = CLONE_VFORK | CLONE_INTO_CGROUP;
    args.exit_signal = SIGCHLD;
    args.cgroup = static_cast<uint64_t>(fds.cgroup[0]);
    function = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  } else {
    function = ::vfork();
  }
  if (function == 0) {
    errno = become_function(start);
    give_up(fds.status, ExitStatus::Kind::kExecFailed);
  }
  if (function < 0) give_up(fds.status, ExitStatus::Kind::kSetupFailed);
  function_pid = function;
  ::sigprocmask(SIG_UNBLOCK, &terminate, nullptr);
  const int status_fd = ::fcntl(fds.status, F_DUPFD_CLOEXEC, 100);
  ::syscall(SYS_close_range, 0U, 99U, 0);
  ::syscall(SYS_close_range, 101U, ~0U, 0);
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    if (ended != function && ended > 0) continue;
    if (isolation == Isolation::kNone) ::kill(-function, SIGKILL);
    if (WIFSIGNALED(status))
      report(status_fd, ExitStatus::Kind::kSignaled, WTERMSIG(status));
    else
      report(status_fd, ExitStatus::Kind::kExited, WEXITSTATUS(status));
    ::_exit(0);
  }
}

}  // namespace

Started start_sandbox(const SpawnRequest& request, const SandboxFds& fds, Isolation isolation) {
  uint64_t flags = CLONE_PIDFD;
  if (isolation != Isolation::kNone)
    flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  Started started;
  const long pid = clone3(flags, &started.pidfd);
  if (pid == 0) be_first(request, fds, isolation);
  if (pid < 0)
    started.error = errno;
  else
    started.pid = static_cast<pid_t>(pid);
  return started;
}

}  // namespace kiln::sandbox
