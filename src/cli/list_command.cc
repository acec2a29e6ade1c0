#include <nlohmann/json.hpp>
#include <string_view>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

// AWS writes "2026-01-21T11:30:00.000+0000"; the second is enough to read.
std::string to_the_second(const std::string& time) {
  constexpr std::string_view kUtc = "+0000";
  const size_t fraction = time.find('.');
  if (fraction == std::string::npos || !time.ends_with(kUtc)) return time;
  return time.substr(0, fraction) + "Z";
}

int run_list(Console& console, const ClientOptions& options) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  Result<nlohmann::json> functions = list_functions(*client);
  if (!functions) return fail(console, functions.error());
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(*functions) << '\n';
    return kExitOk;
  }
  if (functions->empty()) {
    note(console,
         "no functions in " + options.api.region + " yet; `kiln create NAME DIR` makes one");
    return kExitOk;
  }
  Table table({{"NAME"},
               {"RUNTIME"},
               {"MEMORY", Align::kRight},
               {"TIMEOUT", Align::kRight},
               {"LAST MODIFIED"}});
  for (const nlohmann::json& function : *functions) {
    table.add({string_at(function, "FunctionName"), string_at(function, "Runtime"),
               std::to_string(number_at(function, "MemorySize")) + " MB",
               std::to_string(number_at(function, "Timeout")) + " s",
               to_the_second(string_at(function, "LastModified"))});
  }
  console.out << table.format(console);
  return kExitOk;
}

}  // namespace

void add_list_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("list", "List the functions of a Region");
  command->footer(
      "Examples:\n"
      "  kiln list\n"
      "  kiln list --region eu-west-1\n"
      "  kiln list --json | jq -r '.[].FunctionName'");
  auto options = add_client_options(*command);
  command->callback(
      [&invocation, options] { invocation.exit_code = run_list(invocation.console, *options); });
}

}  // namespace kiln::cli
