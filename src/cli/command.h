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

#include "cli/api_client.h"
#include "cli/console.h"
#include "cli/serve.h"

namespace kiln::cli {

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

// Prints "kiln: MESSAGE" on stderr and returns the exit code that fits the error.
int fail(Console& console, const Error& error);

// "no function 'x'; `kiln list` shows what is there", with the Region where it is not the default.
Error no_such_function(const std::string& name, const ApiOptions& api);

void add_serve_command(CLI::App& app, Invocation& invocation);
void add_new_command(CLI::App& app, Invocation& invocation);
void add_create_command(CLI::App& app, Invocation& invocation);
void add_invoke_command(CLI::App& app, Invocation& invocation);
void add_list_command(CLI::App& app, Invocation& invocation);
void add_logs_command(CLI::App& app, Invocation& invocation);
void add_top_command(CLI::App& app, Invocation& invocation);
void add_lint_command(CLI::App& app, Invocation& invocation);
void add_deploy_command(CLI::App& app, Invocation& invocation);
void add_destroy_command(CLI::App& app, Invocation& invocation);
void add_stacks_command(CLI::App& app, Invocation& invocation);
void add_delete_command(CLI::App& app, Invocation& invocation);
void add_version_command(CLI::App& app, Invocation& invocation);

}  // namespace kiln::cli
