#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/named_function.h"

namespace kiln::cli {
namespace {

int run_publish(Console& console, const ClientOptions& options, const std::string& text,
                const std::string& description) {
  const Result<NamedFunction> function =
      read_whole_function(text, options.api, "versions are made of a whole function");
  if (!function) return fail(console, function.error());
  const std::string& name = function->target.name;
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  nlohmann::json document = nlohmann::json::object();
  if (!description.empty()) document["Description"] = description;
  const auto version = send_document(*client, "POST", function_path(name) + "/versions", document);
  if (!version) return fail_on(console, version.error(), name, function->api);
  const std::string number = string_at(*version, "Version");
  if (options.format == OutputFormat::kText)
    console.out << "published " << function->name << "  version " << number << '\n' << std::flush;
  const Result<nlohmann::json> made = wait_for_version(*client, name, *version);
  if (!made) return fail(console, made.error());
  if (options.format == OutputFormat::kJson) console.out << json_pretty(*made) << '\n';
  return kExitOk;
}

}  // namespace

void add_publish_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("publish", "Publish a version of a function");
  command->footer(
      "A version is an immutable copy of the function's code and settings. Publishing code that\n"
      "has not changed since the last version answers with that version.\n"
      "\n"
      "Examples:\n"
      "  kiln publish hello\n"
      "  kiln publish hello --description 'with discounts' --json | jq -r .Version");
  auto name = std::make_shared<std::string>();
  auto description = std::make_shared<std::string>();
  command->add_option("name", *name, "Name of the function")->required();
  command->add_option("--description", *description, "Description of the version")
      ->type_name("TEXT");
  auto options = add_client_options(*command);
  command->callback([&invocation, options, name, description] {
    invocation.exit_code = run_publish(invocation.console, *options, *name, *description);
  });
}

}  // namespace kiln::cli
