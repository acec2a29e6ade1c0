#include "cli/console.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

namespace kiln::cli {
namespace {

std::string_view escape_of(Style style) {
  switch (style) {
    case Style::kBold:
      return "\033[1m";
    case Style::kDim:
      return "\033[2m";
    case Style::kReverse:
      return "\033[7m";
    case Style::kRed:
      return "\033[31m";
    case Style::kGreen:
      return "\033[32m";
    case Style::kYellow:
      return "\033[33m";
    case Style::kBlue:
      return "\033[34m";
    case Style::kMagenta:
      return "\033[35m";
    case Style::kCyan:
      return "\033[36m";
    case Style::kPlain:
      break;
  }
  return "";
}

std::string painted(bool wanted, Style style, std::string_view text) {
  if (!wanted || style == Style::kPlain) return std::string(text);
  return std::string(escape_of(style)).append(text).append("\033[0m");
}

// NO_COLOR counts when it is set and not empty (no-color.org).
bool environment_allows_colors() {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return false;
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view(term) != "dumb";
}

}  // namespace

std::string Console::paint(Style style, std::string_view text) const {
  return painted(out_is_terminal && colors_allowed, style, text);
}

std::string Console::paint_err(Style style, std::string_view text) const {
  return painted(err_is_terminal && colors_allowed, style, text);
}

bool Console::confirm(std::string_view question, const std::function<bool()>& waits) {
  err << question << " [y/N] " << std::flush;
  std::string line;
  if (waits && !waits()) return false;
  if (!std::getline(in, line)) {
    err << '\n';  // Ctrl-D leaves the cursor behind the question
    return false;
  }
  return line == "y" || line == "Y" || line == "yes";
}

Console process_console() {
  return Console{std::cin,
                 std::cout,
                 std::cerr,
                 isatty(STDIN_FILENO) == 1,
                 isatty(STDOUT_FILENO) == 1,
                 isatty(STDERR_FILENO) == 1,
                 environment_allows_colors()};
}

}  // namespace kiln::cli
