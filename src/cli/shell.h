// Runs a user's command line, and writes words of one.
#pragma once

#include <string>

#include "base/result.h"

namespace kiln::cli {

// `command` by /bin/sh, with `input` on its standard input; what it prints on standard output. Its
// standard error is ours. Error: it can't be run, or ended with another code than 0.
Result<std::string> run_shell(const std::string& command, const std::string& input);

// `text` as one word of a shell's command line: in quotes where it needs them.
std::string shell_word(const std::string& text);

}  // namespace kiln::cli
