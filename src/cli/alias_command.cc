#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "cli/command.h"
#include "cli/function_api.h"
#include "cli/named_function.h"
#include "cli/table.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

std::string aliases_path(const NamedFunction& function) {
  return function_path(function.target.name) + "/aliases";
}

Result<NamedFunction> read_owner(const std::string& text, const ApiOptions& api) {
  return read_whole_function(text, api, "aliases belong to a whole function");
}

// "2=0.1": version 2 gets a tenth of the invocations.
Result<json> read_route(const std::string& text) {
  const size_t equals = text.find('=');
  double weight = 0;
  if (equals != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, weight);
    if (equals > 0 && error == std::errc() && stop == end && weight >= 0 && weight <= 1)
      return json{{text.substr(0, equals), weight}};
  }
  return Error{
      ErrorKind::kInvalid, "Usage",
      "--route is '" + text + "'; it takes VERSION=WEIGHT with a weight from 0 to 1, as in 2=0.1"};
}

std::string route_text(const json& alias) {
  std::string out;
  const json& weights =
      json_member(json_member(alias, "RoutingConfig"), "AdditionalVersionWeights");
  for (const auto& [version, weight] : weights.items())
    out += (out.empty() ? "" : ", ") + version + "=" + json_dump(weight);
  return out;
}

int list_aliases(Console& console, const ClientOptions& options, const std::string& text) {
  const Result<NamedFunction> function = read_owner(text, options.api);
  if (!function) return fail(console, function.error());
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  const auto answer = client->json({.path = aliases_path(*function)});
  if (!answer) return fail_on(console, answer.error(), function->target.name, function->api);
  const json aliases = json_list(*answer, "Aliases");
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(aliases) << '\n';
    return kExitOk;
  }
  if (aliases.empty())
    note(console, function->name + " has no aliases; `kiln alias set " + function->words() +
                      " live 1` makes one");
  Table table({{"ALIAS"}, {"VERSION"}, {"ROUTE"}, {"DESCRIPTION"}});
  for (const json& alias : aliases)
    table.add({string_at(alias, "Name"), string_at(alias, "FunctionVersion"), route_text(alias),
               string_at(alias, "Description")});
  if (!aliases.empty()) console.out << table.format(console);
  return kExitOk;
}

struct SetAlias {
  std::string name, alias, version, route, description;
};

int set_alias(Console& console, const ClientOptions& options, const SetAlias& set) {
  const Result<NamedFunction> function = read_owner(set.name, options.api);
  if (!function) return fail(console, function.error());
  json document = {{"Name", set.alias}, {"FunctionVersion", set.version}};
  // An alias that is set again without a route has none.
  json weights = json::object();
  if (!set.route.empty()) {
    Result<json> route = read_route(set.route);
    if (!route) return fail(console, route.error());
    weights = *std::move(route);
  }
  document["RoutingConfig"] = {{"AdditionalVersionWeights", weights}};
  if (!set.description.empty()) document["Description"] = set.description;
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  const std::string path = aliases_path(*function);
  auto answer = send_document(*client, "POST", path, document);
  bool made = true;
  if (!answer && answer.error().type == "ResourceConflictException") {
    made = false;
    document.erase("Name");  // it stands in the path
    answer = send_document(*client, "PUT", path + "/" + percent_encode(set.alias), document);
  }
  if (!answer) return fail_on(console, answer.error(), function->target.name, function->api);
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(*answer) << '\n';
    return kExitOk;
  }
  console.out << (made ? "created " : "updated ") << function->name << ':' << set.alias
              << "  version " << string_at(*answer, "FunctionVersion");
  if (const std::string route = route_text(*answer); !route.empty())
    console.out << "  route " << route;
  console.out << '\n';
  return kExitOk;
}

int delete_alias(Console& console, const ClientOptions& options, const std::string& text,
                 const std::string& alias) {
  const Result<NamedFunction> function = read_owner(text, options.api);
  if (!function) return fail(console, function.error());
  const std::string& name = function->name;
  Result<ApiClient> client = ApiClient::create(function->api);
  if (!client) return fail(console, client.error());
  const std::string path = aliases_path(*function) + "/" + percent_encode(alias);
  // Deleting what isn't there succeeds in the API; to whoever mistyped a name it says nothing.
  if (const auto there = client->json({.path = path}); !there)
    return there.error().type == "ResourceNotFoundException"
               ? fail(console, no_such_qualifier(name, alias, function->api))
               : fail(console, there.error());
  const auto answer = client->json({.method = "DELETE", .path = path});
  if (!answer) return fail_on(console, answer.error(), function->target.name, function->api);
  if (options.format == OutputFormat::kJson)
    console.out << deleted_document({name + ":" + alias});
  else
    console.out << "deleted " << name << ':' << alias << '\n';
  return kExitOk;
}

}  // namespace

void add_alias_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("alias", "List, set, and delete aliases of a function");
  command->require_subcommand(1);
  command->footer(
      "An alias is a name for a version. With a route it sends a part of the invocations to a\n"
      "second version.\n"
      "\n"
      "Examples:\n"
      "  kiln alias list hello\n"
      "  kiln alias set hello live 3\n"
      "  kiln alias set hello live 3 --route 4=0.1    a tenth goes to version 4\n"
      "  kiln alias delete hello live");
  {
    CLI::App* list = command->add_subcommand("list", "List the aliases");
    auto name = std::make_shared<std::string>();
    list->add_option("name", *name, "Name of the function")->required();
    auto options = add_client_options(*list);
    list->callback([&invocation, options, name] {
      invocation.exit_code = list_aliases(invocation.console, *options, *name);
    });
  }
  {
    CLI::App* set =
        command->add_subcommand("set", "Create an alias, or point it at another version");
    auto what = std::make_shared<SetAlias>();
    set->add_option("name", what->name, "Name of the function")->required();
    set->add_option("alias", what->alias, "Name of the alias")->required();
    set->add_option("version", what->version, "The version it points at")->required();
    set->add_option("--route", what->route, "A second version and its share, from 0 to 1")
        ->type_name("VERSION=WEIGHT");
    set->add_option("--description", what->description, "Description")->type_name("TEXT");
    auto options = add_client_options(*set);
    set->callback([&invocation, options, what] {
      invocation.exit_code = set_alias(invocation.console, *options, *what);
    });
  }
  CLI::App* remove = command->add_subcommand("delete", "Delete an alias");
  auto name = std::make_shared<std::string>();
  auto alias = std::make_shared<std::string>();
  remove->add_option("name", *name, "Name of the function")->required();
  remove->add_option("alias", *alias, "Name of the alias")->required();
  auto options = add_client_options(*remove);
  remove->callback([&invocation, options, name, alias] {
    invocation.exit_code = delete_alias(invocation.console, *options, *name, *alias);
  });
}

}  // namespace kiln::cli
