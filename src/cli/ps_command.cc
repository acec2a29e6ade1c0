#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/environment_list.h"
#include "cli/inspect_commands.h"
#include "cli/named_function.h"
#include "cli/size_text.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

int run_ps(Console& console, const ClientOptions& options, const std::string& wish) {
  Result<NamedFunction> function = NamedFunction{{}, {}, options.api};  // of any name
  if (!wish.empty()) function = read_function(wish, options.api);
  if (!function) return fail(console, function.error());
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  // Environments may be left of a function that is gone; a qualifier is the function's.
  Result<nlohmann::json> configuration = nlohmann::json();
  if (!wish.empty()) configuration = configuration_of(*client, *function);
  if (!configuration && !function->qualifier().empty()) return fail(console, configuration.error());
  Result<nlohmann::json> all = list_environments(*client);
  if (!all) return fail(console, all.error());
  const auto is_wanted = [&](const nlohmann::json& each) {
    if (wish.empty()) return true;
    return string_at(each, "function") == function->name &&
           (function->qualifier().empty() ||
            string_at(each, "version") == string_at(*configuration, "Version"));
  };
  nlohmann::json wanted = nlohmann::json::array();
  for (nlohmann::json& each : *all)
    if (is_wanted(each)) wanted.push_back(std::move(each));
  if (wanted.empty() && !configuration) return fail(console, configuration.error());
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(wanted) << '\n';
    return kExitOk;
  }
  if (wanted.empty()) {
    note(console,
         "no execution environment " +
             (wish.empty() ? "in " + options.api.region : "of '" + function->text() + "'") +
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
