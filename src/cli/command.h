// What every client command shares: the options --endpoint, --region and --json, the client made
// from them, and how an error ends the program. One file per command defines one of the add_…
// functions.
//
// A command is added to the CLI11 app with a callback that stores the exit code in
// Invocation::exit_code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/api_client.h"
#include "cli/console.h"
#include "cli/serve.h"

namespace kiln::cli {

struct FunctionTarget;

enum class OutputFormat { kText, kJson };

struct ClientOptions {
  ApiOptions api;
  OutputFormat format = OutputFormat::kText;
};

// One run of the program.
struct Invocation {
  Console& console;
  std::function<int(const ServeOptions&)> serve;
  int exit_code = kExitOk;
};

// The options of a client command, added to `command`; they are filled in when the command line is
// parsed. Defaults come from KILN_ENDPOINT or AWS_ENDPOINT_URL, AWS_REGION or AWS_DEFAULT_REGION.
std::shared_ptr<ClientOptions> add_client_options(CLI::App& command);
// The same without --json, for commands whose output is somebody else's.
std::shared_ptr<ClientOptions> add_endpoint_options(CLI::App& command);

// --region of a command that takes a Region alone.
void add_region_option(CLI::App& command, std::string& region, const std::string& about);

// The endpoint and the Region that the environment names.
void read_client_environment(ClientOptions& options);

// Prints "kiln: MESSAGE" on stderr, AWS's messages about values in plain words and others with the
// next step, and returns the exit code that fits the error. `function`: see with_remedies().
int fail(Console& console, const Error& error, const std::string& function = "NAME");

// Prints "kiln: warning: MESSAGE" on stderr.
void warn(Console& console, const std::string& message);

// Prints a sentence on stderr as it is.
void note(Console& console, const std::string& sentence);

// fail() for an operation on the function `name`: that it is not there says so in Kiln's words
// unless the service says what else is missing.
int fail_on(Console& console, const Error& error, const std::string& name, const ApiOptions& api);

// "no function 'x'; `kiln list` shows what is there", with the Region where it is not the default.
Error no_such_function(const std::string& name, const ApiOptions& api);

// "'x' has no alias 'live'; …", after a look whether it is the function that is missing.
Error no_such_qualifier(const std::string& name, const std::string& qualifier,
                        const ApiOptions& api);

// One of both, for NAME or NAME:QUALIFIER.
Error no_such_target(const std::string& target, const ApiOptions& api);
Error no_such_target(const FunctionTarget& target, const ApiOptions& api);

// The answer of each command that deletes something, with --json: {"deleted": ["x"]}.
std::string deleted_document(const std::vector<std::string>& names);

// In the order of `kiln --help`.
void add_serve_command(CLI::App& app, Invocation& invocation);
void add_new_command(CLI::App& app, Invocation& invocation);
void add_create_command(CLI::App& app, Invocation& invocation);
void add_invoke_command(CLI::App& app, Invocation& invocation);
void add_list_command(CLI::App& app, Invocation& invocation);
void add_logs_command(CLI::App& app, Invocation& invocation);
void add_top_command(CLI::App& app, Invocation& invocation);
void add_delete_command(CLI::App& app, Invocation& invocation);
void add_publish_command(CLI::App& app, Invocation& invocation);
void add_alias_command(CLI::App& app, Invocation& invocation);
void add_reserve_command(CLI::App& app, Invocation& invocation);
void add_provision_command(CLI::App& app, Invocation& invocation);
void add_scale_command(CLI::App& app, Invocation& invocation);
void add_alarm_command(CLI::App& app, Invocation& invocation);
void add_url_command(CLI::App& app, Invocation& invocation);
void add_layer_command(CLI::App& app, Invocation& invocation);
void add_event_command(CLI::App& app, Invocation& invocation);
void add_deploy_command(CLI::App& app, Invocation& invocation);
void add_stacks_command(CLI::App& app, Invocation& invocation);
void add_destroy_command(CLI::App& app, Invocation& invocation);
void add_lint_command(CLI::App& app, Invocation& invocation);
void add_tune_command(CLI::App& app, Invocation& invocation);
void add_cost_command(CLI::App& app, Invocation& invocation);
void add_load_command(CLI::App& app, Invocation& invocation);
void add_env_command(CLI::App& app, Invocation& invocation);
void add_aws_command(CLI::App& app, Invocation& invocation);
void add_doctor_command(CLI::App& app, Invocation& invocation);
void add_completion_command(CLI::App& app, Invocation& invocation);
void add_reference_command(CLI::App& app, Invocation& invocation);
void add_version_command(CLI::App& app, Invocation& invocation);

}  // namespace kiln::cli
