// kiln doctor: what this machine lets Kiln do.
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/machine_checks.h"
#include "cli/table_fit.h"
#include "cli/terminal_screen.h"

namespace kiln::cli {
namespace {

std::string label_of(const Console& console, Health health) {
  switch (health) {
    case Health::kGood:
      return console.paint(Style::kGreen, "ok     ");
    case Health::kLimited:
      return console.paint(Style::kYellow, "limited");
    case Health::kBroken:
      break;
  }
  return console.paint(Style::kRed, "broken ");
}

const char* to_text(Health health) {
  return health == Health::kGood ? "ok" : health == Health::kLimited ? "limited" : "broken";
}

constexpr size_t kFoundColumn = 21;  // where what was found begins
constexpr size_t kNarrowMargin = 4;  // where it begins in a line of its own
constexpr size_t kLeastWidth = 10;

// How the sentences stand in the terminal; without one each is one line, for grep.
struct SentencePlaces {
  size_t columns = 0;  // 0: no terminal
  size_t begin = kFoundColumn;

  explicit SentencePlaces(const Console& console) {
    if (!console.out_is_terminal) return;
    columns = static_cast<size_t>(TerminalScreen::size().columns);
    if (columns < kFoundColumn + kFoundColumn) begin = kNarrowMargin;
  }
  std::string sentence(const std::string& text, size_t from) const {
    if (columns == 0) return text;
    std::string out;
    for (const std::string& line : broken_cell(text, std::max(columns, from + kLeastWidth) - from))
      out += (out.empty() ? "" : "\n" + std::string(from, ' ')) + line;
    return out;
  }
};

int run_doctor(Console& console, const ClientOptions& options) {
  const std::vector<MachineCheck> checks = check_machine(options.api);
  bool broken = false;
  nlohmann::json list = nlohmann::json::array();
  const SentencePlaces places(console);
  for (const MachineCheck& check : checks) {
    broken = broken || check.health == Health::kBroken;
    if (options.format == OutputFormat::kJson) {
      list.push_back({{"check", check.name},
                      {"health", to_text(check.health)},
                      {"found", check.found},
                      {"advice", check.advice}});
      continue;
    }
    console.out << label_of(console, check.health) << "  " << check.name
                << (places.begin == kFoundColumn
                        ? std::string(12 - std::min<size_t>(11, check.name.size()), ' ')
                        : "\n" + std::string(places.begin, ' '))
                << places.sentence(check.found, places.begin) << '\n';
    if (!check.advice.empty())
      console.out << std::string(places.begin, ' ') << "→ "
                  << places.sentence(check.advice, places.begin + 2) << '\n';
  }
  if (options.format == OutputFormat::kJson) console.out << json_pretty(list) << '\n';
  return broken ? kExitFailed : kExitOk;
}

}  // namespace

void add_doctor_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("doctor", "Check what this machine lets Kiln do");
  command->footer(
      "Exit code 1 if functions can't run. \"limited\" names what Kiln can't enforce here, and "
      "how\n"
      "to allow it.\n"
      "\n"
      "Examples:\n"
      "  kiln doctor\n"
      "  kiln doctor --json | jq '.[] | select(.health != \"ok\")'");
  auto options = add_client_options(*command);
  command->callback(
      [&invocation, options] { invocation.exit_code = run_doctor(invocation.console, *options); });
}

}  // namespace kiln::cli
