// Where a command reads and writes, and what kind of place that is. Tests give it strings, main the
// process's own.
//
// Not thread-safe. The streams are borrowed.
#pragma once

#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>

namespace kiln::cli {

enum class Style {
  kPlain,
  kBold,
  kDim,
  kReverse,
  kRed,
  kGreen,
  kYellow,
  kBlue,
  kMagenta,
  kCyan,
};

struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool colors_allowed = true;  // false: NO_COLOR is set, or the terminal is "dumb"

  // `text`, coloured when stdout (stderr) is a terminal and colours are wanted.
  std::string paint(Style style, std::string_view text) const;
  std::string paint_err(Style style, std::string_view text) const;

  // Asks on stderr, reads a line; true for y or yes. `waits` is called in between: false means no,
  // and that it has ended the question's line.
  bool confirm(std::string_view question, const std::function<bool()>& waits = {});
};

// The process's console: std::cin, std::cout, std::cerr and what isatty and the environment say.
Console process_console();

// The exit codes of every command.
enum ExitCode : int {
  kExitOk = 0,
  kExitFailed = 1,         // the function or the API answered with an error
  kExitUsage = 2,          // the command line is wrong
  kExitNoAnswer = 3,       // nothing listens at the endpoint, or nothing that speaks AWS's APIs
  kExitInterrupted = 130,  // Ctrl-C, as shells count a program that it ended
};

}  // namespace kiln::cli
