// The policies of a ScalingBook, and the alarms that they own.
#include <algorithm>
#include <utility>

#include "base/json_access.h"
#include "scaling/policy_document.h"
#include "scaling/scaling_book.h"
#include "scaling/scaling_document.h"
#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

std::string policy_key(const Policy& policy) { return policy.resource.text() + "/" + policy.name; }

// What a policy measures, as a text.
std::string metric_of(const TrackingPolicy& policy) {
  auto document = tracking_configuration(policy);
  return json_dump(json_member(document, "CustomizedMetricSpecification"));
}

}  // namespace

Result<void> ScalingBook::check_rule(const PolicyInput::Rule& rule) const {
  if (const auto* tracking = std::get_if<TrackingPolicy>(&rule)) return tracking->validate();
  if (options_.step_scaling == StepScaling::kReject)
    return validation_error(
        "PolicyType StepScaling is not supported for service namespace lambda. Use "
        "TargetTrackingScaling or a scheduled action.");
  return std::get<StepPolicy>(rule).validate();
}

Result<void> ScalingBook::check_only_one(const Policy& policy) const {
  if (policy.step()) return {};
  const std::string metric = metric_of(*policy.tracking());
  for (const auto& [key, other] : policies(policy.region))
    if (other.tracking() && other.resource.text() == policy.resource.text() &&
        other.name != policy.name && metric_of(*other.tracking()) == metric)
      return validation_error(
          "Only one TargetTrackingScaling policy for a given metric specification is allowed. "
          "Policy " +
          other.name + " has the same.");
  return {};
}

Result<const Policy*> ScalingBook::put_policy(const std::string& region, PolicyInput input,
                                              WallTime now) {
  // What the request says is checked before its target is looked for.
  if (input.rule)
    if (const auto checked = check_rule(*input.rule); !checked) return checked.error();
  if (!edit(region, input.resource))
    return object_not_found("No scalable target registered", input.resource);
  const Key key{input.resource.text(), input.name};
  const auto& all = policies(region);
  const auto before = all.find(key);
  Policy policy;
  if (before != all.end()) {
    policy = before->second;
    if (input.rule && input.rule->index() != policy.rule.index())
      return validation_error("Policy " + input.name + " has the PolicyType " +
                              (policy.step() ? kStepScaling : kTargetTracking) +
                              ", which can't be changed. Delete it first.");
  } else {
    const auto count = std::count_if(
        all.begin(), all.end(), [&](const auto& entry) { return entry.first.first == key.first; });
    if (static_cast<size_t>(count) >= kMaxPolicies)
      return limit_exceeded("Scalable target " + key.first +
                            " has 50 scaling policies; delete one to make room.");
    if (!input.rule)
      return validation_error(
          "A new scaling policy needs its StepScalingPolicyConfiguration or "
          "TargetTrackingScalingPolicyConfiguration");
    policy.region = region;
    policy.resource = input.resource;
    policy.name = input.name;
    policy.arn = new_policy_arn(region, account_, input.resource, input.name);
    policy.created = now;
  }
  if (input.rule) policy.rule = std::move(*input.rule);
  if (const auto checked = check_only_one(policy); !checked) return checked.error();
  if (policy.tracking() && policy.alarms.empty())
    policy.alarms = TrackingAlarms::make(policy.resource);
  auto kept = put_alarms(policy, now);
  if (kept) kept = port_.save(kPolicyKind, region, policy_key(policy), policy_text(policy));
  if (!kept) {
    // The alarms become what they were.
    if (before != all.end())
      (void)put_alarms(before->second, now);
    else
      (void)erase_with_alarms(region, {&policy}, {}, now);
    return kept.error();
  }
  if (policy.step() && options_.warn)
    options_.warn("Scaling policy " + policy.name + " of " + policy.resource.text() +
                  " is of type StepScaling, which AWS does not support for Lambda: it runs here, "
                  "but can't be deployed there.");
  return &policies_[region].insert_or_assign(key, std::move(policy)).first->second;
}

Result<void> ScalingBook::put_alarms(const Policy& policy, WallTime now) {
  if (!policy.tracking()) return {};
  const TrackingPolicy& rule = *policy.tracking();
  if (auto put = alarms_.put(
          high_alarm(rule, policy.region, policy.resource, policy.alarms.high, policy.arn), {},
          now);
      !put)
    return put;
  return alarms_.put(low_alarm(rule, policy.region, policy.resource, policy.alarms.low, policy.arn),
                     {}, now);
}

Result<void> ScalingBook::erase_with_alarms(const std::string& region,
                                            const std::vector<const Policy*>& policies,
                                            std::vector<StatePort::Place> places, WallTime now) {
  std::vector<std::string> names;
  for (const Policy* policy : policies)
    for (const std::string& name : {policy->alarms.high, policy->alarms.low})
      if (!name.empty()) names.push_back(name);
  const auto removed =
      alarms_.remove(region, alarms_.removable(region, names), now, std::move(places));
  if (!removed || !options_.warn) return removed;
  for (const Policy* policy : policies)
    for (const std::string& name : {policy->alarms.high, policy->alarms.low})
      if (alarms_.find(region, name))
        options_.warn("Alarm " + name + " of the deleted scaling policy " + policy->name +
                      " stays: composite alarms depend on it.");
  return {};
}

Result<void> ScalingBook::delete_policy(const std::string& region, const ResourceId& resource,
                                        const std::string& name, WallTime now) {
  auto& all = policies_[region];
  const auto found = all.find({resource.text(), name});
  if (found == all.end())
    return object_not_found("No scaling policy found", resource, ", policy name: " + name);
  const Policy& policy = found->second;
  if (auto erased =
          erase_with_alarms(region, {&policy}, {{kPolicyKind, region, policy_key(policy)}}, now);
      !erased)
    return erased;
  all.erase(found);
  return {};
}

}  // namespace kiln::scaling
