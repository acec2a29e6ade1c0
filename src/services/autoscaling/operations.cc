#include "services/autoscaling/operations.h"

#include <map>
#include <utility>

#include "base/time_format.h"
#include "scaling/policy_document.h"
#include "scaling/scaling_error.h"
#include "services/autoscaling/input.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using scaling::validation_error;
using Need = InputChecks::Need;

json empty() { return json::object(); }

constexpr size_t kMaxTagKeys = 200;  // in a request
constexpr size_t kMaxTagKey = 128;

Result<std::string> read_arn(const json& input) {
  InputChecks checks(input);
  std::string arn = check_scalable_target_arn(checks);
  if (const auto checked = scaling_checked(checks); !checked) return checked.error();
  return arn;
}

}  // namespace

ApplicationAutoScaling::Operation ApplicationAutoScaling::operation_of(const std::string& name) {
  using Self = ApplicationAutoScaling;
  static const std::map<std::string, Operation> kOperations = {
      {"RegisterScalableTarget", &Self::register_scalable_target},
      {"DeregisterScalableTarget", &Self::deregister_scalable_target},
      {"DescribeScalableTargets", &Self::describe_scalable_targets},
      {"PutScalingPolicy", &Self::put_scaling_policy},
      {"DeleteScalingPolicy", &Self::delete_scaling_policy},
      {"DescribeScalingPolicies", &Self::describe_scaling_policies},
      {"PutScheduledAction", &Self::put_scheduled_action},
      {"DeleteScheduledAction", &Self::delete_scheduled_action},
      {"DescribeScheduledActions", &Self::describe_scheduled_actions},
      {"DescribeScalingActivities", &Self::describe_scaling_activities},
      {"TagResource", &Self::tag_resource},
      {"UntagResource", &Self::untag_resource},
      {"ListTagsForResource", &Self::list_tags_for_resource},
  };
  const auto found = kOperations.find(name);
  return found == kOperations.end() ? nullptr : found->second;
}

bool ApplicationAutoScaling::has(const std::string& operation) {
  return operation_of(operation) != nullptr;
}

Result<json> ApplicationAutoScaling::run(const std::string& operation, const json& input,
                                         const std::string& region, const std::string& account,
                                         WallTime now, Times times) {
  const Operation function = operation_of(operation);
  if (!function)
    return Error{ErrorKind::kInvalid, "UnknownOperationException",
                 "Application Auto Scaling has no operation " + operation + " here."};
  return (this->*function)({input, region, account, now, times});
}

Result<json> ApplicationAutoScaling::register_scalable_target(const Call& call) {
  auto input = read_target(call.input);
  if (!input) return input.error();
  const auto target = book_.register_target(call.region, std::move(*input), call.now);
  if (!target) return target.error();
  return json{{"ScalableTargetARN", (*target)->arn}};
}

Result<json> ApplicationAutoScaling::deregister_scalable_target(const Call& call) {
  const auto resource = read_scaling_resource(call.input);
  if (!resource) return resource.error();
  const auto done = book_.deregister_target(call.region, *resource, call.now);
  if (!done) return done.error();
  return empty();
}

std::string ApplicationAutoScaling::policy_type(const Call& call,
                                                const scaling::ResourceId& resource,
                                                const std::string& name) const {
  const auto& all = book_.policies(call.region);
  const auto found = all.find({resource.text(), name});
  return found == all.end() || found->second.step() ? scaling::kStepScaling
                                                    : scaling::kTargetTracking;
}

Result<json> ApplicationAutoScaling::put_scaling_policy(const Call& call) {
  InputChecks checks(call.input);
  std::string type = check_policy_members(checks);
  auto key = read_policy_key(checks, Naming::kNew);
  if (!key) return key.error();
  if (type.empty()) type = policy_type(call, key->resource, key->name);
  auto input = read_policy(call.input, call.region, std::move(*key), type);
  if (!input) return input.error();
  const auto policy = book_.put_policy(call.region, std::move(*input), call.now);
  if (!policy) return policy.error();
  return json{{"PolicyARN", (*policy)->arn}, {"Alarms", alarms_document(call, **policy)}};
}

