#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/environment_list.h"
#include "cli/function_api.h"
#include "cli/inspect_commands.h"
#include "cli/size_text.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

int run_ps(Console& console, const ClientOptions& options, const std::string& function) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  Result<nlohmann::json> all = list_environments(*client);
  if (!all) return fail(console, all.error());
  const FunctionTarget target = split_target(function);
  const auto refuse = [&](const Error& error) {
    return fail(console, error.type == "ResourceNotFoundException"
                             ? no_such_target(function, options.api)
                             : error);
  };
  const Result<std::string> version = version_of(*client, target);
  if (!version) return refuse(version.error());
  nlohmann::json wanted = nlohmann::json::array();
  for (nlohmann::json& each : *all)
    if (function.empty() || (string_at(each, "function") == plain_name(target) &&
                             (version->empty() || string_at(each, "version") == *version)))
      wanted.push_back(std::move(each));
  if (wanted.empty() && !function.empty())
    if (const auto there = client->json({.path = configuration_path(target)}); !there)
      return refuse(there.error());
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(wanted) << '\n';
    return kExitOk;
  }
  if (wanted.empty()) {
    note(console, "no execution environment " +
                      (function.empty() ? "in " + options.api.region : "of '" + function + "'") +
                      " now; an invocation starts one");
    return kExitOk;
  }
  Table table({{"ID"},
               {"FUNCTION"},
               {"VERSION"},
               {"PHASE"},
               {"PID", Align::kRight},
               {"MEMORY", Align::kRight},
               {"AGE", Align::kRight},
               {"DEBUGGER"}});
  for (const nlohmann::json& each : wanted) {
    const EnvironmentRow row = row_of(each);
    table.add({row.id, row.function, row.version, row.phase,
               row.pid > 0 ? std::to_string(row.pid) : "-", size_text(row.memory_bytes),
               age_text(row.age_ms), row.debugger});
  }
  console.out << table.format(console);
  return kExitOk;
}

}  // namespace

void add_ps_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("ps", "List execution environments and their processes");
  command->footer(
      "An execution environment is the sandbox in which a function's process runs; it serves one\n"
      "invocation at a time and is kept for the next. `kiln files` and `kiln exec` look into one.\n"
      "\n"
      "Examples:\n"
      "  kiln ps\n"
      "  kiln ps hello --json | jq -r '.[].pid'");
  auto function = std::make_shared<std::string>();
  command
      ->add_option("name", *function,
                   "Only environments of this function, or of a version or alias")
      ->type_name("NAME[:QUALIFIER]");
  auto options = add_client_options(*command);
  command->callback([&invocation, options, function] {
    invocation.exit_code = run_ps(invocation.console, *options, *function);
  });
}

}  // namespace kiln::cli
