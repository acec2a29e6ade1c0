// The question before what no command undoes: functions, versions of layers and stacks that go, and
// plans that are carried out. --yes answers it ahead. Where nobody can answer, a function or a
// layer's version goes without a question, as with the AWS CLI; stacks and plans, which touch many
// things at once, need --yes.
#pragma once

#include <string>
#include <string_view>

#include "cli/console.h"
#include "cli/interrupts.h"

namespace kiln::cli {

// Whether somebody can answer: stdin and stderr are a terminal.
bool is_anybody_there(const Console& console);

// Where nobody can answer, says `yes`, what would answer. kExitOk: somebody can;
// else what the command ends with.
int expect_somebody(Console& console, std::string_view yes);

// Asks. kExitOk: go on; else what the command ends with, after it has said `refused`. Ctrl-C is no,
// also one that came before the question, with `interrupts`.
int ask(Console& console, std::string_view question, std::string_view refused);
int ask(Console& console, std::string_view question, std::string_view refused,
        const Interrupts& interrupts);

}  // namespace kiln::cli
