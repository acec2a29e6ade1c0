#include "cli/command.h"

namespace kiln::cli {

void add_version_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("version", "Print Kiln's version");
  command->footer("Examples:\n  kiln version\n  kiln version --json");
  auto format = std::make_shared<OutputFormat>(OutputFormat::kText);
  command->add_flag_callback(
      "--json", [format] { *format = OutputFormat::kJson; }, "Print JSON, for programs");
  command->callback([&invocation, format] {
    if (*format == OutputFormat::kJson) {
      invocation.console.out << "{\"version\":\"" KILN_VERSION "\"}\n";
    } else {
      invocation.console.out << "kiln " KILN_VERSION "\n";
    }
  });
}

}  // namespace kiln::cli
