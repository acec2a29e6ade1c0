#include "scaling/scaling_record.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "base/ids.h"

namespace kiln::scaling {

std::string new_target_arn(const std::string& region, const std::string& account) {
  return arn_start("application-autoscaling", region) +
         fmt::format("{}:scalable-target/{}", account, new_hex(18));
}

std::string new_policy_arn(const std::string& region, const std::string& account,
                           const ResourceId& resource, const std::string& name) {
  return arn_start("autoscaling", region) +
         fmt::format("{}:scalingPolicy:{}:resource/lambda/{}:policyName/{}", account, new_uuid(),
                     resource.text(), name);
}

std::string new_action_arn(const std::string& region, const std::string& account,
                           const ResourceId& resource, const std::string& name) {
  return arn_start("autoscaling", region) +
         fmt::format("{}:scheduledAction:{}:resource/lambda/{}:scheduledActionName/{}", account,
                     new_uuid(), resource.text(), name);
}

bool is_policy_arn(const std::string& arn) {
  return is_arn_of(arn, "autoscaling") && arn.find(":scalingPolicy:") != arn.npos;
}

}  // namespace kiln::scaling
