#include "cli/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>

#include "base/unique_fd.h"
#include "cli/crash_report.h"

namespace kiln::cli {
namespace {

// As if the signal had come to this process: shells and init systems see what happened.
[[noreturn]] void end_by(int signal) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);  // the engine's core is the one to look at
  ::signal(signal, SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  ::raise(signal);
  pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
  ::_exit(128 + signal);  // signals that end nobody
}

constexpr Duration kFirstPause = std::chrono::milliseconds(250);
constexpr Duration kLongestPause = std::chrono::seconds(8);

class Supervisor {
 public:
  Supervisor(const SupervisorOptions& options, const std::function<int(Supervised&)>& engine)
      : options_(options), engine_(engine) {
    sigemptyset(&watched_);
    add_end_signals(watched_);
    sigaddset(&watched_, SIGCHLD);
    ::signal(SIGPIPE, SIG_IGN);  // nobody may read any more what it tells
    pthread_sigmask(SIG_BLOCK, &watched_, &before_);
    ::signal(SIGCHLD, SIG_DFL);  // who started this may have ignored it
  }

  int run() {
    for (;;) {
      const auto exit_code = start();
      if (exit_code) return *exit_code;  // this is the engine's process, at its end
      const int status = wait();
      if (WIFSIGNALED(status))
        after_death(WTERMSIG(status));
      else if (WEXITSTATUS(status) == kStartAgain ? !after_request()
                                                  : !after_failure(WEXITSTATUS(status)))
        return WEXITSTATUS(status) == kStartAgain ? 1 : WEXITSTATUS(status);
    }
  }

 private:
  // Gives the engine's exit code in its own process.
  std::optional<int> start() {
    int ends[2];
    // Whatever else holds its other end, nobody waits for it.
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return fail("can't make a pipe");
    ready_ = UniqueFd(ends[0]);
    UniqueFd tells(ends[1]);
    started_ = std::chrono::steady_clock::now();
    const pid_t supervisor = ::getpid();
    child_ = ::fork();
    if (child_ < 0) return fail("can't start the engine's process");
    if (child_ > 0) return std::nullopt;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // It may have died before it was asked for.
    if (::getppid() != supervisor) ::_exit(1);
    ready_.reset();
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    Supervised run(tells.get(), port_, raw_path(::getpid()));
    return engine_(run);
  }

  std::optional<int> fail(const char* what) {
    options_.tell(std::string(what) + ": " + std::strerror(errno));
    return 1;
  }

  // The engine's status at its end; passes signals on meanwhile.
  int wait() {
    for (;;) {
      // As process 1 of a container it may have others' children, too.
      int status = 0;
      for (pid_t ended; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;)
        if (ended == child_) return status;
      siginfo_t info{};
      const int signal = ::sigwaitinfo(&watched_, &info);
      if (signal <= 0 || signal == SIGCHLD) continue;
      stopping_ = true;
      ::kill(child_, SIGTERM);
    }
  }

  // Whether the engine that has ended was ready.
  bool read_port() {
    uint16_t port = 0;
    if (::read(ready_.get(), &port, sizeof port) != sizeof port) return false;
    port_ = port;
    fails_ = 0;
    return true;
  }

  // Whether to try again after an engine that was started again has said that it can't: a disk that
  // is full gets room again.
  bool after_failure(int exit_code) {
    if (read_port() || port_ == 0 || exit_code == 0 || stopping_) return false;
    const auto pause = std::min(kLongestPause, kFirstPause * (1 << std::min(fails_, 10)));
    if (fails_++ == 0)
      options_.tell("the engine can't start again; it is tried until it can, every " +
                    std::to_string(kLongestPause / std::chrono::seconds(1)) +
                    " seconds at last. Mend the reason above, or end it with Ctrl-C");
    return !is_ended_within(pause);
  }

  // Whether the user ends it meanwhile.
  bool is_ended_within(Duration pause) {
    const SteadyTime end = std::chrono::steady_clock::now() + pause;
    for (;;) {
      const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
          end - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      const timespec time{static_cast<time_t>(left.count() / 1'000'000'000),
                          static_cast<long>(left.count() % 1'000'000'000)};
      siginfo_t info{};
      const int signal = ::sigtimedwait(&watched_, &info, &time);
      if (signal > 0 && signal != SIGCHLD) return stopping_ = true;
    }
  }

  // Whether the engine that wants to be started again may be.
  bool after_request() {
    read_port();
    if (stopping_ || port_ == 0) return false;
    const bool may = may_start();
    options_.tell(may ? "the engine was started again"
                      : "the engine wanted to be started again too often within a minute");
    return may;
  }

  void after_death(int signal) {
    read_port();
    // One that was started again and ends at once may end so a few times, too.
    const bool was_ready = port_ != 0;
    if (stopping_ && sigismember(&watched_, signal) == 1) end_by(signal);
    const std::string report = keep_report(signal);
    const std::string what = "the engine ended by " + signal_name(signal);
    if (stopping_ || !was_ready || !may_start()) {
      options_.tell(what +
                    (stopping_    ? " while it was stopping"
                     : !was_ready ? " before it was ready"
                                  : "; that was too often within a minute to start it again") +
                    report);
      end_by(signal);
    }
    options_.tell(what + " and was started again" + report);
  }

  bool may_start() {
    const SteadyTime now = std::chrono::steady_clock::now();
    while (!restarts_.empty() && now - restarts_.front() > options_.window) restarts_.pop_front();
    if (restarts_.size() >= static_cast<size_t>(options_.most_restarts)) return false;
    restarts_.push_back(now);
    return true;
  }

  std::string raw_path(pid_t pid) const {
    return options_.data_dir + "/crash-" + std::to_string(pid);
  }

  std::string keep_report(int signal) const {
    const auto path = keep_crash_report({options_.data_dir + "/crashes", raw_path(child_), signal,
                                         std::chrono::steady_clock::now() - started_,
                                         std::chrono::system_clock::now()});
    return path ? "; please report it with " + *path : "; " + path.error().message;
  }

  const SupervisorOptions& options_;
  const std::function<int(Supervised&)>& engine_;
  sigset_t watched_{}, before_{};
  UniqueFd ready_;
  pid_t child_ = -1;
  uint16_t port_ = 0;
  bool stopping_ = false;
  SteadyTime started_{};
  std::deque<SteadyTime> restarts_;
  int fails_ = 0;  // starts in a row, since one was ready
};

}  // namespace

void add_end_signals(sigset_t& signals) {
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  struct sigaction action = {};
  if (::sigaction(SIGHUP, nullptr, &action) == 0 && action.sa_handler != SIG_IGN)
    sigaddset(&signals, SIGHUP);
}

void Supervised::watch() const {
  if (!raw_report_.empty()) watch_for_crashes(raw_report_);
}

void Supervised::ready(uint16_t port) {
  const ssize_t written = ::write(ready_fd_, &port, sizeof port);
  (void)written;  // without a supervisor there is nobody to hear
}

int supervise(const SupervisorOptions& options, const std::function<int(Supervised&)>& engine) {
  return Supervisor(options, engine).run();
}

}  // namespace kiln::cli
