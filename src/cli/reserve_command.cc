#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/named_function.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr const char* kNone = "none";

std::string reserve_path(const std::string& name, const char* date) {
  return "/" + std::string(date) + "/functions/" + percent_encode(name) + "/concurrency";
}

std::string check_units(const std::string& text) {
  constexpr int kMost = 1'000'000;
  int units = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, units);
  if (text == kNone || (error == std::errc() && stop == end && units >= 0 && units <= kMost))
    return "";
  return "is '" + text + "'; it must be a whole number from 0 to " + std::to_string(kMost) +
         ", or none";
}

int run_reserve(Console& console, const ClientOptions& options, const std::string& text,
                const std::string& units) {
  const Result<NamedFunction> function =
      read_whole_function(text, options.api, "a reserve is for a whole function");
  if (!function) return fail(console, function.error());
  const std::string& name = function->target.name;
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  Result<json> answer = json::object();
  if (units.empty())
    answer = client->json({.path = reserve_path(name, "2019-09-30")});
  else if (units == kNone)
    answer = client->json({.method = "DELETE", .path = reserve_path(name, "2017-10-31")});
  else
    answer = send_document(*client, "PUT", reserve_path(name, "2017-10-31"),
                           {{"ReservedConcurrentExecutions", std::stoi(units)}});
  if (!answer) return fail_on(console, answer.error(), name, function->api);
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(answer->is_object() ? *answer : json::object()) << '\n';
    return kExitOk;
  }
  const int64_t reserved = number_at(*answer, "ReservedConcurrentExecutions", -1);
  if (reserved < 0)
    console.out << function->name << " reserves nothing\n";
  else
    console.out << function->name << " reserves " << reserved
                << (reserved == 0 ? ": it is stopped" : "") << '\n';
  return kExitOk;
}

}  // namespace

void add_reserve_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("reserve", "Show or set a function's reserved concurrency");
  command->footer(
      "Reserved concurrency is the number of invocations that may run at once: a share of the\n"
      "account's concurrency that others can't use, and a ceiling. 0 stops the function.\n"
      "\n"
      "Examples:\n"
      "  kiln reserve hello\n"
      "  kiln reserve hello 20\n"
      "  kiln reserve hello none");
  auto name = std::make_shared<std::string>();
  auto units = std::make_shared<std::string>();
  command->add_option("name", *name, "Name of the function")->required();
  command->add_option("concurrency", *units, "How many invocations at once, or none")
      ->type_name("N|none")
      ->check(check_units);
  auto options = add_client_options(*command);
  command->callback([&invocation, options, name, units] {
    invocation.exit_code = run_reserve(invocation.console, *options, *name, *units);
  });
}

}  // namespace kiln::cli
