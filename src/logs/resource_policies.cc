#include "logs/resource_policies.h"

#include <nlohmann/json.hpp>

#include "base/json_access.h"

namespace kiln::logs {

using nlohmann::json;

void ResourcePolicies::load(const std::string& region, const std::string& name,
                            const std::string& document) {
  const json kept = json_parse(document);
  ResourcePolicy policy{json_text(kept, "document"), json_integer(kept, "updated_ms")};
  if (policy.document.empty()) return;
  const MutexLock lock(mutex_);
  policies_[{region, name}] = std::move(policy);
}

std::map<std::string, ResourcePolicy> ResourcePolicies::all(const std::string& region) const {
  std::map<std::string, ResourcePolicy> found;
  const MutexLock lock(mutex_);
  for (auto policy = policies_.lower_bound({region, ""});
       policy != policies_.end() && policy->first.first == region; ++policy)
    found[policy->first.second] = policy->second;
  return found;
}

Result<void> ResourcePolicies::put(const std::string& region, const std::string& name,
                                   ResourcePolicy policy) {
  const json document = {{"document", policy.document}, {"updated_ms", policy.updated_ms}};
  if (auto saved = port_.save(kKind, region, name, json_dump(document)); !saved) return saved;
  const MutexLock lock(mutex_);
  policies_[{region, name}] = std::move(policy);
  return {};
}

Result<bool> ResourcePolicies::erase(const std::string& region, const std::string& name) {
  {
    const MutexLock lock(mutex_);
    if (!policies_.contains({region, name})) return false;
  }
  if (auto erased = port_.erase(kKind, region, name); !erased) return erased.error();
  const MutexLock lock(mutex_);
  policies_.erase({region, name});
  return true;
}

}  // namespace kiln::logs
