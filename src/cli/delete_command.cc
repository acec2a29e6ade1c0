#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/consent.h"
#include "cli/function_api.h"

namespace kiln::cli {
namespace {

enum class Confirm { kAsk, kNo };

struct DeleteOptions {
  std::string name;
  Confirm confirm = Confirm::kAsk;
};

int run_delete(Console& console, const ClientOptions& client_options,
               const DeleteOptions& options) {
  Result<ApiClient> client = ApiClient::create(client_options.api);
  if (!client) return fail(console, client.error());
  if (options.confirm == Confirm::kAsk && is_anybody_there(console)) {
    // A question about what isn't there would be a strange one.
    const auto there = client->json({.path = function_path(options.name) + "/configuration"});
    if (!there) return fail_on(console, there.error(), options.name, client_options.api);
    const int code = ask(
        console, "Delete the function '" + options.name + "' with its code, versions and aliases?",
        "nothing was deleted");
    if (code != kExitOk) return code;
  }
  Result<nlohmann::json> answer =
      client->json({.method = "DELETE", .path = function_path(options.name)});
  if (!answer) {
    if (answer.error().type == "ResourceNotFoundException") {
      return fail(console, no_such_function(options.name, client_options.api));
    }
    return fail(console, answer.error());
  }
  if (client_options.format == OutputFormat::kJson) {
    console.out << deleted_document({options.name});
  } else {
    console.out << "deleted " << options.name << '\n';
  }
  return kExitOk;
}

}  // namespace

void add_delete_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("delete", "Delete a function with its versions and aliases");
  command->footer(
      "On a terminal it asks first. The function's log stays.\n"
      "\n"
      "Examples:\n"
      "  kiln delete hello\n"
      "  kiln delete hello --yes");
  auto options = std::make_shared<DeleteOptions>();
  command->add_option("name", options->name, "Name of the function")->required();
  command->add_flag_callback(
      "--yes,-y", [options] { options->confirm = Confirm::kNo; }, "Do it without asking");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_delete(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
