#include "cli/consent.h"

#include <signal.h>

#include "cli/command.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

// While one lives, Ctrl-C ends the reading of an answer instead of the program, so that a command
// tidies up behind a question as if the answer were no.
class InterruptedReading {
 public:
  InterruptedReading() {
    came_ = 0;
    struct sigaction handler {};
    handler.sa_handler = [](int) { came_ = 1; };  // without SA_RESTART
    sigaction(SIGINT, &handler, &before_);
  }
  ~InterruptedReading() { sigaction(SIGINT, &before_, nullptr); }
  InterruptedReading(const InterruptedReading&) = delete;
  InterruptedReading& operator=(const InterruptedReading&) = delete;

  static bool came() { return came_ != 0; }

 private:
  static inline volatile sig_atomic_t came_ = 0;
  struct sigaction before_ {};
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
  const InterruptedReading reading;
  if (console.confirm(question) && !reading.came()) return kExitOk;
  note(console, std::string(refused));
  return reading.came() ? kExitInterrupted : kExitFailed;
}

}  // namespace kiln::cli
