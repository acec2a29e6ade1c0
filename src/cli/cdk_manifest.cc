#include "cli/cdk_manifest.h"

#include <nlohmann/json.hpp>

#include "base/json_access.h"

namespace kiln::cli {
namespace {

using OrderedJson = nlohmann::ordered_json;

// The member `key` of an object; an empty object when there is none.
const OrderedJson& member(const OrderedJson& object, const char* key) {
  static const OrderedJson empty = OrderedJson::object();
  if (!object.is_object()) return empty;
  const auto found = object.find(key);
  return found == object.end() ? empty : *found;
}

std::string text(const OrderedJson& object, const char* key) {
  const OrderedJson& value = member(object, key);
  return value.is_string() ? json_text(value) : std::string();
}

std::map<std::string, std::string> texts(const OrderedJson& object) {
  std::map<std::string, std::string> out;
  if (!object.is_object()) return out;
  for (const auto& [name, value] : object.items()) {
    if (value.is_string()) out[name] = json_text(value);
  }
  return out;
}

// "aws://123456789012/eu-west-1"; either may be unknown.
void read_environment(std::string_view environment, CdkStack& stack) {
  constexpr std::string_view kScheme = "aws://";
  if (!environment.starts_with(kScheme)) return;
  environment.remove_prefix(kScheme.size());
  const size_t slash = environment.find('/');
  if (slash == std::string_view::npos) return;
  stack.account = environment.substr(0, slash);
  stack.region = environment.substr(slash + 1);
  if (stack.account == "unknown-account") stack.account.clear();
  if (stack.region == "unknown-region") stack.region.clear();
}

Error wrong_manifest(std::string message) {
  return Error{ErrorKind::kInvalid, "Usage", std::move(message)};
}

}  // namespace

Result<CdkManifest> parse_cdk_manifest(std::string_view input) {
  const OrderedJson document = json_parse<OrderedJson>(input);
  if (document.is_discarded()) return wrong_manifest("manifest.json is no JSON");
  if (!document.is_object() || !member(document, "artifacts").is_object() ||
      !document.contains("version")) {
    return wrong_manifest(
        "manifest.json is not a cloud assembly's: it has no version and artifacts");
  }
  CdkManifest manifest;
  for (const auto& [id, artifact] : member(document, "artifacts").items()) {
    const std::string type = text(artifact, "type");
    const OrderedJson& properties = member(artifact, "properties");
    if (type == "cdk:asset-manifest") {
      manifest.asset_files[id] = text(properties, "file");
    } else if (type == "cdk:cloud-assembly") {
      manifest.nested.push_back(text(properties, "directoryName"));
    } else if (type == "aws:cloudformation:stack") {
      CdkStack stack{.artifact_id = id, .stack_name = text(properties, "stackName")};
      if (stack.stack_name.empty()) stack.stack_name = id;
      stack.template_file = text(properties, "templateFile");
      if (stack.template_file.empty())
        return wrong_manifest("stack " + id + " has no templateFile");
      read_environment(text(artifact, "environment"), stack);
      stack.parameters = texts(member(properties, "parameters"));
      stack.tags = texts(member(properties, "tags"));
      for (const OrderedJson& dependency : member(artifact, "dependencies")) {
        if (dependency.is_string()) stack.dependencies.push_back(json_text(dependency));
      }
      manifest.stacks.push_back(std::move(stack));
    }
  }
  return manifest;
}

Result<std::vector<TemplateAsset>> parse_asset_manifest(std::string_view input) {
  const OrderedJson document = json_parse<OrderedJson>(input);
  if (!document.is_object()) return wrong_manifest("the asset manifest is no JSON object");
  std::vector<TemplateAsset> assets;
  const OrderedJson& files = member(document, "files");
  if (!files.is_object()) return wrong_manifest("`files` of the asset manifest is no JSON object");
  for (const auto& [id, file] : files.items()) {
    const OrderedJson& source = member(file, "source");
    TemplateAsset asset{.id = id, .path = text(source, "path")};
    if (text(source, "packaging") == "zip") asset.packaging = AssetPackaging::kZip;
    const OrderedJson& destinations = member(file, "destinations");
    if (!destinations.is_object()) continue;
    for (const auto& [name, destination] : destinations.items()) {
      asset.destinations.push_back(
          {text(destination, "bucketName"), text(destination, "objectKey")});
    }
    assets.push_back(std::move(asset));
  }
  return assets;
}

}  // namespace kiln::cli
