// Scaling's view of provisioned concurrency: what a function's configuration says, changed by the
// same rules as through the Lambda API. Control thread.
#pragma once

#include "engine/provisioned_config.h"
#include "scaling/capacity_port.h"

namespace kiln::engine {

class ProvisionedCapacity final : public scaling::CapacityPort {
 public:
  ProvisionedCapacity(Registry& registry, const model::AccountQuota& quota)
      : registry_(registry), quota_(quota) {}

  Result<int> current(const std::string& region, const scaling::ResourceId& resource) override {
    auto function =
        find_provisionable(registry_, region, resource.function_name, resource.qualifier);
    if (!function) return function.error();
    const auto found = (*function)->provisioned.find(resource.qualifier);
    return found == (*function)->provisioned.end() ? 0 : found->second.requested;
  }
  Result<void> set(const std::string& region, const scaling::ResourceId& resource,
                   int units) override {
    if (units == 0)
      return delete_provisioned(registry_, region, resource.function_name, resource.qualifier);
    return put_provisioned(registry_, quota_, region, resource.function_name, resource.qualifier,
                           units);
  }

 private:
  Registry& registry_;
  const model::AccountQuota& quota_;
};

}  // namespace kiln::engine
