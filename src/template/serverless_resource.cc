#include "template/serverless_resource.h"

#include <algorithm>
#include <iterator>

#include "base/digest.h"
#include "template/functions.h"

namespace kiln::cfn {
namespace {

constexpr size_t kHashDigits = 10;
constexpr const char* kCreatedBy = "lambda:createdBy";

}  // namespace

void sam_problem(const SamResource& resource, Place place, const std::string& message,
                 std::vector<Problem>& problems) {
  problems.push_back({"Resource with id [" + resource.id + "] is invalid. " + message, place});
}

Member make_resource(const SamResource& from, std::string id, const char* type, Node properties) {
  const NodeMaker make(from.place);
  Node whole = make.map({{"Type", make.text(type)}});
  whole.map.push_back({"Properties", from.place, std::move(properties)});
  copy_members(from.whole, {"Condition", "DeletionPolicy", "UpdateReplacePolicy"}, whole);
  return {std::move(id), from.place, std::move(whole)};
}

void copy_members(const Node& from, std::span<const std::string_view> names, Node& to) {
  for (const std::string_view name : names)
    for (const Member& member : from.map)
      if (member.name == name) to.map.push_back(member);
}

bool is_function(const Node& node) {
  return find_function(node, Within::kValues).member != nullptr;
}

std::string short_hash(const Node& node) {
  using Handler = nlohmann::json::error_handler_t;
  return sha256_hex(to_json(node).dump(-1, ' ', false, Handler::replace)).substr(0, kHashDigits);
}

Node code_location(const SamResource& resource, const Node& uri, std::vector<Problem>& problems) {
  const NodeMaker make(uri.place);
  const auto wrong = [&](const std::string& message) {
    sam_problem(resource, uri.place, message, problems);
    return make.map();
  };
  if (uri.is_text()) {
    constexpr std::string_view kScheme = "s3://";
    if (!uri.text.starts_with(kScheme)) return make.text(uri.text);
    const std::string rest = uri.text.substr(kScheme.size());
    const size_t slash = rest.find('/');
    if (slash == std::string::npos || slash == 0 || slash + 1 == rest.size())
      return wrong("'" + uri.text + "' is not a valid S3 Uri of the form \"s3://bucket/key\"");
    constexpr std::string_view kVersion = "?versionId=";
    const size_t version = rest.find(kVersion, slash);
    Node out = make.map({{"S3Bucket", make.text(rest.substr(0, slash))},
                         {"S3Key", make.text(rest.substr(slash + 1, version - slash - 1))}});
    if (version != std::string::npos)
      make.add(out, "S3ObjectVersion", make.text(rest.substr(version + kVersion.size())));
    return out;
  }
  if (!uri.is_map() || is_function(uri))
    return wrong("The code must be a path, an S3 Uri or a map with Bucket and Key");
  Node out = make.map();
  for (const Member& member : uri.map) {
    if (member.name != "Bucket" && member.name != "Key" && member.name != "Version")
      return wrong("The code has Bucket, Key and Version, not '" + member.name + "'");
    const char* name = member.name == "Bucket" ? "S3Bucket"
                       : member.name == "Key"  ? "S3Key"
                                               : "S3ObjectVersion";
    out.map.push_back({name, member.place, member.value});
  }
  if (!uri.find("Bucket") || !uri.find("Key")) return wrong("The code requires Bucket and Key");
  return out;
}

Node tag_list(const SamResource& resource, std::vector<Problem>& problems) {
  const NodeMaker make(resource.place);
  const auto tag = [&](const std::string& key, Node value) {
    return make.map({{"Key", make.text(key)}, {"Value", std::move(value)}});
  };
  Node out = make.list({tag(kCreatedBy, make.text("SAM"))});
  const Node* tags = resource.properties.find("Tags");
  if (!tags) return out;
  if (!tags->is_map() || is_function(*tags)) {
    sam_problem(resource, tags->place, "Tags must be a map of names and values", problems);
    return out;
  }
  for (const Member& member : tags->map) {
    if (member.name == kCreatedBy)
      sam_problem(resource, member.place,
                  "lambda:createdBy is a reserved Tag key name and cannot be set", problems);
    out.list.push_back(tag(member.name, member.value));
  }
  return out;
}

Expansion expand_layer(const SamResource& layer, std::vector<Problem>& problems) {
  const NodeMaker make(layer.place);
  static constexpr std::string_view kKnown[] = {
      "LayerName",          "Description", "ContentUri",     "CompatibleArchitectures",
      "CompatibleRuntimes", "LicenseInfo", "RetentionPolicy"};
  for (const Member& member : layer.properties.map)
    if (std::find(std::begin(kKnown), std::end(kKnown), member.name) == std::end(kKnown))
      sam_problem(layer, member.place,
                  "'" + member.name + "' is not a property of AWS::Serverless::LayerVersion",
                  problems);
  const Node* uri = layer.properties.find("ContentUri");
  if (!uri) {
    sam_problem(layer, layer.place, "Missing required property 'ContentUri'", problems);
    return {{{layer.id, layer.place, layer.whole}}, {}};
  }
  const std::string id = layer.id + short_hash(layer.properties);
  Node properties = make.map();
  if (!layer.properties.find("LayerName")) make.add(properties, "LayerName", make.text(layer.id));
  copy_members(
      layer.properties,
      {"LayerName", "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo"},
      properties);
  make.add(properties, "Content", code_location(layer, *uri, problems));
  Member resource = make_resource(layer, id, "AWS::Lambda::LayerVersion", std::move(properties));
  copy_members(layer.whole, {"DependsOn", "Metadata"}, resource.value);
  std::string retention = "Retain";
  if (const Node* policy = layer.properties.find("RetentionPolicy")) {
    if (policy->is_text() && (policy->text == "Retain" || policy->text == "Delete"))
      retention = policy->text;
    else
      sam_problem(layer, policy->place, "'RetentionPolicy' must be Retain or Delete", problems);
    std::erase_if(resource.value.map,
                  [](const Member& member) { return member.name == "DeletionPolicy"; });
  }
  if (!resource.value.find("DeletionPolicy"))
    make.add(resource.value, "DeletionPolicy", make.text(retention));
  Expansion out;
  out.resources.push_back(std::move(resource));
  out.names[layer.id] = id;
  return out;
}

}  // namespace kiln::cfn
