#include "cli/interrupts.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <chrono>

namespace kiln::cli {
namespace {

void raise_event(const UniqueFd& event) {
  const uint64_t one = 1;
  (void)!write(event.get(), &one, sizeof one);
}

}  // namespace

Interrupts::Interrupts(Console& console, std::string message)
    : console_(console),
      message_(std::move(message)),
      end_(eventfd(0, EFD_CLOEXEC)),
      noted_(eventfd(0, EFD_CLOEXEC)) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    struct sigaction before {};
    sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) sigaddset(&set, signal);
  }
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = UniqueFd(signalfd(-1, &set, SFD_CLOEXEC));
  thread_ = std::thread([this] { wait(); });
}

Interrupts::~Interrupts() {
  raise_event(end_);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupts::wait() {
  using std::chrono::steady_clock;
  // What runs a command, such as timeout or npm, passes a signal on that the command has got
  // itself.
  constexpr auto kOneForAll = std::chrono::milliseconds(300);
  steady_clock::time_point first;
  std::array<pollfd, 2> fds = {pollfd{signals_.get(), POLLIN, 0}, pollfd{end_.get(), POLLIN, 0}};
  while (true) {
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[1].revents != 0) return;
    signalfd_siginfo info{};
    if (read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    if (came_) {
      // A shell may tell of the terminal's end as well as the kernel.
      if (info.ssi_signo == SIGHUP || steady_clock::now() - first < kOneForAll) continue;
      _exit(kExitInterrupted);
    }
    console_.err << '\n';
    if (!message_.empty()) console_.err << message_ << '\n';
    console_.err << std::flush;
    first = steady_clock::now();
    came_ = true;  // who sees it may print, too
    raise_event(noted_);
  }
}

bool Interrupts::wait_for_input(int input) const {
  std::array<pollfd, 2> fds = {pollfd{noted_.get(), POLLIN, 0}, pollfd{input, POLLIN, 0}};
  while (poll(fds.data(), fds.size(), -1) < 0) {
  }
  // The end of a terminal is an end of input and a signal, in any order.
  constexpr int kSoonMs = 500;
  if (fds[0].revents == 0 && (fds[1].revents & POLLHUP) != 0 && isatty(input) == 0)
    (void)poll(fds.data(), 1, kSoonMs);
  return fds[0].revents == 0;
}

}  // namespace kiln::cli
