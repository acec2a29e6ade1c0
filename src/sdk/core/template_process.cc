#include "sdk/core/template_process.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "base/template_fd.h"
#include "sdk/core/environment_files.h"

namespace kiln::sdk {
namespace {

void say(int socket, char letter, const void* data = nullptr, size_t size = 0) {
  struct iovec parts[2] = {{&letter, 1}, {const_cast<void*>(data), size}};
  struct msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = size > 0 ? 2 : 1;
  ssize_t n;
  do n = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
}

// 0: the engine is gone. `fds` may be nullptr.
ssize_t hear(int socket, char* data, size_t room, int* fds, size_t count) {
  alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))];
  struct iovec part = {data, room};
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n;
  do n = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return 0;
  for (struct cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    const size_t got = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < got && i < count; ++i)
      std::memcpy(&fds[i], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
  }
  return n;
}

// That the machine permits no environment, or (N) that it has no process, memory or descriptor now.
void say_fault(int orders, const char* step) {
  const char letter = errno == EAGAIN || errno == ENOMEM || errno == ENFILE ? 'N' : 'X';
  char text[128];
  std::snprintf(text, sizeof text, "%s: %s", step, std::strerror(errno));
  say(orders, letter, text, std::strlen(text));
}

[[noreturn]] void give_up(int orders, const char* step) {
  say_fault(orders, step);
  ::_exit(1);
}

bool write_file(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const ssize_t n = ::write(fd, text, std::strlen(text));
  ::close(fd);
  return n == static_cast<ssize_t>(std::strlen(text));
}

void wait_for_go(int orders) {
  char go[8];
  if (hear(orders, go, sizeof go, nullptr, 0) <= 0 || go[0] != 'G') ::_exit(0);
}

// Waits until the engine has put a user of its own behind the ids that the process had.
bool take_given_user(int orders, uid_t uid, gid_t gid) {
  say(orders, 'U');
  wait_for_go(orders);
  return ::setresgid(gid, gid, gid) == 0 && ::setresuid(uid, uid, uid) == 0 &&
         // Else /proc/self were another user's.
         ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0;
}

bool map_own_ids(uid_t uid, gid_t gid) {
  char text[64];
  if (!write_file("/proc/self/setgroups", "deny")) return false;
  std::snprintf(text, sizeof text, "%u %u 1", uid, uid);
  if (!write_file("/proc/self/uid_map", text)) return false;
  std::snprintf(text, sizeof text, "%u %u 1", gid, gid);
  return write_file("/proc/self/gid_map", text);
}

// Those that the new user namespace gave.
bool drop_capabilities() {
  for (int c = 0; c <= CAP_LAST_CAP; ++c) ::prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  const struct __user_cap_data_struct none[2] = {};
  return ::syscall(SYS_capset, &header, none) == 0;
}

void limit_processes() {
  struct rlimit limit = {};
  constexpr rlim_t kMost = 742;  // as Lambda's functions have; counted per user namespace
  if (::getrlimit(RLIMIT_NPROC, &limit) != 0 || limit.rlim_max <= kMost) return;
  limit = {kMost, kMost};
  ::setrlimit(RLIMIT_NPROC, &limit);
}

// Of the template, as it sees itself.
pid_t g_template = -1;

// The function must have another pid than its template has: by that libraries notice that they were
// forked. OpenSSL would give all environments the same random numbers.
bool pass_over_template_pid() {
  for (int turn = 0; turn < 1000; ++turn) {
    const pid_t child = ::vfork();
    if (child == 0) ::_exit(0);
    if (child < 0) return false;
    while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (child >= g_template) return true;
  }
  return true;
}

// The child of the template. Its own child is process 1 of the environment, and returns.
enum class User { kSame, kGiven };

void make_environment(const EnvironmentFds& fds, User user) {
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const int left = ::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char folder[1024];
  if (::getcwd(folder, sizeof folder) == nullptr) folder[0] = '\0';
  struct stat tmp = {};
  if (left < 0 || ::fstat(left, &tmp) != 0) give_up(fds.orders, "/tmp");
  char size[64];
  std::snprintf(size, sizeof size, "mode=1777,size=%lld", tmp_bytes());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) != 0)
    give_up(fds.orders, "no namespaces for an environment");
  const bool has_user =
      user == User::kGiven ? take_given_user(fds.orders, uid, gid) : map_own_ids(uid, gid);
  if (!has_user) give_up(fds.orders, "the environment's user");
  const pid_t first = ::fork();
  if (first < 0) give_up(fds.orders, "fork");
  if (first > 0) ::_exit(0);
  ::setsid();
  say(fds.orders, 'H');
  wait_for_go(fds.orders);
  // From here on its memory is charged to its own group.
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, size) != 0)
    give_up(fds.orders, "the environment's /tmp");
  if (!copy_folder(left, "/tmp")) give_up(fds.orders, "a copy of /tmp");
  if (folder[0] == '\0' || ::chdir(folder) != 0) [[maybe_unused]]
    const int moved = ::chdir("/tmp");
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    give_up(fds.orders, "the environment's /proc");
  const int own[] = {fds.orders, fds.log, fds.status, fds.channel, left};
  if (!cut_descriptors(own, sizeof own / sizeof own[0], tmp.st_dev))
    give_up(fds.orders, "the environment's descriptors");
  ::close(left);
  if (::dup2(fds.log, 1) < 0 || ::dup2(fds.log, 2) < 0) give_up(fds.orders, "the log");
  ::close(fds.log);
  if (!pass_over_template_pid()) give_up(fds.orders, "fork");
  if (!drop_capabilities()) give_up(fds.orders, "the environment's capabilities");
  limit_processes();
  say(fds.orders, 'R');
}

