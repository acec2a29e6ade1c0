// PublishLayerVersion, GetLayerVersion, GetLayerVersionByArn, ListLayers, ListLayerVersions,
// DeleteLayerVersion.
#include "services/lambda/layers.h"

#include <algorithm>
#include <optional>

#include "base/time_format.h"
#include "model/runtimes.h"
#include "model/validation.h"
#include "model/violations.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr size_t kMaxRuntimes = 15, kMaxArchitectures = 2, kMaxLicense = 512;
constexpr const char* kMissing = "The resource you requested does not exist.";

bool contains(const std::optional<std::vector<std::string>>& list, std::string_view value) {
  return list && std::find(list->begin(), list->end(), value) != list->end();
}

std::string list_text(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& one : list) text += (text.empty() ? "[" : ", ") + one;
  return text.empty() ? "[]" : text + "]";
}

void check_known(const std::vector<std::string>& list, const char* member, size_t most,
                 bool (*known)(std::string_view), const std::string& constraint,
                 model::Violations& violations) {
  if (list.size() > most)
    violations.add(list_text(list), member,
                   "Member must have length less than or equal to " + std::to_string(most));
  if (!std::all_of(list.begin(), list.end(), known))
    violations.add(list_text(list), member, constraint);
}

bool is_architecture(std::string_view text) { return text == "x86_64" || text == "arm64"; }

// What lists say of a version.
json listed(const LambdaCall& call, const engine::LayerVersion& v) {
  json document = {{"LayerVersionArn", layer_arn(call, v.name, v.number)},
                   {"Version", v.number},
                   {"Description", v.description},
                   {"CreatedDate", v.created}};
  if (v.runtimes) document["CompatibleRuntimes"] = *v.runtimes;
  if (v.architectures) document["CompatibleArchitectures"] = *v.architectures;
  if (!v.license.empty()) document["LicenseInfo"] = v.license;
  return document;
}

json layer_version_document(const LambdaCall& call, const engine::LayerVersion& v) {
  json document = listed(call, v);
  document["LayerArn"] = layer_arn(call, v.name);
  document["Content"] = {
      {"Location", "http://" + call.host + "/_kiln/code/" + v.code.zip_sha_hex + ".zip"},
      {"CodeSha256", v.code.sha256_base64},
      {"CodeSize", v.code.size_bytes}};
  return document;
}

// The filters CompatibleRuntime and CompatibleArchitecture of the lists.
bool is_wanted(const LambdaCall& call, const engine::LayerVersion& v) {
  const auto runtime = call.query.get("CompatibleRuntime"),
             architecture = call.query.get("CompatibleArchitecture");
  return (runtime.empty() || contains(v.runtimes, runtime)) &&
         (architecture.empty() || contains(v.architectures, architecture));
}

}  // namespace

Result<void> prepare_publish_layer(LambdaCall& call) {
  auto name = read_layer_name(call);
  if (!name) return name.error();
  Fields fields(call.body);
  const json* content = fields.object("Content");
  const auto runtimes = fields.texts("CompatibleRuntimes").value_or(std::vector<std::string>()),
             architectures =
                 fields.texts("CompatibleArchitectures").value_or(std::vector<std::string>());
  const auto description = fields.text("Description").value_or(""),
             license = fields.text("LicenseInfo").value_or("");
  if (auto read = fields.result(); !read) return read;
  model::Violations violations;
  if (content == nullptr) violations.add_missing("content");
  check_known(runtimes, "compatibleRuntimes", kMaxRuntimes, model::is_runtime,
              "Member must satisfy enum value set: [" + model::runtime_list() + "]", violations);
  check_known(architectures, "compatibleArchitectures", kMaxArchitectures, is_architecture,
              "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, "
              "arm64], Member must not be null]",
              violations);
  if (!license.empty()) violations.check_length(license, "licenseInfo", 0, kMaxLicense);
  if (!violations.empty()) return violations.result();
  if (auto valid = model::validate_description(description); !valid) return valid;
  auto code = load_code(call, *content, "content.");
  if (!code) return code.error();
  if (code->zip_sha_hex.empty())
    return invalid_parameter(
        "A layer can't be a folder that is run in place; send its zip as ZipFile.");
  call.code = std::move(*code);
  return {};
}

