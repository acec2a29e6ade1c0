#include "scaling/scaling_record.h"

#include <fmt/format.h>

#include "base/ids.h"

namespace kiln::scaling {

std::string new_target_arn(const std::string& region, const std::string& account) {
  return fmt::format("arn:aws:application-autoscaling:{}:{}:scalable-target/{}", region, account,
                     new_hex(18));
}

std::string new_policy_arn(const std::string& region, const std::string& account,
                           const ResourceId& resource, const std::string& name) {
  return fmt::format("arn:aws:autoscaling:{}:{}:scalingPolicy:{}:resource/lambda/{}:policyName/{}",
                     region, account, new_uuid(), resource.text(), name);
}

std::string new_action_arn(const std::string& region, const std::string& account,
                           const ResourceId& resource, const std::string& name) {
  return fmt::format(
      "arn:aws:autoscaling:{}:{}:scheduledAction:{}:resource/lambda/{}:scheduledActionName/{}",
      region, account, new_uuid(), resource.text(), name);
}

bool is_policy_arn(const std::string& arn) {
  return arn.starts_with("arn:aws:autoscaling:") && arn.find(":scalingPolicy:") != arn.npos;
}

}  // namespace kiln::scaling
