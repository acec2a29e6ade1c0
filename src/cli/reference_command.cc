// kiln reference: the documents that are made from the parser. Hidden, for the build and the tests.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "cli/command.h"
#include "cli/command_shape.h"
#include "cli/reference_text.h"

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

bool write_pages(const CommandShape& command, const fs::path& folder) {
  std::string name = command.path;
  std::replace(name.begin(), name.end(), ' ', '-');
  std::ofstream file(folder / (name + ".1"), std::ios::binary);
  file << manual_page(command, KILN_VERSION);
  file.close();
  if (!file) return false;
  return std::all_of(command.commands.begin(), command.commands.end(),
                     [&](const CommandShape& below) { return write_pages(below, folder); });
}

}  // namespace

void add_reference_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("reference", "Print the reference of the command line");
  command->group("");
  command->require_subcommand(1);
  CLI::App* markdown = command->add_subcommand("markdown", "Print docs/cli.md");
  markdown->callback(
      [&invocation, &app] { invocation.console.out << reference_markdown(shape_of(app)); });
  auto folder = std::make_shared<std::string>();
  CLI::App* man = command->add_subcommand("man", "Write manual pages into a folder");
  // Not hidden in their turn, so that errors can name them.
  for (CLI::App* one : {markdown, man}) one->group("Commands");
  man->add_option("folder", *folder, "Where to")->required();
  man->callback([&invocation, &app, folder] {
    std::error_code ec;
    fs::create_directories(*folder, ec);
    if (ec || !write_pages(shape_of(app), *folder))
      invocation.exit_code = fail(invocation.console, {ErrorKind::kInternal, "Output",
                                                       "can't write into '" + *folder + "'"});
  });
}

}  // namespace kiln::cli
