#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

Result<nlohmann::json> list_functions(ApiClient& client) {
  nlohmann::json all = nlohmann::json::array();
  std::string marker;
  do {
    std::string path = "/2015-03-31/functions/?MaxItems=50";
    if (!marker.empty()) path += "&Marker=" + percent_encode(marker);
    Result<nlohmann::json> page = client.json({.method = "GET", .path = path});
    if (!page) return page;
    if (!page->is_object()) break;
    for (nlohmann::json& function : (*page)["Functions"]) all.push_back(std::move(function));
    marker = string_at(*page, "NextMarker");
  } while (!marker.empty());
  return all;
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
    console.err << "no functions in " << options.api.region
                << " yet; `kiln create NAME DIR` makes one\n";
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
               string_at(function, "LastModified")});
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
