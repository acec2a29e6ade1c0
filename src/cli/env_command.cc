#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/client_environment.h"
#include "cli/command.h"

namespace kiln::cli {
namespace {

constexpr const char* kForms[] = {"sh", "fish", "dotenv", "json"};

std::string check_form(const std::string& text) {
  for (const char* form : kForms)
    if (text == form) return "";
  return "is '" + text + "'; it must be sh, fish, dotenv, or json";
}

int run_env(Console& console, const ClientOptions& options, std::string form) {
  if (options.format == OutputFormat::kJson) form = "json";
  if (const Result<void> checked = check_endpoint(options.api.endpoint); !checked)
    return fail(console, checked.error());
  const auto variables = client_environment(options.api);
  if (form == "json") {
    nlohmann::ordered_json document = nlohmann::ordered_json::object();
    for (const auto& [name, value] : variables) document[name] = value;
    console.out << json_pretty(document) << '\n';
    return kExitOk;
  }
  for (const char* name : kOtherKeys)
    if (form != "dotenv" && std::getenv(name) != nullptr)
      console.out << (form == "fish" ? "set -e " : "unset ") << name << '\n';
  for (const auto& [name, value] : variables) {
    if (form == "fish")
      console.out << "set -gx " << name << ' ' << value << '\n';
    else
      console.out << (form == "sh" ? "export " : "") << name << '=' << value << '\n';
  }
  return kExitOk;
}

}  // namespace

void add_env_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("env", "Print the variables with which AWS's tools and SDKs find Kiln");
  command->footer(
      "Older tools don't read AWS_ENDPOINT_URL (the AWS CLI before 2.13, boto3 before 1.28); use\n"
      "`kiln aws` or give them the endpoint. AWS_PROFILE, AWS_DEFAULT_PROFILE and "
      "AWS_SESSION_TOKEN\n"
      "are unset where they are set, since they belong to other keys.\n"
      "\n"
      "Examples:\n"
      "  eval \"$(kiln env)\"\n"
      "  kiln env --form fish | source\n"
      "  kiln env --form dotenv > .env");
  auto form = std::make_shared<std::string>("sh");
  command->add_option("--form", *form, "sh, fish, dotenv, or json")
      ->type_name("FORM")
      ->check(check_form)
      ->capture_default_str();
  auto options = add_client_options(*command);
  command->callback([&invocation, options, form] {
    invocation.exit_code = run_env(invocation.console, *options, *form);
  });
}

}  // namespace kiln::cli
