#include "services/ssm/parameters.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/document_reader.h"
#include "base/json_access.h"
#include "base/mutex.h"

namespace kiln::services {
namespace {

using nlohmann::json;

// What `cdk deploy` asks before anything else: the version of the bootstrap stack, here that of
// CDK's template of 2026. A later CDK that asks for more is served by putting a larger number.
const SsmParameter& bootstrap_version() {
  static const SsmParameter parameter{"/cdk-bootstrap/hnb659fds/version", "String", "33"};
  return parameter;
}

// "/x" and "x" are one parameter; of deeper names each is its own.
std::string other_spelling(const std::string& name) {
  const size_t slash = name.rfind('/');
  if (slash == std::string::npos) return '/' + name;
  return slash == 0 ? name.substr(1) : name;
}

std::optional<SsmParameter> read_stored(const std::string& name, const std::string& document) {
  const json stored = json_parse(document);
  if (!stored.is_object()) return std::nullopt;
  std::string problem;
  const DocumentReader in(stored, problem);
  SsmParameter p;
  p.name = name;
  in.read_if("type", p.type);
  in.read_if("value", p.value);
  in.read_if("version", p.version);
  in.read_if("modified_ms", p.modified_ms);
  in.read_if("description", p.description);
  in.read_if("allowed_pattern", p.allowed_pattern);
  in.read_if("key_id", p.key_id);
  in.read_if("tier", p.tier);
  in.read_if("data_type", p.data_type);
  in.read_if("tags", p.tags);
  in.read_if("labels", p.labels);
  if (!problem.empty()) return std::nullopt;
  return p;
}

std::string stored_document(const SsmParameter& p) {
  return json_dump(json{{"type", p.type},
                        {"value", p.value},
                        {"version", p.version},
                        {"modified_ms", p.modified_ms},
                        {"description", p.description},
                        {"allowed_pattern", p.allowed_pattern},
                        {"key_id", p.key_id},
                        {"tier", p.tier},
                        {"data_type", p.data_type},
                        {"tags", p.tags},
                        {"labels", p.labels}});
}

// Names have no colons.
std::string past_key(const std::string& name, int64_t version) {
  return name + ':' + std::to_string(version);
}

}  // namespace

void SsmParameters::load(const std::string& region, const std::string& name,
                         const std::string& document) {
  auto p = read_stored(name, document);
  if (!p) return;
  const MutexLock lock(mutex_);
  parameters_[{region, name}] = std::move(*p);
}

void SsmParameters::load_past(const std::string& region, const std::string& key,
                              const std::string& document) {
  const std::string name = key.substr(0, key.rfind(':'));
  auto p = read_stored(name, document);
  if (!p) return;
  const MutexLock lock(mutex_);
  const int64_t version = p->version;
  past_[{region, name}][version] = std::move(*p);
}

std::optional<SsmParameter> SsmParameters::find(const std::string& region,
                                                const std::string& name) const {
  const MutexLock lock(mutex_);
  if (const auto found = parameters_.find({region, name}); found != parameters_.end())
    return found->second;
  if (const auto found = parameters_.find({region, other_spelling(name)});
      found != parameters_.end())
    return found->second;
  if (name == bootstrap_version().name) return bootstrap_version();
  return std::nullopt;
}

std::vector<SsmParameter> SsmParameters::list(const std::string& region,
                                              const std::string& prefix) const {
  const MutexLock lock(mutex_);
  std::vector<SsmParameter> out;
  const SsmParameter& standard = bootstrap_version();
  if (standard.name.starts_with(prefix) && !parameters_.contains({region, standard.name}))
    out.push_back(standard);
  for (auto it = parameters_.lower_bound({region, prefix});
       it != parameters_.end() && it->first.first == region && it->first.second.starts_with(prefix);
       ++it)
    out.push_back(it->second);
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

std::vector<SsmParameter> SsmParameters::versions(const std::string& region,
                                                  const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto newest = parameters_.find({region, name});
  if (newest == parameters_.end()) {
    if (name == bootstrap_version().name) return {bootstrap_version()};
    return {};
  }
  std::vector<SsmParameter> out;
  if (const auto past = past_.find({region, name}); past != past_.end())
    for (const auto& [version, p] : past->second)
      // A kill between the two writes of put() leaves a copy of the newest one.
      if (version < newest->second.version) out.push_back(p);
  out.push_back(newest->second);
  return out;
}

Result<void> SsmParameters::put(const std::string& region, const SsmParameter& parameter) {
  SsmParameter p = parameter;
  std::optional<SsmParameter> before;
  std::vector<int64_t> oldest;
  {
    const MutexLock lock(mutex_);
    if (const std::string other = other_spelling(p.name); parameters_.contains({region, other}))
      p.name = other;
    const auto there = parameters_.find({region, p.name});
    if (there != parameters_.end() && there->second.version < p.version) before = there->second;
    const auto past = past_.find({region, p.name});
    if (before && past != past_.end()) {
      // Besides them there are the one before, of which a kill may have left a copy, and the new
      // one. More than one is too many where one could not be erased.
      for (const auto& [version, each] : past->second)
        if (version < before->version) oldest.push_back(version);
      const size_t room = kMostVersions - 2;
      oldest.resize(oldest.size() > room ? oldest.size() - room : 0);
    }
  }
  if (before) {
    before->tags.clear();
    const std::string key = past_key(p.name, before->version);
    if (auto saved = port_.save(kPastKind, region, key, stored_document(*before)); !saved)
      return saved;
  }
  if (auto saved = port_.save(kKind, region, p.name, stored_document(p)); !saved) return saved;
  // What cannot be erased now goes with the next version.
  std::erase_if(oldest, [&](int64_t version) {
    return !port_.erase(kPastKind, region, past_key(p.name, version));
  });
  const MutexLock lock(mutex_);
  parameters_[{region, p.name}] = p;
  if (before) past_[{region, p.name}][before->version] = std::move(*before);
  for (const int64_t version : oldest) past_[{region, p.name}].erase(version);
  return {};
}

Result<void> SsmParameters::put_labels(const std::string& region, const SsmParameter& version) {
  const auto newest = find(region, version.name);
  if (newest && newest->version == version.version) {
    SsmParameter p = *newest;
    p.labels = version.labels;
    return put(region, p);
  }
  const std::string key = past_key(version.name, version.version);
  if (auto saved = port_.save(kPastKind, region, key, stored_document(version)); !saved)
    return saved;
  const MutexLock lock(mutex_);
  past_[{region, version.name}][version.version] = version;
  return {};
}

Result<std::set<std::string>> SsmParameters::erase(const std::string& region,
                                                   const std::vector<std::string>& names) {
  std::set<std::string> found;
  std::vector<StatePort::Place> places;
  {
    const MutexLock lock(mutex_);
    for (const std::string& asked : names)
      for (const std::string& name : {asked, other_spelling(asked)}) {
        if (!parameters_.contains({region, name})) continue;
        found.insert(asked);
        places.push_back({kKind, region, name});
        if (const auto past = past_.find({region, name}); past != past_.end())
          for (const auto& [version, p] : past->second)
            places.push_back({kPastKind, region, past_key(name, version)});
        break;
      }
  }
  if (places.empty()) return found;
  if (auto erased = port_.erase_all(places); !erased) return erased.error();
  const MutexLock lock(mutex_);
  for (const StatePort::Place& place : places) {
    if (place.kind != kKind) continue;
    parameters_.erase({region, place.key});
    past_.erase({region, place.key});
  }
  return found;
}

}  // namespace kiln::services
