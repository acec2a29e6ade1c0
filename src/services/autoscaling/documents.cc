#include "services/autoscaling/documents.h"

#include <utility>

#include "scaling/policy_document.h"
#include "scaling/scaling_error.h"

namespace kiln::services {
namespace {

using nlohmann::json;

double epoch_seconds(WallTime time) { return static_cast<double>(epoch_ms(time)) / 1000; }

json common(const scaling::ResourceId& resource) {
  return {{"ServiceNamespace", scaling::kServiceNamespace},
          {"ResourceId", resource.text()},
          {"ScalableDimension", scaling::kScalableDimension}};
}

json reason_document(const scaling::NotScaledReason& reason) {
  json out{{"Code", reason.code}};
  if (reason.max) out["MaxCapacity"] = *reason.max;
  if (reason.min) out["MinCapacity"] = *reason.min;
  if (reason.current) out["CurrentCapacity"] = *reason.current;
  return out;
}

}  // namespace

json target_document(const scaling::Target& target) {
  json out = common(target.resource);
  out["MinCapacity"] = target.min;
  out["MaxCapacity"] = target.max;
  out["RoleARN"] = target.role_arn;
  out["CreationTime"] = epoch_seconds(target.created);
  out["ScalableTargetARN"] = target.arn;
  out["SuspendedState"] = {{"DynamicScalingInSuspended", target.suspended.scale_in},
                           {"DynamicScalingOutSuspended", target.suspended.scale_out},
                           {"ScheduledScalingSuspended", target.suspended.scheduled}};
  return out;
}

json policy_document(const scaling::Policy& policy) {
  json out = common(policy.resource);
  out["PolicyName"] = policy.name;
  out["PolicyARN"] = policy.arn;
  out["CreationTime"] = epoch_seconds(policy.created);
  if (policy.step()) {
    out["PolicyType"] = scaling::kStepScaling;
    out["StepScalingPolicyConfiguration"] = scaling::step_configuration(*policy.step());
  } else {
    out["PolicyType"] = scaling::kTargetTracking;
    out["TargetTrackingScalingPolicyConfiguration"] =
        scaling::tracking_configuration(*policy.tracking());
  }
  return out;
}

json action_document(const scaling::ScheduledAction& action) {
  json out = common(action.resource);
  out["ScheduledActionName"] = action.name;
  out["ScheduledActionARN"] = action.arn;
  out["Schedule"] = action.schedule_text;
  if (!action.time_zone.empty()) out["Timezone"] = action.time_zone;
  out["CreationTime"] = epoch_seconds(action.created);
  if (action.start) out["StartTime"] = epoch_seconds(*action.start);
  if (action.end) out["EndTime"] = epoch_seconds(*action.end);
  json limits = json::object();
  if (action.min) limits["MinCapacity"] = *action.min;
  if (action.max) limits["MaxCapacity"] = *action.max;
  out["ScalableTargetAction"] = std::move(limits);
  return out;
}

json activity_document(const scaling::Activity& activity) {
  json out = common(activity.resource);
  out["ActivityId"] = activity.id;
  out["Description"] = activity.description;
  out["Cause"] = activity.cause;
  out["StartTime"] = epoch_seconds(activity.start);
  out["EndTime"] = epoch_seconds(activity.end);
  out["StatusCode"] = scaling::to_text(activity.status);
  out["StatusMessage"] = activity.status_message;
  if (activity.is_scaling()) return out;
  json reasons = json::array();
  for (const auto& reason : activity.not_scaled) reasons.push_back(reason_document(reason));
  out["NotScaledReasons"] = std::move(reasons);
  return out;
}

}  // namespace kiln::services
