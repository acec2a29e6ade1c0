#include "cli/consent.h"

#include <unistd.h>

#include <iostream>

#include "cli/command.h"
#include "cli/usage.h"

namespace kiln::cli {

bool is_anybody_there(const Console& console) {
  return console.in_is_terminal && console.err_is_terminal;
}

int expect_somebody(Console& console, std::string_view yes) {
  if (is_anybody_there(console)) return kExitOk;
  return fail(console, usage("nobody is there to ask; " + std::string(yes)));
}

int ask(Console& console, std::string_view question, std::string_view refused) {
  return ask(console, question, refused, Interrupts(console, ""));
}

int ask(Console& console, std::string_view question, std::string_view refused,
        const Interrupts& interrupts) {
  const auto waits = [&] {
    // What is read already needs no wait.
    return &console.in != &std::cin || std::cin.rdbuf()->in_avail() > 0 ||
           interrupts.wait_for_input(STDIN_FILENO);
  };
  if (!interrupts.came() && console.confirm(question, waits) && !interrupts.came()) return kExitOk;
  note(console, std::string(refused));
  return interrupts.came() ? kExitInterrupted : kExitFailed;
}

}  // namespace kiln::cli
