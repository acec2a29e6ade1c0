#include "cli/consent.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>

#include "cli/command.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

// While one lives, Ctrl-C ends the wait for an answer instead of the program, so that a command
// tidies up behind a question as if the answer were no. It is held back but for that wait, and so
// not lost just before it.
class InterruptibleWait {
 public:
  InterruptibleWait() {
    came_ = 0;
    struct sigaction handler {};
    handler.sa_handler = [](int) { came_ = 1; };
    sigaction(SIGINT, &handler, &before_);
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGINT);
    pthread_sigmask(SIG_BLOCK, &held, &mask_before_);
  }
  ~InterruptibleWait() {
    sigaction(SIGINT, &before_, nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  InterruptibleWait(const InterruptibleWait&) = delete;
  InterruptibleWait& operator=(const InterruptibleWait&) = delete;

  // Until standard input has something to read; false: Ctrl-C came first.
  bool wait() const {
    sigset_t waiting = mask_before_;
    sigdelset(&waiting, SIGINT);
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (!came() && ppoll(&input, 1, nullptr, &waiting) < 0 && errno == EINTR) {
    }
    return !came();
  }
  static bool came() { return came_ != 0; }

 private:
  static inline volatile sig_atomic_t came_ = 0;
  struct sigaction before_ {};
  sigset_t mask_before_{};
};

}  // namespace

bool is_anybody_there(const Console& console) {
  return console.in_is_terminal && console.err_is_terminal;
}

int expect_somebody(Console& console, std::string_view yes) {
  if (is_anybody_there(console)) return kExitOk;
  return fail(console, usage("nobody is there to ask; " + std::string(yes)));
}

int ask(Console& console, std::string_view question, std::string_view refused) {
  const InterruptibleWait input;
  const auto waits = [&] {
    // What is read already needs no wait.
    return &console.in != &std::cin || std::cin.rdbuf()->in_avail() > 0 || input.wait();
  };
  if (console.confirm(question, waits)) return kExitOk;
  note(console, std::string(refused));
  return input.came() ? kExitInterrupted : kExitFailed;
}

}  // namespace kiln::cli