OperationResult publish_layer_version(LambdaCall& call) {
  auto name = read_layer_name(call);
  if (!name) return name.error();
  Fields fields(call.body);
  engine::LayerVersion version;
  version.region = call.region;
  version.name = std::move(*name);
  version.description = fields.text("Description").value_or("");
  version.license = fields.text("LicenseInfo").value_or("");
  version.runtimes = fields.texts("CompatibleRuntimes");
  version.architectures = fields.texts("CompatibleArchitectures");
  version.created = format_lambda_time(call.registry.clock().wall_now());
  version.code = *call.code;
  auto published = call.layers.publish(std::move(version));
  if (!published) return published.error();
  return json_response(201, layer_version_document(call, **published));
}

OperationResult get_layer_version(LambdaCall& call) {
  auto version = find_layer_version(call, kMissing);
  if (!version) return version.error();
  return json_response(200, layer_version_document(call, **version));
}

OperationResult get_layer_version_by_arn(LambdaCall& call) {
  const std::string arn(call.query.get("Arn"));
  const auto ref = parse_layer_arn(arn);
  if (!ref) return not_found(kMissing);
  const bool ours = ref->account == call.registry.account() && ref->region == call.region;
  const auto version = ours ? call.layers.find(ref->region, ref->name, ref->number) : nullptr;
  if (!version) return not_found(kMissing);
  return json_response(200, layer_version_document(call, *version));
}

OperationResult list_layers(LambdaCall& call) {
  auto page = read_page(call);
  if (!page) return page.error();
  json answer = json::object();
  json list = json::array();
  std::string last;
  for (const std::string& name : call.layers.names(call.region)) {
    if (name <= page->after) continue;
    const auto versions = call.layers.versions(call.region, name);
    const auto latest = std::find_if(versions.begin(), versions.end(),
                                     [&](const auto& each) { return is_wanted(call, *each); });
    if (latest == versions.end()) continue;
    if (list.size() == page->max_items) {
      answer["NextMarker"] = make_marker(last);
      break;
    }
    list.push_back({{"LayerName", name},
                    {"LayerArn", layer_arn(call, name)},
                    {"LatestMatchingVersion", listed(call, **latest)}});
    last = name;
  }
  answer["Layers"] = std::move(list);
  return json_response(200, answer);
}

OperationResult list_layer_versions(LambdaCall& call) {
  auto name = read_layer_name(call);
  if (!name) return name.error();
  auto page = read_page(call);
  if (!page) return page.error();
  int64_t before = 0;
  if (!page->after.empty() && !parse_number(page->after, before))
    return invalid_parameter("Marker is not one that this list returned");
  json answer = json::object();
  json list = json::array();
  int64_t last = 0;
  for (const auto& version : call.layers.versions(call.region, *name)) {
    if ((before > 0 && version->number >= before) || !is_wanted(call, *version)) continue;
    if (list.size() == page->max_items) {
      answer["NextMarker"] = make_marker(std::to_string(last));
      break;
    }
    list.push_back(listed(call, *version));
    last = version->number;
  }
  answer["LayerVersions"] = std::move(list);
  return json_response(200, answer);
}

OperationResult delete_layer_version(LambdaCall& call) {
  auto name = read_layer_name(call);
  if (!name) return name.error();
  int64_t number = 0;
  if (!parse_number(call.argument, number) || number < 1)
    return invalid_parameter("Layer Version Cannot be less than 1");
  if (auto erased = call.layers.erase(call.region, *name, number); !erased) return erased.error();
  return empty_response(204);
}

}  // namespace kiln::services
