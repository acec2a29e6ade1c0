#include "cli/consent.h"

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
  if (console.confirm(question)) return kExitOk;
  note(console, std::string(refused));
  return kExitFailed;
}

}  // namespace kiln::cli
