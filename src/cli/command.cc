#include "cli/command.h"

#include <cstdlib>
#include <initializer_list>

namespace kiln::cli {
namespace {

std::string first_set(std::initializer_list<const char*> names, std::string otherwise) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return otherwise;
}

}  // namespace

std::shared_ptr<ClientOptions> add_client_options(CLI::App& command) {
  auto options = std::make_shared<ClientOptions>();
  options->api.endpoint =
      first_set({"KILN_ENDPOINT", "AWS_ENDPOINT_URL"}, std::move(options->api.endpoint));
  options->api.region =
      first_set({"AWS_REGION", "AWS_DEFAULT_REGION"}, std::move(options->api.region));
  command
      .add_option("--endpoint", options->api.endpoint,
                  "Where Kiln answers [KILN_ENDPOINT, AWS_ENDPOINT_URL]")
      ->type_name("URL")
      ->capture_default_str();
  command.add_option("--region", options->api.region, "AWS Region [AWS_REGION]")
      ->type_name("NAME")
      ->capture_default_str();
  command.add_flag_callback(
      "--json", [options] { options->format = OutputFormat::kJson; }, "Print JSON, for programs");
  return options;
}

int fail(Console& console, const Error& error) {
  console.err << console.paint_err(Style::kRed, "kiln:") << ' ' << error.message << '\n';
  if (error.type == kCannotConnect) return kExitNoAnswer;
  if (error.type == "Usage") return kExitUsage;
  return kExitFailed;
}

Error no_such_function(const std::string& name, const ApiOptions& api) {
  std::string list = "kiln list";
  if (api.region != ApiOptions().region) list += " --region " + api.region;
  return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
               "no function '" + name + "'; `" + list + "` shows what is there"};
}

}  // namespace kiln::cli
