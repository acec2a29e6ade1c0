#include "cli/interrupts.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>

namespace kiln::cli {

Interrupts::Interrupts(Console& console, std::string message)
    : console_(console), message_(std::move(message)), end_(eventfd(0, EFD_CLOEXEC)) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &set, &before_);
  signals_ = UniqueFd(signalfd(-1, &set, SFD_CLOEXEC));
  thread_ = std::thread([this] { wait(); });
}

Interrupts::~Interrupts() {
  const uint64_t one = 1;
  (void)!write(end_.get(), &one, sizeof one);
  thread_.join();
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void Interrupts::wait() {
  std::array<pollfd, 2> fds = {pollfd{signals_.get(), POLLIN, 0}, pollfd{end_.get(), POLLIN, 0}};
  while (true) {
    if (poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[1].revents != 0) return;
    signalfd_siginfo info{};
    if (read(signals_.get(), &info, sizeof info) != sizeof info) continue;
    if (came_) _exit(kExitInterrupted);
    console_.err << '\n' << message_ << '\n' << std::flush;
    came_ = true;  // who sees it may print, too
  }
}

}  // namespace kiln::cli
