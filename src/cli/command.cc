#include "cli/command.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/json_access.h"
#include "base/near_word.h"
#include "cli/function_api.h"
#include "cli/named_function.h"
#include "cli/plain_words.h"
#include "cli/remedies.h"
#include "cli/table.h"
#include "cli/table_fit.h"

namespace kiln::cli {
namespace {

std::string first_set(std::initializer_list<const char*> names, std::string otherwise) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return otherwise;
}

// "us-east-1": words, and a number at the end. Which Regions there are changes too often.
std::string check_region(std::string& text) {
  const size_t number = text.rfind('-') + 1;  // 0: there is no '-'
  const bool fits =
      number > 1 && number < text.size() && ascii::is_lower(text.front()) &&
      std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(number),
                  [](char c) { return ascii::is_lower(c) || c == '-'; }) &&
      std::all_of(text.begin() + static_cast<std::ptrdiff_t>(number), text.end(), ascii::is_digit);
  return fits ? "" : "is '" + text + "'; a Region has a name such as us-east-1";
}

// The variable that names the Region; the other one counts where it says nothing.
std::string region_variable() {
  const char* value = std::getenv("AWS_REGION");
  return value != nullptr && *value != '\0' ? "AWS_REGION" : "AWS_DEFAULT_REGION";
}

// "…:function:hello:live" in a message about `name`: "live".
std::string qualifier_in(const std::string& message, const std::string& name) {
  const std::string mark = ":" + name + ":";
  const size_t at = message.rfind(mark);
  if (at == std::string::npos) return "";
  const size_t from = at + mark.size();
  return message.substr(from, message.find_first_of(" .,", from) - from);
}

// The function that somebody may have meant by `name`, which isn't there; "" when none is near, or
// when nobody says which there are.
std::string near_function(const std::string& name, const ApiOptions& api) {
  Result<ApiClient> client = ApiClient::create(api);
  if (!client) return "";
  constexpr size_t kEnough = 500;  // not a request for each fifty of ten thousand
  const Result<nlohmann::json> functions = list_functions(*client, kEnough);
  if (!functions) return "";
  std::vector<std::string> names;
  for (const nlohmann::json& one : *functions) names.push_back(string_at(one, "FunctionName"));
  return near_word(name, names);
}

}  // namespace

void read_client_environment(ClientOptions& options) {
  options.api.endpoint =
      first_set({"KILN_ENDPOINT", "AWS_ENDPOINT_URL"}, std::move(options.api.endpoint));
  options.api.region =
      first_set({"AWS_REGION", "AWS_DEFAULT_REGION"}, std::move(options.api.region));
}

std::shared_ptr<ClientOptions> add_endpoint_options(CLI::App& command) {
  auto options = std::make_shared<ClientOptions>();
  read_client_environment(*options);
  command
      .add_option("--endpoint", options->api.endpoint,
                  "Where Kiln answers [KILN_ENDPOINT, AWS_ENDPOINT_URL]")
      ->type_name("URL")
      ->capture_default_str();
  add_region_option(command, options->api.region, "AWS Region [AWS_REGION]");
  return options;
}

void add_region_option(CLI::App& command, std::string& region, const std::string& about) {
  region = first_set({"AWS_REGION", "AWS_DEFAULT_REGION"}, std::move(region));
  command.add_option("--region", region, about)
      ->type_name("NAME")
      ->envname(region_variable())
      ->check(CLI::Validator(check_region, ""))
      ->capture_default_str();
}

std::shared_ptr<ClientOptions> add_client_options(CLI::App& command) {
  auto options = add_endpoint_options(command);
  command.add_flag_callback(
      "--json", [options] { options->format = OutputFormat::kJson; }, "Print JSON, for programs");
  return options;
}

int fail(Console& console, const Error& error, const std::string& function) {
  Error said = in_plain_words(error);
  said.message = with_remedies(said.message, function);
  console.err << for_console_err(console,
                                 console.paint_err(Style::kRed, "kiln:") + " " +
                                     (said.message.empty() ? said.type : said.message),
                                 kBelowKiln)
              << '\n';
  if (said.type == kCannotConnect || said.type == kBadAnswer) return kExitNoAnswer;
  if (said.type == "Usage") return kExitUsage;
  if (said.type == kInterrupted) return kExitInterrupted;
  return kExitFailed;
}

void warn(Console& console, const std::string& message) {
  console.err << for_console_err(
                     console, console.paint_err(Style::kYellow, "kiln:") + " warning: " + message,
                     kBelowKiln)
              << '\n';
}

void note(Console& console, const std::string& sentence) {
  console.err << for_console_err(console, sentence, 0) << '\n';
}

int fail_on(Console& console, const Error& error, const std::string& name, const ApiOptions& api) {
  const bool no_alias = error.message.find("Cannot find alias arn") != std::string::npos;
  const bool gone = error.type == "ResourceNotFoundException" &&
                    (error.message.empty() || error.message.starts_with("Function not found") ||
                     error.message.starts_with("Function does not exist"));
  if (!gone && !no_alias) return fail(console, error, name);
  FunctionTarget target = split_target(name);
  if (target.qualifier.empty()) target.qualifier = qualifier_in(error.message, plain_name(target));
  return fail(console, no_such_target(target, api));
}

Error no_such_qualifier(const std::string& name, const std::string& qualifier,
                        const ApiOptions& api) {
  Result<ApiClient> client = ApiClient::create(api);
  if (client) {
    const auto there = client->json({.path = function_path(name) + "/configuration"});
    if (!there && there.error().type == "ResourceNotFoundException")
      return no_such_function(name, api);
  }
  const bool number = std::all_of(qualifier.begin(), qualifier.end(), ascii::is_digit);
  const std::string words = name + region_words(api);
  const std::string next = number ? "`kiln publish " + words + "` publishes one"
                                  : "`kiln alias list " + words + "` shows those that are there";
  return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
               "'" + name + "' has no " +
                   (number ? "version " + qualifier : "alias '" + qualifier + "'") + "; " + next};
}

Error no_such_function(const std::string& name, const ApiOptions& api) {
  const std::string list = "kiln list" + region_words(api);
  const std::string near = near_function(name, api);
  return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
               "no function '" + name + "'; " +
                   (near.empty() ? "" : "did you mean " + near + "? ") + "`" + list +
                   "` shows what is there"};
}

Error no_such_target(const std::string& target, const ApiOptions& api) {
  return no_such_target(split_target(target), api);
}

Error no_such_target(const FunctionTarget& parts, const ApiOptions& api) {
  ApiOptions there = api;
  // Functions are those of a Region, and an ARN names its own: arn:aws:lambda:REGION:…
  if (const std::string region = region_of(parts); !region.empty()) there.region = region;
  if (parts.qualifier.empty() || parts.qualifier == "$LATEST")
    return no_such_function(plain_name(parts), there);
  return no_such_qualifier(plain_name(parts), parts.qualifier, there);
}

std::string deleted_document(const std::vector<std::string>& names) {
  return json_dump(nlohmann::json{{"deleted", names}}) + "\n";
}

}  // namespace kiln::cli
