#include "sandbox/sandbox_process.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "base/stray_signals.h"
#include "base/unique_fd.h"
#include "sandbox/launcher_message.h"
#include "sandbox/oom_score.h"
#include "sandbox/sandbox_mounts.h"
#include "sandbox/second_process.h"

namespace kiln::sandbox {
namespace {

// The C library has no clone3 wrapper. Like fork: the child returns 0.
long clone3(uint64_t flags, int* pidfd) {
  struct clone_args args = {};
  args.flags = flags;
  args.exit_signal = SIGCHLD;
  args.pidfd = reinterpret_cast<uint64_t>(pidfd);
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  // The kernel has written a number, too, where it then finds that there may be no more processes.
  if (pid < 0) *pidfd = -1;
  return pid;
}

void limit(int resource, rlim_t value, rlim_t hard) {
  const struct rlimit r = {value, hard};
  ::syscall(SYS_prlimit64, 0, resource, &r, nullptr);
}

void limit(int resource, rlim_t value) { limit(resource, value, value); }

// What AWS's functions see, but for memory where no cgroup limits it. Only root may raise limits.
void set_limits(Isolation isolation) {
  constexpr rlim_t kMiB = 1024 * 1024;
  limit(RLIMIT_NOFILE, 1024);
  limit(RLIMIT_MEMLOCK, 64 * 1024);
  if (isolation == Isolation::kFull) {
    for (const int unlimited : {RLIMIT_AS, RLIMIT_CPU, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_RSS})
      limit(unlimited, RLIM_INFINITY);
    limit(RLIMIT_STACK, 8 * kMiB, RLIM_INFINITY);
  }
  // In place, a core would be written beside the user's own code.
  limit(RLIMIT_CORE, isolation == Isolation::kNone ? 0 : 10 * 1024 * kMiB);
}

// No capability survives the exec of whoever comes from this process, also not for uid 0 of a user
// namespace. It keeps its own.
void drop_capabilities() {
  for (int c = 0; c <= CAP_LAST_CAP; ++c) ::prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

// The C library's: ThreadSanitizer's takes the child for a thread of this process.
decltype(&::clone) plain_clone() {
#ifdef __SANITIZE_THREAD__
  void* const library = ::dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
  return reinterpret_cast<decltype(&::clone)>(::dlsym(library, "clone"));
#else
  return &::clone;
#endif
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const auto& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

// SIGTERM to the first process means the function.
volatile pid_t function_pid = -1;
volatile sig_atomic_t should_settle_down = 0;
volatile sig_atomic_t asked_to_end = 0;

void pass_signal_on(int signal) {
  asked_to_end = 1;
  if (function_pid > 0) ::kill(function_pid, signal);
}

// Without a PID namespace nobody but the first process knows what belongs to its sandbox. Kills all
// descendants: the orphans among them come to this process, their reaper. No memory is allocated:
// it also runs as a signal handler.
void end_descendants() {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", ::getpid());
  do {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    char text[4096];
    const ssize_t n = fd < 0 ? -1 : ::read(fd, text, sizeof text - 1);
    if (fd >= 0) ::close(fd);
    if (n <= 0) {
      // No such file in this kernel: what stayed in the function's session at least.
      if (function_pid > 0) ::kill(-function_pid, SIGKILL);
    } else {
      text[n] = '\0';
      for (char* at = text; *at != '\0';) {
        char* end = nullptr;
        const long pid = std::strtol(at, &end, 10);
        if (end == at) break;
        if (pid > 0) ::kill(static_cast<pid_t>(pid), SIGKILL);
        at = end;
      }
    }
    // One at least has been killed, or none is left.
  } while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR);
}

void end_sandbox(int) {
  end_descendants();
  ::_exit(0);
}

// Between two processes, so none that is private.
void futex(std::atomic<uint32_t>& word, int operation, uint32_t value) {
  ::syscall(SYS_futex, &word, operation, value, nullptr, nullptr, 0);
}

void drop(uintptr_t begin, uintptr_t end) {
  constexpr uintptr_t kPage = 4096;
  begin &= ~(kPage - 1);
  if (begin < end) ::syscall(SYS_madvise, begin, end - begin, MADV_DONTNEED);
}

// What the programs' files have, and nobody has written to. Backwards: the table of the parts
// stands in the first.
int drop_code(dl_phdr_info* object, size_t, void*) {
  for (int i = object->dlpi_phnum; i-- > 0;) {
    const ElfW(Phdr)& part = object->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) continue;
    const auto begin = static_cast<uintptr_t>(object->dlpi_addr + part.p_vaddr);
    drop(begin, begin + part.p_memsz);
  }
  return 0;
}

// The first process only waits from now on: it needs nothing of its heap, nor of its stack below
// this frame, and little of its code. What it has there would stay for as long as the environment:
// a third of the memory of a small one. REQUIRES: nothing is allocated, released or read there
// afterwards. A function of a library that wasn't called before brings pages back, since the
// dynamic linker looks for it in all libraries.
[[gnu::noinline]] void let_go_of_memory(uintptr_t heap_begin) {
  constexpr uintptr_t kPage = 4096, kStack = uintptr_t{512} * 1024;
  // First, since what is known of libraries that were opened at run time stands in the heap.
  ::dl_iterate_phdr(drop_code, nullptr);
  const auto heap_end = reinterpret_cast<uintptr_t>(::sbrk(0)) & ~(kPage - 1);
  if (heap_begin != 0) drop(heap_begin + kPage - 1, heap_end);
  // A page is left for this frame and those of the calls. That the stack never went so deep is no
  // error.
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0)) & ~(kPage - 1);
  drop(here - kPage - kStack, here - kPage);
}