volatile pid_t g_function = -1;

void pass_signal_on(int signal) {
  if (g_function > 0) ::kill(g_function, signal);
}

}  // namespace

int template_control() {
  const char* text = std::getenv(kTemplateFdVariable);
  if (text == nullptr) return -1;
  const int fd = std::atoi(text);
  ::unsetenv(kTemplateFdVariable);
  return fd > 2 && ::fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}

const char* template_obstacle() {
  static char why[160];
  int threads = 0;
  if (DIR* folder = ::opendir("/proc/self/task")) {
    while (const struct dirent* entry = ::readdir(folder))
      if (entry->d_name[0] != '.') ++threads;
    ::closedir(folder);
  }
  if (threads != 1) {
    std::snprintf(why, sizeof why,
                  "%d threads run at the checkpoint; a snapshot can be made of one thread only",
                  threads);
    return why;
  }
  if (has_children()) return "a program that init started still runs at the checkpoint";
  if (has_shared_memory())
    return "memory that init shares (MAP_SHARED) can't be part of a snapshot";
  return nullptr;
}

void say_ready(int control) { say(control, 'R'); }

void say_init_failed(int control, const char* type, const char* document, size_t size) {
  static char text[128 * 1024];
  const size_t name = std::strlen(type) + 1;
  if (name > 256) return say_init_failed(control, "Runtime.Unknown", document, size);
  std::memcpy(text, type, name);
  // A document that is cut would be none.
  if (name + size > sizeof text) size = 0;
  std::memcpy(text + name, document, size);
  say(control, 'E', text, name + size);
}

void say_unfit(int control, const char* why) { say(control, 'X', why, std::strlen(why)); }

void serve_template(int control, EnvironmentFds& fds) {
  g_template = ::getpid();
  // Children go by themselves: the next request need not wait for what the last one set up.
  struct sigaction alone = {}, before = {};
  alone.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &alone, &before);
  for (;;) {
    char request[8] = {};
    int given[4] = {-1, -1, -1, -1};
    if (hear(control, request, sizeof request, given, 4) <= 0) ::_exit(0);
    if (request[0] != 'F' || given[3] < 0) ::_exit(1);
    fds = {given[0], given[1], given[2], given[3]};
    const pid_t child = ::fork();
    if (child == 0) {
      ::sigaction(SIGCHLD, &before, nullptr);
      ::close(control);
      return make_environment(fds, request[1] == 'u' ? User::kGiven : User::kSame);
    }
    if (child < 0) say_fault(fds.orders, "fork");
    for (const int fd : given) ::close(fd);
  }
}

void reap_environment(pid_t function, const EnvironmentFds& fds) {
  g_function = function;
  for (const int s : {SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2}) ::signal(s, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);
  ::signal(SIGTERM, pass_signal_on);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::prctl(PR_SET_NAME, "kiln-sandbox", 0, 0, 0);
  constexpr int kStatus = 3;  // and nothing else
  if (fds.status != kStatus) ::dup2(fds.status, kStatus);
  ::syscall(SYS_close_range, 0U, 2U, 0);
  ::syscall(SYS_close_range, 4U, ~0U, 0);
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno != EINTR) break;
    if (ended != function) continue;
    // As the engine reads it: sandbox::ExitStatus.
    const int32_t report[2] = {WIFSIGNALED(status) ? 1 : 0,
                               WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status)};
    [[maybe_unused]] const ssize_t n = ::write(kStatus, report, sizeof report);
    break;
  }
  ::_exit(0);
}

size_t become_environment(const EnvironmentFds& fds, char* order, size_t room) {
  ::close(fds.status);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  const ssize_t n = hear(fds.orders, order, room, nullptr, 0);
  if (n <= 0 || order[0] != 'O') ::_exit(0);
  ::close(fds.orders);
  std::memmove(order, order + 1, static_cast<size_t>(n) - 1);
  return static_cast<size_t>(n) - 1;
}

}  // namespace kiln::sdk

// For bootstraps in other languages. `fds`: orders, status, channel.
extern "C" {
int kiln_template_control() { return kiln::sdk::template_control(); }
const char* kiln_template_obstacle() { return kiln::sdk::template_obstacle(); }
void kiln_template_say_ready(int control) { kiln::sdk::say_ready(control); }
void kiln_template_say_unfit(int control, const char* why) { kiln::sdk::say_unfit(control, why); }
void kiln_template_say_init_failed(int control, const char* type, const char* document,
                                   size_t size) {
  kiln::sdk::say_init_failed(control, type, document, size);
}
void kiln_template_serve(int control, int* fds) {
  kiln::sdk::EnvironmentFds made;
  kiln::sdk::serve_template(control, made);
  fds[0] = made.orders, fds[1] = made.status, fds[2] = made.channel;
}
void kiln_template_reap(pid_t function, const int* fds) {
  kiln::sdk::reap_environment(function, {fds[0], -1, fds[1], fds[2]});
}
// Without an order yet, a call alike: what a language does for one it has done then.
size_t kiln_template_rehearse(const int*, char* order, size_t room) {
  constexpr char kOrder[] = "AWS_LAMBDA_RUNTIME_API=";
  if (room < sizeof kOrder) return 0;
  std::memcpy(order, kOrder, sizeof kOrder);
  return sizeof kOrder;
}
size_t kiln_template_become(const int* fds, char* order, size_t room) {
  return kiln::sdk::become_environment({fds[0], -1, fds[1], fds[2]}, order, room);
}
}
