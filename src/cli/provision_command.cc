#include <nlohmann/json.hpp>
#include <thread>

#include "base/duration_text.h"
#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/named_function.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

constexpr int kShow = -1;
constexpr auto kReadyEvery = std::chrono::milliseconds(50);

struct ProvisionOptions {
  std::string target;
  int units = kShow;
  bool wait = false;
};

std::string provision_path(const FunctionTarget& target) {
  return "/2019-09-30/functions/" + percent_encode(target.name) +
         "/provisioned-concurrency?Qualifier=" + percent_encode(target.qualifier);
}

// What GetProvisionedConcurrencyConfig says once it is no longer in progress.
Result<json> wait_until_ready(ApiClient& client, const NamedFunction& function) {
  while (true) {
    Result<json> answer = client.json({.path = provision_path(function.target)});
    if (!answer) return answer;
    const std::string status = string_at(*answer, "Status");
    if (status == "FAILED")
      return Error{
          ErrorKind::kBadGateway, "Failed",
          "provisioning " + function.text() + " failed: " + string_at(*answer, "StatusReason")};
    if (status != "IN_PROGRESS") return answer;
    std::this_thread::sleep_for(kReadyEvery);
  }
}

int run_provision(Console& console, const ClientOptions& options, const ProvisionOptions& wish) {
  const auto function = read_qualified_function(
      wish.target, options.api, "provisioned concurrency belongs to a version or an alias");
  if (!function) return fail(console, function.error());
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  const std::string path = provision_path(function->target);
  Result<json> answer = json::object();
  if (wish.units == kShow)
    answer = client->json({.path = path});
  else if (wish.units == 0)
    answer = client->json({.method = "DELETE", .path = path});
  else
    answer = send_document(*client, "PUT", path, {{"ProvisionedConcurrentExecutions", wish.units}});
  if (answer && wish.wait && wish.units != 0) answer = wait_until_ready(*client, *function);
  const bool none =
      !answer && answer.error().type == "ProvisionedConcurrencyConfigNotFoundException";
  if (!answer && !none) return fail(console, error_on(*function, answer.error()), function->name);
  const json document = none || !answer->is_object() ? json::object() : *answer;
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(document) << '\n';
    return kExitOk;
  }
  if (document.empty()) {
    console.out << function->text() << " provisions nothing\n";
    return kExitOk;
  }
  console.out << function->text() << " provisions "
              << number_at(document, "RequestedProvisionedConcurrentExecutions") << "  ready "
              << number_at(document, "AvailableProvisionedConcurrentExecutions") << "  "
              << string_at(document, "Status") << '\n';
  return kExitOk;
}

}  // namespace

void add_provision_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "provision", "Show or set the provisioned concurrency of a version or alias");
  command->footer(
      "Provisioned concurrency is a number of execution environments that are started before\n"
      "they are needed. Invocations beyond it spill over to environments started on demand.\n"
      "\n"
      "Examples:\n"
      "  kiln provision hello:live\n"
      "  kiln provision hello:live 5 --wait\n"
      "  kiln provision hello:live 0              end it");
  auto wish = std::make_shared<ProvisionOptions>();
  command->add_option("target", wish->target, "The version or alias")
      ->required()
      ->type_name("NAME:QUALIFIER");
  command->add_option("concurrency", wish->units, "How many environments; 0 or none ends it")
      ->type_name("N|none")
      ->transform(CLI::Validator(
          [](std::string& text) {
            if (text == "none") text = "0";  // as `kiln reserve` takes it
            return std::string();
          },
          ""))
      ->check(number_between(0, 1'000'000));
  command->add_flag("--wait", wish->wait, "Return when all of them are ready");
  auto options = add_client_options(*command);
  command->callback([&invocation, options, wish] {
    invocation.exit_code = run_provision(invocation.console, *options, *wish);
  });
}

}  // namespace kiln::cli