json ApplicationAutoScaling::alarms_document(const Call& call,
                                             const scaling::Policy& policy) const {
  json alarms = json::array();
  for (const std::string& name : book_.alarms_of(policy))
    alarms.push_back(
        {{"AlarmName", name}, {"AlarmARN", telemetry::alarm_arn(call.region, call.account, name)}});
  return alarms;
}

Result<json> ApplicationAutoScaling::delete_scaling_policy(const Call& call) {
  InputChecks checks(call.input);
  const auto key = read_policy_key(checks, Naming::kThere);
  if (!key) return key.error();
  const auto done = book_.delete_policy(call.region, key->resource, key->name, call.now);
  if (!done) return done.error();
  return empty();
}

// The book itself takes such actions: simulations run what was recorded.
Result<void> ApplicationAutoScaling::check_to_come(const Call& call,
                                                   const scaling::ActionInput& input) const {
  if (call.times == Times::kAny) return {};
  const auto& all = book_.actions(call.region);
  const auto found = all.find({input.resource.text(), input.name});
  const scaling::ScheduledAction* before = found == all.end() ? nullptr : &found->second;
  const std::string zone =
      input.time_zone.value_or(before == nullptr ? std::string() : before->time_zone);
  const bool is_same = before != nullptr && before->time_zone == zone &&
                       input.schedule.value_or(before->schedule_text) == before->schedule_text;
  if (input.schedule && !is_same) {
    const auto schedule = scaling::Schedule::parse(*input.schedule, zone);
    if (!schedule) return schedule.error();
    if (schedule->once() && !schedule->next(call.now))
      return validation_error("The schedule " + *input.schedule + " is in the past. It is now " +
                              format_iso_ms(call.now) + "; choose a later time.");
  }
  const bool ends_as_before = before != nullptr && before->end == input.end;
  if (input.end && *input.end <= call.now && !ends_as_before)
    return validation_error("The end time " + format_iso_ms(*input.end) +
                            " is in the past. It is now " + format_iso_ms(call.now) +
                            "; choose a later time.");
  return {};
}

Result<json> ApplicationAutoScaling::put_scheduled_action(const Call& call) {
  auto input = read_action(call.input);
  if (!input) return input.error();
  if (const auto checked = check_to_come(call, *input); !checked) return checked.error();
  const auto done = book_.put_action(call.region, std::move(*input), call.now);
  if (!done) return done.error();
  return empty();
}

Result<json> ApplicationAutoScaling::delete_scheduled_action(const Call& call) {
  InputChecks checks(call.input);
  const auto key = read_action_key(checks, Naming::kThere);
  if (!key) return key.error();
  const auto done = book_.delete_action(call.region, key->resource, key->name);
  if (!done) return done.error();
  return empty();
}

Result<json> ApplicationAutoScaling::tag_resource(const Call& call) {
  const auto arn = read_arn(call.input);
  if (!arn) return arn.error();
  const auto tags = read_scaling_tags(call.input);
  if (!tags) return tags.error();
  if (tags->empty()) return validation_error("Tags must have at least one tag");
  const auto done = book_.tag(call.region, *arn, *tags);
  if (!done) return done.error();
  return empty();
}

Result<json> ApplicationAutoScaling::untag_resource(const Call& call) {
  const auto arn = read_arn(call.input);
  if (!arn) return arn.error();
  InputChecks checks(call.input);
  const auto keys = checks.texts("TagKeys", kMaxTagKeys, Need::kRequired, kMaxTagKey);
  if (const auto checked = scaling_checked(checks); !checked) return checked.error();
  const auto done = book_.untag(call.region, *arn, keys);
  if (!done) return done.error();
  return empty();
}

Result<json> ApplicationAutoScaling::list_tags_for_resource(const Call& call) {
  const auto arn = read_arn(call.input);
  if (!arn) return arn.error();
  const auto target = book_.target_by_arn(call.region, *arn);
  if (!target) return target.error();
  return json{{"Tags", (*target)->tags}};
}

}  // namespace kiln::services