// Waits until the environments of a template that has ended have ended, too.
void reap_environments() {
  while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
}

// The first process.
class First {
 public:
  First(const BlankRequest& request, const BlankFds& fds, const Ground& ground)
      : request_(request), fds_(fds), ground_(ground) {}

  // What is thrown ends the sandbox: in this process nobody else may go on.
  [[noreturn]] void run(int launcher_fd) noexcept {
    settle(launcher_fd);
    make_second();
    if (is_ahead()) start_ahead();
    rehearse();
    wait_for_order();
    // Nobody needs it any more.
    if (!receive_message(fds_.orders, 0, message_)) ::_exit(0);
    ::prctl(PR_SET_NAME, "kiln-sandbox", 0, 0, 0);
    obey();
    let_signals_in();
    settle_down_later();
    reap();
  }

 private:
  bool is_ahead() const { return !request_.argv.empty(); }

  void settle(int launcher_fd) {
    // What the launcher ignores the function must not inherit as ignored.
    for (const int s : kStraySignals) ::signal(s, SIG_DFL);
    for (const int s : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD}) ::signal(s, SIG_DFL);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // The launcher may have ended before that.
    struct pollfd launcher = {launcher_fd, POLLIN, 0};
    if (launcher_fd >= 0 && ::poll(&launcher, 1, 0) != 0) ::_exit(1);
    ::prctl(PR_SET_NAME, "kiln-blank", 0, 0, 0);
    // Until there is somebody to pass it on to.
    sigemptyset(&terminate_);
    sigaddset(&terminate_, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &terminate_, nullptr);
    ::signal(SIGTERM, pass_signal_on);
    keep_own_descriptors();
    set_limits(ground_.isolation);
    drop_capabilities();
    if (ground_.isolation == Isolation::kNone) {
      ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
      ::signal(kEndSignal, end_sandbox);
      end_before_others();
      return;
    }
    if (const std::string step = mount_blank(request_, ground_); !step.empty()) give_up(fds_, step);
    static constexpr char kHost[] = "kiln";
    [[maybe_unused]] const int named = ::sethostname(kHost, sizeof kHost - 1);
    end_before_others();  // there is a /proc now
  }

  // A blank may live for long: it must hold neither the launcher's sockets nor other blanks'. None
  // of its own is number 3 or 4, where the function's go.
  void keep_own_descriptors() {
    std::vector<int*> own = {&fds_.orders, &fds_.log, &fds_.status};
    if (request_.channel) own.push_back(&fds_.channel);
    for (int& fd : fds_.cgroup) own.push_back(&fd);
    constexpr int kHigh = 128;
    for (int* fd : own)
      if ((*fd = ::fcntl(*fd, F_DUPFD_CLOEXEC, kHigh)) < 0)
        give_up(fds_, "keeping its own descriptors (fcntl)");
    ::syscall(SYS_close_range, 3U, static_cast<unsigned>(kHigh - 1), 0);
    for (int* fd : own) {
      const int low = ::fcntl(*fd, F_DUPFD_CLOEXEC, 5);
      ::close(*fd);
      *fd = low;
    }
    ::syscall(SYS_close_range, static_cast<unsigned>(5 + own.size()), ~0U, 0);
  }

  void start_ahead() {
    int order[2];
    if (::pipe2(order, O_CLOEXEC) != 0) give_up(fds_, "making a pipe (pipe2)");
    BlankRequest request = request_;
    request.env.push_back(std::string(kOrderFdVariable) + "=" + std::to_string(kOrderFd));
    // It writes its environment over the one that it was started with, as /proc/PID/environ shows
    // it: room for the 4 KB of a function's own, and Kiln's.
    request.env.push_back("KILN_ORDER_SPACE=" + std::string(8192, '.'));
    std::vector<char*> argv = pointers(request.argv), env = pointers(request.env);
    begin_to_be({argv.data(), env.data(), "/var/task", fds_.channel, order[0]});
    wait_until_it_is();
    ::close(order[0]);
    if (fds_.channel >= 0) ::close(fds_.channel);
    to_function_ = order[1];
    ::signal(SIGPIPE, SIG_IGN);
  }

  // It has settled when this returns, and waits for its program. A process of its own that shares
  // memory, descriptors and errno with this one until it is the program, as after vfork. Once it
  // has settled it waits; and when it has its program, this process changes nothing that it reads,
  // closes nothing and makes no call that fails until shares_memory_ is 0. Never returns without
  // one.
  void make_second() {
    constexpr size_t kStack = size_t{32} * 1024;
    const UniqueFd settled(::eventfd(0, EFD_CLOEXEC));
    stack_ = std::make_unique_for_overwrite<char[]>(kStack);
    settled_ = settled.get();
    self_ = ::getpid();
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, kEndSignal);
    ::sigprocmask(SIG_BLOCK, &end, nullptr);
    if (settled)
      function_ = plain_clone()(
          &First::run_second, stack_.get() + kStack,
          CLONE_VM | CLONE_FILES | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD, this,
          nullptr, nullptr, &shares_memory_);
    if (function_ < 0) give_up(fds_, "starting its second process (clone)");
    function_pid = function_;
    ::sigprocmask(SIG_UNBLOCK, &end, nullptr);
    second_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, function_, 0)));
    if (!second_) give_up(fds_, "watching its second process (pidfd_open)");
    struct pollfd polls[] = {{settled.get(), POLLIN, 0}, {second_.get(), POLLIN, 0}};
    while (::poll(polls, 2, -1) < 0 && errno == EINTR) {
    }
  }

  static int run_second(void* first) {
    static_cast<First*>(first)->be_second();
    return 1;
  }

  void be_second() {
    const Second second = {request_.slot, fds_, ground_.isolation, self_};
    if (const char* step = settle_second(second)) give_up(fds_, step);
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(settled_, &one, sizeof one);
    while (go_.load() == 0) futex(go_, FUTEX_WAIT, 0);
    give_up_becoming(second, program_, kiln::sandbox::become(second, program_));
  }

  void begin_to_be(const Program& program) {
    program_ = program;
    go_.store(1);
    futex(go_, FUTEX_WAKE, 1);
  }

  // It is the program when this returns, or has ended and said why.
  void wait_until_it_is() {
    while (const uint32_t it = shares_memory_.load()) futex(shares_memory_, FUTEX_WAIT, it);
  }

  // A function starts without this process in its way; one that ends soon needs none of it. Many
  // that have started together don't do it together.
  void settle_down_later() const {
    struct sigaction rings = {};
    rings.sa_handler = [](int) { should_settle_down = 1; };
    ::sigaction(SIGALRM, &rings, nullptr);  // it interrupts a wait
    // Again and again: one of them finds this process waiting.
    const struct timeval time = {1, static_cast<suseconds_t>(request_.slot % 16 * 60'000)};
    const struct itimerval rings_again = {time, time};
    ::setitimer(ITIMER_REAL, &rings_again, nullptr);
  }

  void settle_down() {
    wait_until_it_is();
    if (const int high = ::fcntl(fds_.status, F_DUPFD_CLOEXEC, 100); high >= 0) {
      fds_.status = high;
      ::syscall(SYS_close_range, 0U, static_cast<unsigned>(high - 1), 0);
      ::syscall(SYS_close_range, static_cast<unsigned>(high + 1), ~0U, 0);
    }
    const struct itimerval never = {};
    ::setitimer(ITIMER_REAL, &never, nullptr);
    let_go_of_memory(ground_.heap_begin);
  }

  // Waits until the function has ended, and says how.
  [[noreturn]] void reap() {
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(-1, &status, 0);
      if (std::exchange(should_settle_down, 0) != 0) settle_down();
      if (ended < 0) continue;
      using Kind = ExitStatus::Kind;
      const bool was_function = ended == function_, extension = extensions_.ended(ended);
      if (!was_function && !extension) continue;
      // Once it is asked to end, extensions may do so in their own time; else one that ends ends
      // all.
      const bool ending = asked_to_end != 0;
      if (was_function || !ending) {
        if (WIFSIGNALED(status))
          report(fds_, was_function ? Kind::kSignaled : Kind::kExtensionSignaled, WTERMSIG(status));
        else
          report(fds_, was_function ? Kind::kExited : Kind::kExtensionExited, WEXITSTATUS(status));
      }
      if (was_function) {
        function_gone_ = true;
        function_ = function_pid = -1;  // the number may be another's soon
      }
      if (ending && (extensions_.any() || !function_gone_)) continue;
      if (ground_.isolation == Isolation::kNone) end_descendants();
      if (order_.role == StartOrder::Role::kTemplate) reap_environments();
      ::_exit(0);
    }
  }

  void let_signals_in() {
    sigset_t both = terminate_;
    sigaddset(&both, kEndSignal);
    ::sigprocmask(SIG_UNBLOCK, &both, nullptr);
  }

  // Doesn't return where the second process has ended.
  void wait_for_order() {
    struct pollfd polls[] = {{fds_.orders, POLLIN, 0}, {second_.get(), POLLIN, 0}};
    while (::poll(polls, 2, -1) < 0 && errno == EINTR) {
    }
    if (polls[0].revents == 0) reap();
  }

  // Reads what the second process runs, so it stays where it is.
  void obey() {
    errno = EMFILE;
    if (!message_.complete) give_up(fds_, "taking its descriptors");
    bool control = false;
    const OrderHead head = read_order_behind_head(message_, order_, control);
    errno = head.error;
    if (head.error != 0) give_up(fds_, head.failed_step);
    const std::span<const UniqueFd> mounts = std::span(message_.fds).subspan(control ? 1 : 0);
    const bool in_place = ground_.isolation == Isolation::kNone;
    if (!in_place)
      if (const std::string step = mount_order(order_, head, mounts, ground_, is_ahead());
          !step.empty())
        give_up(fds_, step);
    const char* const directory = in_place ? order_.task_dir.c_str() : "/var/task";
    if (!order_.extensions.empty()) start_extensions();
    if (is_ahead()) return tell();
    argv_ = pointers(order_.argv);
    env_ = pointers(order_.env);
    const int channel = control ? message_.fds[0].get() : order_.channel ? fds_.channel : -1;
    begin_to_be(
        {argv_.data(), env_.data(), directory, channel, -1, order_.data_limit_bytes, order_.role});
  }

  // As on AWS, the runtime is started when they have registered.
  void start_extensions() {
    const Second second = {request_.slot, fds_, ground_.isolation, self_};
    extensions_.start(second, order_);
    if (!extensions_.wait_for_registration(fds_.orders)) reap();
  }

  // What obey() does, with an order that changes nothing: so that the pages of code, heap and stack
  // that it needs are there before the order is. Each would cost a cold start a page fault.
  void rehearse() {
    int pair[2];
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return;
    const UniqueFd to(pair[0]), from(pair[1]);
    StartOrder usual;
    usual.argv = {"/var/task/bootstrap"};
    // Of many sizes, since what was freed serves one size again.
    for (size_t i = 0; i < 60; ++i) usual.env.emplace_back(16 * (1 + i % 15), 'v');
    usual.task_dir = std::string(64, 'd');
    OrderHead head;
    if (ground_.host.passes_mounts) head.targets = {"/var/task"};
    const std::string text = encode(head) + encode(usual, false);
    if (!send_message(to.get(), text.data(), text.size(), {to.get()})) return;
    Message message;
    if (!receive_message(from.get(), MSG_DONTWAIT, message)) return;
    StartOrder order;
    bool control = false;
    const OrderHead its_head = read_order_behind_head(message, order, control);
    if (ground_.host.passes_mounts)  // a socket is no mount
      mount_order(order, its_head, message.fds, ground_, false);
    pointers(order.argv);
    pointers(order.env);
  }

  // Its end, if it is gone, is seen by waiting for it.
  void tell() const {
    std::string text;
    for (const auto& variable : order_.env) text.append(variable).push_back('\0');
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t n = ::write(to_function_, rest.data(), rest.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) break;
      rest.remove_prefix(static_cast<size_t>(n));
    }
    ::close(to_function_);
  }

  const BlankRequest& request_;
  BlankFds fds_;
  const Ground& ground_;
  sigset_t terminate_ = {};
  pid_t function_ = -1;
  Message message_;
  StartOrder order_;
  ExtensionProcesses extensions_;
  bool function_gone_ = false;
  std::vector<char*> argv_, env_;
  int to_function_ = -1;

  UniqueFd second_;  // the pidfd of the second process
  std::unique_ptr<char[]> stack_;
  pid_t self_ = -1;
  int settled_ = -1;
  std::atomic<uint32_t> go_ = 0;
  std::atomic<uint32_t> shares_memory_ = 0;  // its pid, until it has its own
  Program program_ = {};
};

}  // namespace

Made make_blank(const BlankRequest& request, const BlankFds& fds, const Ground& ground) {
  uint64_t flags = CLONE_PIDFD;
  if (ground.isolation != Isolation::kNone)
    flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  Made made;
  // Of this process, the launcher: a sandbox must know whether it still lives.
  static const int self = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  const long pid = clone3(flags, &made.pidfd);
  if (pid == 0) First(request, fds, ground).run(self);
  if (pid < 0)
    made.error = errno;
  else
    made.pid = static_cast<pid_t>(pid);
  return made;
}

}  // namespace kiln::sandbox
