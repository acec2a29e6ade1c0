#include "cli/program.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <memory>
#include <string_view>

#include "cli/command.h"
#include "cli/config_file.h"
#include "cli/help_format.h"
#include "cli/inspect_commands.h"
#include "cli/planning_commands.h"
#include "cli/state_folder.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

struct Command {
  std::string_view name;
  void (*add)(CLI::App&, Invocation&);
  const char* group;  // by what the user wants to do: its heading in `kiln --help`
};
constexpr const char* kRun = "Run functions";
constexpr const char* kSee = "See what happens";
constexpr const char* kSetUp = "Set up versions, capacity, alarms, URLs, and layers";
constexpr const char* kDeploy = "Deploy stacks";
constexpr const char* kPlan = "Measure and plan";
constexpr const char* kConnect = "Connect tools and check the machine";
// In the order of `kiln --help`.
constexpr std::array kCommands = {
    Command{"serve", add_serve_command, kRun},
    Command{"new", add_new_command, kRun},
    Command{"dev", add_dev_command, kRun},
    Command{"create", add_create_command, kRun},
    Command{"invoke", add_invoke_command, kRun},
    Command{"event", add_event_command, kRun},
    Command{"delete", add_delete_command, kRun},
    Command{"list", add_list_command, kSee},
    Command{"logs", add_logs_command, kSee},
    Command{"top", add_top_command, kSee},
    Command{"ps", add_ps_command, kSee},
    Command{"files", add_files_command, kSee},
    Command{"exec", add_exec_command, kSee},
    Command{"debug", add_debug_command, kSee},
    Command{"profile", add_profile_command, kSee},
    Command{"publish", add_publish_command, kSetUp},
    Command{"alias", add_alias_command, kSetUp},
    Command{"reserve", add_reserve_command, kSetUp},
    Command{"provision", add_provision_command, kSetUp},
    Command{"scale", add_scale_command, kSetUp},
    Command{"alarm", add_alarm_command, kSetUp},
    Command{"url", add_url_command, kSetUp},
    Command{"layer", add_layer_command, kSetUp},
    Command{"deploy", add_deploy_command, kDeploy},
    Command{"stacks", add_stacks_command, kDeploy},
    Command{"destroy", add_destroy_command, kDeploy},
    Command{"lint", add_lint_command, kDeploy},
    Command{"load", add_load_command, kPlan},
    Command{"tune", add_tune_command, kPlan},
    Command{"cost", add_cost_command, kPlan},
    Command{"simulate", add_simulate_command, kPlan},
    Command{"advise", add_advise_command, kPlan},
    Command{"env", add_env_command, kConnect},
    Command{"aws", add_aws_command, kConnect},
    Command{"doctor", add_doctor_command, kConnect},
    Command{"completion", add_completion_command, kConnect},
    Command{"reference", add_reference_command, kConnect},
    Command{"version", add_version_command, kConnect},
};

void add_command(const Command& command, CLI::App& app, Invocation& invocation) {
  command.add(app, invocation);
  CLI::App* added = app.get_subcommand(std::string(command.name));
  if (!added->get_group().empty()) added->group(command.group);  // else it is a hidden one
  for (CLI::App* below : added->get_subcommands([](const CLI::App*) { return true; }))
    if (!below->get_group().empty()) below->group("Commands");
}

bool is_command(std::string_view word) {
  return std::any_of(kCommands.begin(), kCommands.end(),
                     [word](const Command& command) { return command.name == word; });
}

// The one command that these arguments are about, when nothing can depend on the others. A start of
// the engine would spend a millisecond on their options, and keep 300 KB for them.
const Command* only_command(const std::vector<std::string>& arguments, const std::string& config) {
  // Sections of a configuration file name any command, and these two describe all.
  if (arguments.empty() || !config.empty()) return nullptr;
  const std::string& first = arguments.front();
  if (first == "completion" || first == "reference") return nullptr;
  for (size_t i = 1; i < arguments.size(); ++i)
    if (arguments[i].starts_with("--config") || is_command(arguments[i])) return nullptr;
  const bool asks_version = first == "--version" && arguments.size() == 1;
  const std::string_view name = asks_version ? "version" : std::string_view(first);
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [name](const Command& command) { return command.name == name; });
  return found == kCommands.end() ? nullptr : &*found;
}

}  // namespace

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
  if (const Command* only = only_command(arguments, config); only != nullptr)
    add_command(*only, app, invocation);
  else
    for (const Command& command : kCommands) add_command(command, app, invocation);
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
