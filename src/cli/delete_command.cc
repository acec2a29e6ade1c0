#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "cli/command.h"
#include "cli/consent.h"
#include "cli/function_api.h"
#include "cli/named_function.h"
#include "cli/shell.h"
#include "cli/stack_client.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

enum class Confirm { kAsk, kNo };

struct DeleteOptions {
  std::string name;
  Confirm confirm = Confirm::kAsk;
};

// There is none; a stack may have its name.
Error nothing_to_delete(ApiClient& client, const NamedFunction& function) {
  if (const auto stack = StackClient(client).find(function.text()); stack && !stack->is_null())
    return {ErrorKind::kNotFound, "ResourceNotFoundException",
            "'" + function.text() + "' is a stack and no function; `kiln destroy " +
                function.words() + "` deletes it with its functions"};
  return no_such_target(function.target, function.api);
}

int run_delete(Console& console, const ClientOptions& client_options,
               const DeleteOptions& options) {
  const Result<NamedFunction> function = read_function(options.name, client_options.api);
  if (!function) return fail(console, function.error());
  const std::string& qualifier = function->qualifier();
  if (!qualifier.empty() && qualifier != "$LATEST" &&
      !std::all_of(qualifier.begin(), qualifier.end(), ascii::is_digit))
    return fail(console, usage("'" + options.name + "' is an alias; `kiln alias delete " +
                               shell_word(function->name) + " " + shell_word(qualifier) +
                               region_words(function->api) + "` deletes it"));
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  const auto fail_here = [&](const Error& error) {
    return fail(console, error.type == "ResourceNotFoundException"
                             ? nothing_to_delete(*client, *function)
                             : error);
  };
  const bool asks = options.confirm == Confirm::kAsk && is_anybody_there(console);
  if (asks || !qualifier.empty()) {
    // A question about what isn't there would be a strange one, and the API deletes a version that
    // isn't there with success.
    const auto there = client->json({.path = configuration_path(function->target)});
    if (!there) return fail_here(there.error());
  }
  if (asks) {
    const std::string question =
        qualifier.empty()
            ? "Delete the function '" + function->name + "' with its code, versions and aliases?"
            : "Delete version " + qualifier + " of the function '" + function->name + "'?";
    const int code = ask(console, question, "nothing was deleted");
    if (code != kExitOk) return code;
  }
  Result<nlohmann::json> answer =
      client->json({.method = "DELETE",
                    .path = function_path(function->target.name) + qualifier_query(qualifier)});
  if (!answer) return fail_here(answer.error());
  if (client_options.format == OutputFormat::kJson) {
    console.out << deleted_document({function->text()});
  } else {
    console.out << "deleted " << function->text() << '\n';
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
      "  kiln delete hello --yes\n"
      "  kiln delete hello:1 --yes                version 1 alone");
  auto options = std::make_shared<DeleteOptions>();
  command->add_option("name", options->name, "Name of the function, or one of its versions")
      ->type_name("NAME[:VERSION]")
      ->required();
  command->add_flag_callback(
      "--yes,-y", [options] { options->confirm = Confirm::kNo; }, "Do it without asking");
  auto client_options = add_client_options(*command);
  command->callback([&invocation, options, client_options] {
    invocation.exit_code = run_delete(invocation.console, *client_options, *options);
  });
}

}  // namespace kiln::cli
