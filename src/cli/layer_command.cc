#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/digest.h"
#include "base/json_access.h"
#include "base/near_word.h"
#include "cli/code_source.h"
#include "cli/command.h"
#include "cli/consent.h"
#include "cli/function_api.h"
#include "cli/table.h"
#include "cli/usage_error.h"

namespace kiln::cli {
namespace {

using nlohmann::json;

std::string versions_path(const std::string& name) {
  return "/2018-10-31/layers/" + percent_encode(name) + "/versions";
}

struct LayerOptions {
  std::string name, path, description;
  std::vector<std::string> runtimes;
};

// Python and Node.js look for modules in folders of their own, below /opt. Any other file is found
// by its path.
void warn_if_nobody_looks_there(Console& console, const std::string& path,
                                const std::vector<CodeEntry>& entries) {
  constexpr std::array<std::string_view, 5> kFolders = {"python/", "nodejs/", "bin/", "lib/",
                                                        "extensions/"};
  constexpr std::array<std::string_view, 5> kModules = {".py", ".js", ".mjs", ".cjs",
                                                        "package.json"};
  bool has_modules = false;
  for (const CodeEntry& entry : entries) {
    for (const std::string_view folder : kFolders)
      if (entry.path.starts_with(folder)) return;
    for (const std::string_view ending : kModules)
      has_modules = has_modules || entry.path.ends_with(ending);
  }
  if (!has_modules) return;
  warn(console,
       "'" + path +
           "' has no folder python, nodejs, bin, lib, or extensions, where functions look: put "
           "modules of Python into python, and packages of Node.js into "
           "nodejs/node_modules. Functions find anything else below /opt");
}

int publish_layer(Console& console, const ClientOptions& options, const LayerOptions& layer) {
  Result<CodeSource> source = read_code(layer.path, CodeForm::kPackage);
  if (!source) return fail(console, source.error());
  warn_if_nobody_looks_there(console, layer.path, source->entries);
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  json document = {{"Content", {{"ZipFile", base64_encode(source->zip)}}}};
  if (!layer.description.empty()) document["Description"] = layer.description;
  if (!layer.runtimes.empty()) document["CompatibleRuntimes"] = layer.runtimes;
  const auto answer = send_document(*client, "POST", versions_path(layer.name), document);
  if (!answer) return fail(console, answer.error());
  if (options.format == OutputFormat::kJson)
    console.out << json_pretty(*answer) << '\n';
  else
    console.out << "published " << string_at(*answer, "LayerVersionArn") << '\n';
  return kExitOk;
}

// Of all layers the newest version, or of one layer all versions.
Result<json> list_of(ApiClient& client, const std::string& name) {
  json out = json::array();
  const std::string path = name.empty() ? "/2018-10-31/layers" : versions_path(name);
  std::string marker;
  do {
    const auto page =
        client.json({.path = path + (marker.empty() ? "" : "?Marker=" + percent_encode(marker))});
    if (!page) return page.error();
    for (const json& item : json_list(*page, name.empty() ? "Layers" : "LayerVersions"))
      out.push_back(item);
    marker = string_at(*page, "NextMarker");
  } while (!marker.empty());
  return out;
}

Error no_such_layer(ApiClient& client, const ClientOptions& options, const std::string& name) {
  std::vector<std::string> names;
  if (const auto all = list_of(client, ""))
    for (const json& each : *all) names.push_back(string_at(each, "LayerName"));
  const std::string near = near_word(name, names);
  return {ErrorKind::kNotFound, "NoSuchLayer",
          "there is no layer '" + name + "' in " + options.api.region + "; " +
              (near.empty() ? "" : "did you mean " + near + "? ") +
              "`kiln layer list` shows those that are there"};
}

int list_layers(Console& console, const ClientOptions& options, const std::string& name) {
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  const auto list = list_of(*client, name);
  if (!list) return fail(console, list.error());
  if (options.format == OutputFormat::kJson) {
    console.out << json_pretty(*list) << '\n';
    return kExitOk;
  }
  if (list->empty() && !name.empty()) return fail(console, no_such_layer(*client, options, name));
  if (list->empty()) {
    note(console,
         "no layers in " + options.api.region + "; `kiln layer publish NAME DIR` makes one");
    return kExitOk;
  }
  Table table({{"LAYER"}, {"VERSION", Align::kRight}, {"ARN"}, {"DESCRIPTION"}});
  for (const json& item : *list) {
    const json version = name.empty() ? json_member(item, "LatestMatchingVersion") : item;
    table.add({name.empty() ? string_at(item, "LayerName") : name,
               std::to_string(number_at(version, "Version")), string_at(version, "LayerVersionArn"),
               string_at(version, "Description")});
  }
  console.out << table.format(console);
  return kExitOk;
}

struct DoomedVersion {
  std::string name;
  int version = 0;
  bool yes = false;
};

int delete_layer(Console& console, const ClientOptions& options, const DoomedVersion& wanted) {
  const auto& [name, version, yes] = wanted;
  Result<ApiClient> client = ApiClient::create(options.api);
  if (!client) return fail(console, client.error());
  const std::string path = versions_path(name) + "/" + std::to_string(version);
  // Deleting what isn't there succeeds in the API; to whoever mistyped a name it says nothing.
  if (const auto there = client->json({.path = path}); !there)
    return there.error().type == "ResourceNotFoundException"
               ? fail(console, {ErrorKind::kNotFound, there.error().type,
                                "there is no version " + std::to_string(version) + " of a layer '" +
                                    name + "'; `kiln layer list` shows them"})
               : fail(console, there.error());
  const std::string what = name + ":" + std::to_string(version);
  const int code =
      yes || !is_anybody_there(console)
          ? kExitOk
          : ask(console, "Delete the layer " + what + "? Its number doesn't come back.",
                "nothing was deleted");
  if (code != kExitOk) return code;
  const auto done = client->json({.method = "DELETE", .path = path});
  if (!done) return fail(console, done.error());
  if (options.format == OutputFormat::kJson)
    console.out << deleted_document({what});
  else
    console.out << "deleted " << what << '\n';
  return kExitOk;
}

}  // namespace

void add_layer_command(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("layer", "Publish, list, and delete layers");
  command->require_subcommand(1);
  command->footer(
      "A layer is an archive that functions see in /opt: libraries in python/, nodejs/ or lib/,\n"
      "programs in bin/, and those that run beside the function in extensions/.\n"
      "`kiln create --layer NAME:VERSION` gives a function layers.\n"
      "\n"
      "Examples:\n"
      "  kiln layer publish deps ./layer --runtime python3.12\n"
      "  kiln layer list\n"
      "  kiln layer list deps                   all its versions\n"
      "  kiln layer delete deps 1 --yes");
  {
    CLI::App* publish = command->add_subcommand("publish", "Publish a version of a layer");
    auto layer = std::make_shared<LayerOptions>();
    publish->add_option("name", layer->name, "Name of the layer")->required();
    publish->add_option("path", layer->path, "A folder, or a zip archive")
        ->required()
        ->type_name("DIR_OR_ZIP");
    publish->add_option("--runtime", layer->runtimes, "A runtime that can use it; can be repeated")
        ->type_name("NAME");
    publish->add_option("--description", layer->description, "Description")->type_name("TEXT");
    auto options = add_client_options(*publish);
    publish->callback([&invocation, options, layer] {
      invocation.exit_code = publish_layer(invocation.console, *options, *layer);
    });
  }
  {
    CLI::App* list = command->add_subcommand("list", "List layers, or the versions of one");
    auto name = std::make_shared<std::string>();
    list->add_option("name", *name, "Name of a layer; all without one");
    auto options = add_client_options(*list);
    list->callback([&invocation, options, name] {
      invocation.exit_code = list_layers(invocation.console, *options, *name);
    });
  }
  CLI::App* remove = command->add_subcommand("delete", "Delete a version of a layer");
  remove->footer("On a terminal it asks first.");
  auto wanted = std::make_shared<DoomedVersion>();
  remove->add_option("name", wanted->name, "Name of the layer")->required();
  remove->add_option("version", wanted->version, "Number of the version")
      ->required()
      ->check(number_between(1, 1'000'000'000));
  remove->add_flag("--yes,-y", wanted->yes, "Do it without asking");
  auto options = add_client_options(*remove);
  remove->callback([&invocation, options, wanted] {
    invocation.exit_code = delete_layer(invocation.console, *options, *wanted);
  });
}

}  // namespace kiln::cli
