#include "cli/command.h"
#include "cli/command_shape.h"
#include "cli/completion_text.h"

namespace kiln::cli {

void add_completion_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("completion", "Print the completion script of a shell");
  command->footer(
      "Examples:\n"
      "  eval \"$(kiln completion bash)\"             in ~/.bashrc\n"
      "  source <(kiln completion zsh)              in ~/.zshrc\n"
      "  kiln completion fish | source              in ~/.config/fish/config.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash, zsh, or fish")->required();
  command->callback([&invocation, &app, shell] {
    const Result<std::string> script = completion_script(shape_of(app), *shell);
    if (script)
      invocation.console.out << *script;
    else
      invocation.exit_code = fail(invocation.console, script.error());
  });
}

}  // namespace kiln::cli
