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

}  // namespace

void SsmParameters::load(const std::string& region, const std::string& name,
                         const std::string& document) {
  const json stored = json_parse(document);
  if (!stored.is_object()) return;
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
  if (!problem.empty()) return;
  const MutexLock lock(mutex_);
  parameters_[{region, name}] = std::move(p);
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

Result<void> SsmParameters::put(const std::string& region, const SsmParameter& parameter) {
  SsmParameter p = parameter;
  {
    const MutexLock lock(mutex_);
    if (const std::string other = other_spelling(p.name); parameters_.contains({region, other}))
      p.name = other;
  }
  const json document = {{"type", p.type},
                         {"value", p.value},
                         {"version", p.version},
                         {"modified_ms", p.modified_ms},
                         {"description", p.description},
                         {"allowed_pattern", p.allowed_pattern},
                         {"key_id", p.key_id},
                         {"tier", p.tier},
                         {"data_type", p.data_type},
                         {"tags", p.tags}};
  auto saved = port_.save(kKind, region, p.name, json_dump(document));
  if (!saved) return saved;
  const MutexLock lock(mutex_);
  parameters_[{region, p.name}] = p;
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
        break;
      }
  }
  if (places.empty()) return found;
  if (auto erased = port_.erase_all(places); !erased) return erased.error();
  const MutexLock lock(mutex_);
  for (const StatePort::Place& place : places) parameters_.erase({region, place.key});
  return found;
}

}  // namespace kiln::services
