#include "engine/layer_book.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/document_reader.h"
#include "base/json_access.h"
#include "base/mutex.h"

namespace kiln::engine {
namespace {

using nlohmann::json;

constexpr const char* kVersionKind = "layer-version";
constexpr const char* kCounterKind = "layer";  // {"next": number}

std::string key_of(const std::string& name, int64_t number) {
  return name + ":" + std::to_string(number);
}

std::string version_text(const LayerVersion& v) {
  return json_dump(json{{"region", v.region},
                        {"name", v.name},
                        {"number", v.number},
                        {"description", v.description},
                        {"license", v.license},
                        {"runtimes", v.runtimes ? json(*v.runtimes) : json(nullptr)},
                        {"architectures", v.architectures ? json(*v.architectures) : json(nullptr)},
                        {"created", v.created},
                        {"sha256", v.code.sha256_base64},
                        {"size", v.code.size_bytes},
                        {"zip", v.code.zip_sha_hex},
                        {"unpacked", v.code.unpacked_bytes},
                        {"statements", v.statements},
                        {"policy_revision", v.policy_revision}});
}

LayerVersion from_document(const DocumentReader& in) {
  LayerVersion v;
  in.read("region", v.region);
  in.read("name", v.name);
  in.read("number", v.number);
  in.read("description", v.description);
  in.read("license", v.license);
  in.read("runtimes", v.runtimes);
  in.read("architectures", v.architectures);
  in.read("created", v.created);
  in.read("sha256", v.code.sha256_base64);
  in.read("size", v.code.size_bytes);
  in.read("zip", v.code.zip_sha_hex);
  in.read("unpacked", v.code.unpacked_bytes);
  in.read("statements", v.statements);
  in.read("policy_revision", v.policy_revision);
  return v;
}

}  // namespace

bool LayerBook::owns(const std::string& kind) {
  return kind == kVersionKind || kind == kCounterKind;
}

Result<void> LayerBook::load(const std::string& kind, const std::string& region,
                             const std::string& key, const std::string& document) {
  const json parsed = json_parse(document);
  std::string problem;
  const DocumentReader in(parsed, problem);
  const auto damaged = [&] { return Error{ErrorKind::kInternal, "DatabaseError", problem}; };
  const MutexLock lock(mutex_);
  if (kind == kCounterKind) {
    const auto next = in.get<int64_t>("next");
    if (!problem.empty()) return damaged();
    Layer& layer = regions_[region][key];
    layer.next_number = std::max(layer.next_number, next);
    return {};
  }
  auto version = std::make_shared<const LayerVersion>(from_document(in));
  if (!problem.empty()) return damaged();
  Layer& layer = regions_[version->region][version->name];
  layer.next_number = std::max(layer.next_number, version->number + 1);
  layer.versions[version->number] = std::move(version);
  return {};
}

Result<LayerVersionPtr> LayerBook::publish(LayerVersion version) {
  int64_t number = 1;
  {
    const MutexLock lock(mutex_);
    number = regions_[version.region][version.name].next_number;
  }
  version.number = number;
  const json counter = {{"next", number + 1}};
  if (auto saved = port_.save(kVersionKind, version.region, key_of(version.name, number),
                              version_text(version));
      !saved)
    return saved.error();
  if (auto saved = port_.save(kCounterKind, version.region, version.name, json_dump(counter));
      !saved)
    return saved.error();
  auto kept = std::make_shared<const LayerVersion>(std::move(version));
  const MutexLock lock(mutex_);
  Layer& layer = regions_[kept->region][kept->name];
  layer.next_number = number + 1;
  layer.versions[number] = kept;
  return kept;
}

Result<void> LayerBook::put(LayerVersion version) {
  if (auto saved = port_.save(kVersionKind, version.region, key_of(version.name, version.number),
                              version_text(version));
      !saved)
    return saved;
  auto kept = std::make_shared<const LayerVersion>(std::move(version));
  const MutexLock lock(mutex_);
  regions_[kept->region][kept->name].versions[kept->number] = kept;
  return {};
}

Result<void> LayerBook::erase(const std::string& region, const std::string& name, int64_t number) {
  if (!find(region, name, number)) return {};
  if (auto erased = port_.erase(kVersionKind, region, key_of(name, number)); !erased) return erased;
  const MutexLock lock(mutex_);
  regions_[region][name].versions.erase(number);
  return {};
}

LayerVersionPtr LayerBook::find(const std::string& region, const std::string& name,
                                int64_t number) const {
  const MutexLock lock(mutex_);
  const auto of_region = regions_.find(region);
  if (of_region == regions_.end()) return nullptr;
  const auto layer = of_region->second.find(name);
  if (layer == of_region->second.end()) return nullptr;
  const auto version = layer->second.versions.find(number);
  return version == layer->second.versions.end() ? nullptr : version->second;
}

std::vector<LayerVersionPtr> LayerBook::versions(const std::string& region,
                                                 const std::string& name) const {
  std::vector<LayerVersionPtr> out;
  const MutexLock lock(mutex_);
  const auto of_region = regions_.find(region);
  if (of_region == regions_.end()) return out;
  const auto layer = of_region->second.find(name);
  if (layer == of_region->second.end()) return out;
  for (const auto& [number, version] : layer->second.versions) out.push_back(version);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string> LayerBook::names(const std::string& region) const {
  std::vector<std::string> out;
  const MutexLock lock(mutex_);
  const auto of_region = regions_.find(region);
  if (of_region == regions_.end()) return out;
  for (const auto& [name, layer] : of_region->second)
    if (!layer.versions.empty()) out.push_back(name);
  return out;
}

std::set<std::string> LayerBook::code_in_use() const {
  std::set<std::string> keys;
  const MutexLock lock(mutex_);
  for (const auto& [region, layers] : regions_)
    for (const auto& [name, layer] : layers)
      for (const auto& [number, version] : layer.versions) keys.insert(version->code.zip_sha_hex);
  return keys;
}

}  // namespace kiln::engine
