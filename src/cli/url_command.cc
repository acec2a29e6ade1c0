#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/ascii.h"
#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/named_function.h"
#include "cli/usage.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

enum class UrlWish { kShowOrCreate, kDelete };

std::string url_path(const FunctionTarget& target) {
  return "/2021-10-31/functions/" + percent_encode(target.name) + "/url" +
         qualifier_query(target.qualifier);
}

int run_url(Console& console, const ClientOptions& options, const std::string& text, UrlWish wish) {
  const Result<NamedFunction> function = read_function(text, options.api);
  if (!function) return fail(console, function.error());
  const FunctionTarget& target = function->target;
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  if (std::all_of(target.qualifier.begin(), target.qualifier.end(), ascii::is_digit) &&
      !target.qualifier.empty()) {
    if (const auto there = configuration_of(*client, *function); !there)
      return fail(console, there.error());
    return fail(console,
                usage("'" + text + "' is a version, and a URL belongs to a function or an alias; " +
                      "`kiln alias set " + function->name + " live " + target.qualifier +
                      region_words(function->api) + "` makes an alias of it"));
  }
  const std::string path = url_path(target);
  if (wish == UrlWish::kDelete) {
    const auto gone = client->json({.method = "DELETE", .path = path});
    if (!gone && gone.error().type == "ResourceNotFoundException") {
      if (const auto there = configuration_of(*client, *function); !there)
        return fail(console, there.error());
      return fail(console, {ErrorKind::kNotFound, gone.error().type,
                            "'" + function->text() + "' has no URL to delete; `kiln url " +
                                function->words() + "` makes one"});
    }
    if (!gone) return fail(console, gone.error());
    if (options.format == OutputFormat::kJson)
      console.out << deleted_document({function->text()});
    else
      console.out << function->text() << " has no URL any more\n";
    return kExitOk;
  }
  auto answer = client->json({.path = path});
  if (!answer && answer.error().type == "ResourceNotFoundException")
    answer = send_document(*client, "POST", path, {{"AuthType", "NONE"}});
  if (!answer) return fail(console, error_on(*function, answer.error()), function->name);
  if (options.format == OutputFormat::kJson)
    console.out << json_pretty(*answer) << '\n';
  else
    console.out << string_at(*answer, "FunctionUrl") << '\n';
  return kExitOk;
}

}  // namespace

void add_url_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      app.add_subcommand("url", "Print a function's URL, and create one if there is none");
  command->footer(
      "Anyone who can reach Kiln's port may call it (AuthType NONE).\n"
      "\n"
      "Examples:\n"
      "  kiln url hello\n"
      "  curl -d '{\"name\": \"Ada\"}' \"$(kiln url hello)\"\n"
      "  kiln url hello:live --delete");
  auto target = std::make_shared<std::string>();
  auto wish = std::make_shared<UrlWish>(UrlWish::kShowOrCreate);
  command->add_option("function", *target, "Name, with an alias if the URL should follow one")
      ->required()
      ->type_name("NAME[:ALIAS]");
  command->add_flag_callback(
      "--delete", [wish] { *wish = UrlWish::kDelete; }, "Delete the URL");
  auto options = add_client_options(*command);
  command->callback([&invocation, options, target, wish] {
    invocation.exit_code = run_url(invocation.console, *options, *target, *wish);
  });
}

}  // namespace kiln::cli
