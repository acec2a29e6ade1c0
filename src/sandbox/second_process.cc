#include "sandbox/second_process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "sandbox/launcher_message.h"

namespace kiln::sandbox {
namespace {

// Processes and threads of a template and its environments.
constexpr rlim_t kMostBelowTemplate = 16 * 1024;

// By system call: this may run in a vfork child, where the C library's locks belong to the parent.
void limit_both(int resource, rlim_t value) {
  const struct rlimit r = {value, value};
  ::syscall(SYS_prlimit64, 0, resource, &r, nullptr);
}

// The descriptor gets that number, and stays open at an exec.
bool place_at(int fd, int number) {
  return fd == number ? ::fcntl(fd, F_SETFD, 0) == 0 : ::dup2(fd, number) == number;
}

}  // namespace

void report(const BlankFds& fds, ExitStatus::Kind kind, int value) {
  send_status(fds, {kind, value}, {});
}

void give_up(const BlankFds& fds, std::string_view step) {
  send_status(fds, {ExitStatus::Kind::kSetupFailed, errno}, step);
  ::_exit(1);
}

const char* settle_second(const Second& second) {
  for (const int group : second.fds.cgroup) {
    const int fd =
        second.fds.cgroup_v2 ? ::openat(group, "cgroup.procs", O_WRONLY | O_CLOEXEC) : group;
    if (fd < 0 || ::write(fd, "0", 1) != 1) return "joining its cgroup (cgroup.procs)";
    if (fd != group) ::close(fd);
  }
  // One that wakes waits for its turn: it doesn't take the processor from the loop that woke it and
  // has others to wake, nor from the first process.
  const struct sched_param turn = {};
  ::sched_setscheduler(0, SCHED_BATCH, &turn);
  // By system call: a sanitizer's signal() notes it in the memory of both.
  const struct { uint64_t handler, flags, restorer, mask; } by_default = {};
  for (const int s : {SIGTERM, SIGPIPE, kEndSignal})
    ::syscall(SYS_rt_sigaction, s, &by_default, nullptr, sizeof by_default.mask);
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (second.isolation == Isolation::kFull) {
    const uint32_t id = kFirstUid + second.slot;
    if (::syscall(SYS_setgroups, 0, nullptr) != 0) return "leaving all groups (setgroups)";
    if (::syscall(SYS_setresgid, id, id, id) != 0) return "taking its gid (setresgid)";
    if (::syscall(SYS_setresuid, id, id, id) != 0) return "taking its uid (setresuid)";
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return "setting no_new_privs (prctl)";
  // setresuid cleared it: the parent's death signal is lost on a change of credentials.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // It may have ended before that.
  if (::syscall(SYS_getppid) != second.first) {
    errno = ESRCH;
    return "finding its first process (getppid)";
  }
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, 0) < 0) return "opening /dev/null as its input";
  if (::dup2(second.fds.log, 1) < 0 || ::dup2(second.fds.log, 2) < 0)
    return "placing its log as its output (dup2)";
  return nullptr;
}

int become(const Second& second, const Program& program) {
  // A table of descriptors of its own. Containers may forbid unshare(2).
  if (::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC) != 0 &&
      ::unshare(CLONE_FILES) != 0)
    return errno;
  if (program.data_limit_bytes > 0)
    limit_both(RLIMIT_DATA, static_cast<rlim_t>(program.data_limit_bytes));
  // Counted per uid, so only where each sandbox has its own. The environments of a template count
  // with it, and limit themselves; its group limits the template, or else a higher number.
  if (second.isolation == Isolation::kFull) {
    if (program.role == StartOrder::Role::kFunction)
      limit_both(RLIMIT_NPROC, 742);
    else if (second.fds.cgroup.empty())
      limit_both(RLIMIT_NPROC, kMostBelowTemplate);
  }
  // In this order: where there are both, the order may stand at the channel's number, never the
  // channel at the order's.
  if (program.order >= 0 && !place_at(program.order, kOrderFd)) return errno;
  if (program.channel >= 0 && !place_at(program.channel, kChannelFd)) return errno;
  if (::chdir(program.directory) != 0) return errno;
  // The signals that the first process holds back are not held back from the function.
  const uint64_t none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, sizeof none);
  ::syscall(SYS_execve, program.argv[0], program.argv, program.env);
  return errno;
}

void give_up_becoming(const Second& second, const Program& program, int why) {
  const bool missing = why == ENOENT && ::access(program.argv[0], F_OK) != 0;
  report(second.fds, missing ? ExitStatus::Kind::kNoProgram : ExitStatus::Kind::kExecFailed, why);
  ::_exit(1);
}

void ExtensionProcesses::start(const Second& second, const StartOrder& order) {
  std::vector<char*> env;
  for (const auto& variable : order.extension_env)
    env.push_back(const_cast<char*>(variable.c_str()));
  env.push_back(nullptr);
  for (const auto& path : order.extensions) {
    if (count_ == all_.size()) return;
    const pid_t pid = ::fork();
    if (pid < 0) give_up(second.fds, "starting an extension (fork)");
    if (pid > 0) {
      all_[count_++] = pid;
      ++left_;
      continue;
    }
    if (const char* step = settle_second(second)) give_up(second.fds, step);
    char* argv[] = {const_cast<char*>(path.c_str()), nullptr};
    const int why =
        become(second, {argv, env.data(), "/", -1, -1, order.data_limit_bytes, order.role});
    send_status(second.fds, {ExitStatus::Kind::kExtensionFailed, why}, path);
    ::_exit(1);
  }
}

bool ExtensionProcesses::wait_for_registration(int orders) const {
  std::array<struct pollfd, StartOrder::kMostExtensions + 1> polls{};
  polls[0] = {orders, POLLIN, 0};
  for (size_t i = 0; i < count_; ++i)
    polls[i + 1] = {static_cast<int>(::syscall(SYS_pidfd_open, all_[i], 0)), POLLIN, 0};
  while (::poll(polls.data(), count_ + 1, -1) < 0 && errno == EINTR) {
  }
  for (size_t i = 1; i <= count_; ++i)
    if (polls[i].fd >= 0) ::close(polls[i].fd);
  if (polls[0].revents == 0) return false;
  // The engine says so by a byte: where it has gone, nobody registers.
  char word;
  if (::recv(orders, &word, 1, MSG_DONTWAIT) != 1) ::_exit(1);
  return true;
}

bool ExtensionProcesses::ended(pid_t pid) {
  for (size_t i = 0; i < count_; ++i) {
    if (all_[i] != pid) continue;
    all_[i] = 0;  // the number may be another's later
    --left_;
    return true;
  }
  return false;
}

}  // namespace kiln::sandbox
