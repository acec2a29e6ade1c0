#include "cli/program.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>

#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/help_format.h"
#include "cli/inspect_commands.h"
#include "cli/planning_commands.h"
#include "cli/state_folder.h"
#include "cli/usage_error.h"

namespace kiln::cli {

int run_program(const std::vector<std::string>& arguments, Console& console,
                const std::function<int(const ServeOptions&)>& serve) {
  CLI::App app("Kiln: AWS Lambda on your own machine", "kiln");
  app.formatter(std::make_shared<HelpFormatter>());
  app.footer(
      "Examples:\n"
      "  kiln serve                         start the engine on http://127.0.0.1:4566\n"
      "  kiln create hello ./hello          make a function from a folder\n"
      "  kiln invoke hello '{\"name\": \"Ada\"}'\n"
      "\n"
      "kiln COMMAND --help says more about a command. Exit codes: 0 done, 1 the function or the\n"
      "API answered with an error, 2 the command line is wrong, 3 nothing answers at the "
      "endpoint,\n"
      "or something that isn't a Kiln.");
  app.require_subcommand(1);
  app.set_version_flag("--version", std::string("kiln " KILN_VERSION));
  const std::string config = default_config_file();
  CLI::Option* config_option =
      app.set_config("--config", config,
                     "File with defaults of options, a section for each command; kiln.toml here, "
                     "or ~/.config/kiln/config.toml [KILN_CONFIG]");
  config_option->type_name("FILE");
  // CLI11 passes over a file that it can't read unless it must be there.
  const bool describes_itself = !arguments.empty() && arguments.front() == "reference";
  config_option->required(!config.empty() && !describes_itself);
  app.config_formatter(std::make_shared<ConfigFile>(app));

  Invocation invocation{console, serve};
  add_serve_command(app, invocation);
  add_new_command(app, invocation);
  add_dev_command(app, invocation);
  add_create_command(app, invocation);
  add_invoke_command(app, invocation);
  add_list_command(app, invocation);
  add_logs_command(app, invocation);
  add_top_command(app, invocation);
  add_ps_command(app, invocation);
  add_files_command(app, invocation);
  add_exec_command(app, invocation);
  add_debug_command(app, invocation);
  add_profile_command(app, invocation);
  add_delete_command(app, invocation);
  add_publish_command(app, invocation);
  add_alias_command(app, invocation);
  add_reserve_command(app, invocation);
  add_provision_command(app, invocation);
  add_scale_command(app, invocation);
  add_alarm_command(app, invocation);
  add_url_command(app, invocation);
  add_layer_command(app, invocation);
  add_event_command(app, invocation);
  add_deploy_command(app, invocation);
  add_stacks_command(app, invocation);
  add_destroy_command(app, invocation);
  add_lint_command(app, invocation);
  add_tune_command(app, invocation);
  add_cost_command(app, invocation);
  add_load_command(app, invocation);
  add_simulate_command(app, invocation);
  add_advise_command(app, invocation);
  add_env_command(app, invocation);
  add_aws_command(app, invocation);
  add_doctor_command(app, invocation);
  add_completion_command(app, invocation);
  add_reference_command(app, invocation);
  add_version_command(app, invocation);
  refuse_empty_arguments(app);

  if (arguments.empty()) {
    console.out << app.help();
    return kExitUsage;
  }
  // `kiln help serve` means `kiln serve --help`.
  std::vector<std::string> words = arguments;
  if (words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  if (std::string message = unknown_command(app, words); !message.empty())
    return fail(console, {ErrorKind::kInvalid, "Usage", std::move(message)});
  try {
    // CLI11 takes the arguments last first.
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::Success& wanted) {  // --help, --version
    app.exit(wanted, console.out, console.err);
  } catch (const CLI::ParseError& error) {
    return fail(console, {ErrorKind::kInvalid, "Usage", usage_message(app, error)});
  } catch (const std::exception& error) {
    return fail(console, {ErrorKind::kInternal, "Internal", error.what()});
  }
  console.out.flush();
  if (!console.out && invocation.exit_code == kExitOk)
    return fail(console, {ErrorKind::kInternal, "Output",
                          std::string("can't write the output: ") + std::strerror(errno)});
  return invocation.exit_code;
}

}  // namespace kiln::cli
