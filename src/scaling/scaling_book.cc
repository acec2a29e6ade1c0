#include "scaling/scaling_book.h"

#include <algorithm>
#include <utility>

#include "base/arn.h"
#include "scaling/scaling_document.h"
#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

template <class Map>
const typename Map::mapped_type& of_region(const Map& regions, const std::string& region) {
  static const typename Map::mapped_type kNone;
  const auto found = regions.find(region);
  return found == regions.end() ? kNone : found->second;
}

Result<void> check_limits(const Target& target) {
  if (target.min < 0) return validation_error("Minimum capacity cannot be less than 0");
  if (target.max < 0) return validation_error("Maximum capacity cannot be less than 0");
  if (target.min > target.max)
    return validation_error("Maximum capacity cannot be less than minimum capacity");
  return {};
}

}  // namespace

ScalingBook::ScalingBook(std::string account, StatePort& port, telemetry::AlarmBook& alarms,
                         CapacityPort& capacity, Options options)
    : account_(std::move(account)),
      port_(port),
      alarms_(alarms),
      capacity_(capacity),
      options_(std::move(options)),
      activities_(port, options_.on_activity) {}

bool ScalingBook::owns(const std::string& kind) {
  return kind == kTargetKind || kind == kPolicyKind || kind == kActionKind ||
         kind == Activities::kKind;
}

Result<void> ScalingBook::load(const std::string& kind, const std::string& region,
                               const std::string&, const std::string& text) {
  if (kind == Activities::kKind) return activities_.load(region, text);
  if (kind == kTargetKind) {
    auto target = parse_target(region, text);
    if (!target) return target.error();
    targets_[region].insert_or_assign(target->resource.text(), std::move(*target));
    return {};
  }
  if (kind == kPolicyKind) {
    auto policy = parse_policy(region, text);
    if (!policy) return policy.error();
    Key key{policy->resource.text(), policy->name};
    policies_[region].insert_or_assign(std::move(key), std::move(*policy));
    return {};
  }
  if (kind == kActionKind) {
    auto action = parse_action(region, text);
    if (!action) return action.error();
    Key key{action->resource.text(), action->name};
    actions_[region].insert_or_assign(std::move(key), std::move(*action));
    return {};
  }
  return Error{ErrorKind::kInternal, "InternalServiceException",
               "Documents of kind " + kind + " are not of scaling."};
}

const std::map<std::string, Target>& ScalingBook::targets(const std::string& region) const {
  return of_region(targets_, region);
}

const std::map<ScalingBook::Key, Policy>& ScalingBook::policies(const std::string& region) const {
  return of_region(policies_, region);
}

const std::map<ScalingBook::Key, ScheduledAction>& ScalingBook::actions(
    const std::string& region) const {
  return of_region(actions_, region);
}

Target* ScalingBook::edit(const std::string& region, const ResourceId& resource) {
  const auto& all = targets(region);
  const auto found = all.find(resource.text());
  return found == all.end() ? nullptr : const_cast<Target*>(&found->second);
}

Result<void> ScalingBook::save(const Target& target) {
  return port_.save(kTargetKind, target.region, target.resource.text(), target_text(target));
}

Result<const Target*> ScalingBook::register_target(const std::string& region, TargetInput input,
                                                   WallTime now) {
  const Target* before = edit(region, input.resource);
  Target target;
  if (before) {
    target = *before;
  } else {
    if (!input.min || !input.max)
      return validation_error(
          "MinCapacity and MaxCapacity must be specified when registering a new scalable target");
    target.region = region;
    target.resource = input.resource;
    target.arn = new_target_arn(region, account_);
    target.created = now;
    target.tags = std::move(input.tags);
    target.role_arn = global_arn_start("iam", region) + account_ +
                      ":role/aws-service-role/lambda.application-autoscaling.amazonaws.com/"
                      "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency";
  }
  target.min = input.min.value_or(target.min);
  target.max = input.max.value_or(target.max);
  target.role_arn = input.role_arn.value_or(target.role_arn);
  target.suspended = {input.suspend_in.value_or(target.suspended.scale_in),
                      input.suspend_out.value_or(target.suspended.scale_out),
                      input.suspend_scheduled.value_or(target.suspended.scheduled)};
  if (const auto checked = check_limits(target); !checked) return checked.error();
  if (target.tags.size() > kMaxTags)
    return Error{ErrorKind::kInvalid, "TooManyTagsException",
                 "A scalable target has at most 50 tags."};
  if (const auto current = capacity_.current(region, target.resource); !current)
    return validation_error("The resource " + target.resource.text() +
                            " can't be scaled: " + current.error().message);
  if (const auto saved = save(target); !saved) return saved.error();
  Target& kept =
      targets_[region].insert_or_assign(target.resource.text(), std::move(target)).first->second;
  pull_into_limits(kept, now);
  return &kept;
}

Result<void> ScalingBook::deregister_target(const std::string& region, const ResourceId& resource,
                                            WallTime now) {
  const Target* target = edit(region, resource);
  if (!target) return object_not_found("No scalable target found", resource);
  const std::string text = resource.text();
  std::vector<StatePort::Place> places{{kTargetKind, region, text}};
  auto& policies = policies_[region];
  const auto policy = policies.lower_bound({text, ""});
  auto no_policy = policy;
  std::vector<const Policy*> going;
  for (; no_policy != policies.end() && no_policy->first.first == text; ++no_policy) {
    going.push_back(&no_policy->second);
    places.push_back({kPolicyKind, region, text + "/" + no_policy->second.name});
  }
  auto& actions = actions_[region];
  const auto action = actions.lower_bound({text, ""});
  auto no_action = action;
  for (; no_action != actions.end() && no_action->first.first == text; ++no_action)
    places.push_back({kActionKind, region, text + "/" + no_action->second.name});
  if (auto erased = erase_with_alarms(region, going, std::move(places), now); !erased)
    return erased;
  policies.erase(policy, no_policy);
  actions.erase(action, no_action);
  rounds_.erase({region, text});
  targets_[region].erase(text);
  return {};
}

Result<const Target*> ScalingBook::target_by_arn(const std::string& region,
                                                 const std::string& arn) const {
  for (const auto& [resource, target] : targets(region))
    if (target.arn == arn) return &target;
  return Error{ErrorKind::kNotFound, "ResourceNotFoundException",
               "There is no scalable target with the ARN " + arn + " in " + region + "."};
}

Result<void> ScalingBook::tag(const std::string& region, const std::string& target_arn,
                              const Tags& tags) {
  const auto found = target_by_arn(region, target_arn);
  if (!found) return found.error();
  Target changed = **found;
  for (const auto& [key, value] : tags) changed.tags[key] = value;
  if (changed.tags.size() > kMaxTags)
    return Error{ErrorKind::kInvalid, "TooManyTagsException",
                 "The scalable target " + target_arn + " would have " +
                     std::to_string(changed.tags.size()) + " tags; it may have 50."};
  if (const auto saved = save(changed); !saved) return saved;
  *edit(region, changed.resource) = changed;
  return {};
}

Result<void> ScalingBook::untag(const std::string& region, const std::string& target_arn,
                                const std::vector<std::string>& keys) {
  const auto found = target_by_arn(region, target_arn);
  if (!found) return found.error();
  Target changed = **found;
  for (const std::string& key : keys) changed.tags.erase(key);
  if (const auto saved = save(changed); !saved) return saved;
  *edit(region, changed.resource) = changed;
  return {};
}

}  // namespace kiln::scaling
