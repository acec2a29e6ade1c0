#include "engine/registry.h"

#include <utility>

namespace kiln::engine {

Registry::Registry(store::FunctionStore& store, const Clock& clock, std::string account,
                   Publish publish, const net::IoLoop* control)
    : store_(store),
      clock_(clock),
      account_(std::move(account)),
      publish_(std::move(publish)),
      control_(control) {}

void Registry::require_control() const {
  KILN_REQUIRE(control_ == nullptr || control_->owned_here());
}

Result<void> Registry::load() {
  auto functions = store_.load_all();
  if (!functions) return functions.error();
  for (model::FunctionPtr& function : *functions) {
    regions_[function->region()][function->name()] = function;
    publish_(function->region(), function->name(), function);
  }
  return {};
}

Result<model::FunctionPtr> Registry::find(const std::string& region,
                                          const std::string& name) const {
  require_control();
  if (const auto of_region = regions_.find(region); of_region != regions_.end()) {
    if (const auto found = of_region->second.find(name); found != of_region->second.end()) {
      return found->second;
    }
  }
  return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
               "Function not found: " + model::function_arn(region, account_, name)};
}

std::vector<model::FunctionPtr> Registry::list(const std::string& region, const std::string& marker,
                                               size_t max_items) const {
  require_control();
  std::vector<model::FunctionPtr> page;
  const auto of_region = regions_.find(region);
  if (of_region == regions_.end()) return page;
  for (auto it = of_region->second.upper_bound(marker);
       it != of_region->second.end() && page.size() < max_items; ++it) {
    page.push_back(it->second);
  }
  return page;
}

std::vector<model::FunctionPtr> Registry::all() const {
  require_control();
  std::vector<model::FunctionPtr> functions;
  for (const auto& [region, by_name] : regions_) {
    for (const auto& [name, function] : by_name) functions.push_back(function);
  }
  return functions;
}

std::set<std::string> Registry::code_in_use() const {
  std::set<std::string> keys;
  const auto add = [&](const model::FunctionConfig& config) {
    keys.insert(config.code.zip_sha_hex);
    keys.insert(config.layers->folder_key);
  };
  for (const model::FunctionPtr& function : all()) {
    add(*function->latest);
    for (const auto& [number, version] : function->versions) add(*version);
  }
  return keys;
}

Result<void> Registry::put(model::FunctionPtr next) {
  KILN_REQUIRE(next && next->latest && !next->name().empty() && !next->region().empty());
  const std::string region = next->region(), name = next->name();
  model::FunctionPtr before;
  if (auto found = find(region, name)) before = *found;
  if (auto stored = store_.put(before.get(), *next); !stored) return stored;
  regions_[region][name] = next;
  publish_(region, name, std::move(next));
  return {};
}

Result<void> Registry::erase(const std::string& region, const std::string& name) {
  if (auto found = find(region, name); !found) return found.error();
  if (auto erased = store_.erase(region, name); !erased) return erased;
  auto& of_region = regions_[region];
  of_region.erase(name);
  if (of_region.empty()) regions_.erase(region);
  publish_(region, name, nullptr);
  return {};
}

}  // namespace kiln::engine
