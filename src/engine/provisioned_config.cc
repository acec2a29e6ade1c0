#include "engine/provisioned_config.h"

#include "base/time_format.h"
#include "model/names.h"

namespace kiln::engine {
int claimed_concurrency(const Registry& registry, const std::string& region,
                        const std::string& except) {
  int claimed = 0;
  for (const auto& function : registry.all()) {
    if (function->region() != region || function->name() == except) continue;
    claimed += model::claimed_by_configuration(*function);
  }
  return claimed;
}

Result<model::FunctionPtr> find_provisionable(const Registry& registry, const std::string& region,
                                              const std::string& name,
                                              const std::string& qualifier) {
  auto function = registry.find(region, name);
  if (function && model::resolve_qualifier(**function, qualifier, 1)) return function;
  const std::string arn = model::function_arn(region, registry.account(), name, qualifier);
  return Error{
      ErrorKind::kNotFound, "ResourceNotFoundException",
      (model::is_version(qualifier) ? "Function not found: " : "Cannot find alias arn: ") + arn};
}

Result<void> put_provisioned(Registry& registry, const model::AccountQuota& quota,
                             const std::string& region, const std::string& name,
                             const std::string& qualifier, int units) {
  if (const auto checked = model::check_provisioned_qualifier(qualifier); !checked) return checked;
  auto found = find_provisionable(registry, region, name, qualifier);
  if (!found) return found.error();
  const model::Function& function = **found;
  if (const auto checked = model::check_provisioned(function, qualifier, units, quota,
                                                    claimed_concurrency(registry, region, name));
      !checked)
    return checked;
  auto next = std::make_shared<model::Function>(function);
  next->provisioned[qualifier] = {units, format_lambda_time(registry.clock().wall_now())};
  return registry.put(next);
}

Result<void> delete_provisioned(Registry& registry, const std::string& region,
                                const std::string& name, const std::string& qualifier) {
  auto found = find_provisionable(registry, region, name, qualifier);
  if (!found) return found.error();
  if (!(*found)->provisioned.contains(qualifier)) return {};
  auto next = std::make_shared<model::Function>(**found);
  next->provisioned.erase(qualifier);
  return registry.put(next);
}

}  // namespace kiln::engine
