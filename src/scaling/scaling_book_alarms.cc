// What a ScalingBook does when alarms act on its policies.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "scaling/scaling_book.h"
#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

using Direction = Wish::Direction;

std::string cause_of(const Wish& wish) {
  return "monitor alarm " + wish.alarm->config.name + " in state " +
         std::string(telemetry::to_text(wish.alarm->status.state)) + " triggered policy " +
         wish.policy->name;
}

int scale_out_cooldown(const Policy& policy) {
  return policy.step() ? policy.step()->cooldown_s : policy.tracking()->scale_out_cooldown();
}

int scale_in_cooldown(const Policy& policy) {
  return policy.step() ? policy.step()->cooldown_s : policy.tracking()->scale_in_cooldown();
}

// The one that leaves the most capacity.
const Wish& largest(const std::vector<Wish>& wishes) {
  return *std::max_element(wishes.begin(), wishes.end(),
                           [](const Wish& a, const Wish& b) { return a.capacity < b.capacity; });
}

}  // namespace

Result<void> ScalingBook::on_alarm(const telemetry::FiredAction& fired, WallTime now) {
  const std::string& region = fired.alarm->config.region;
  const auto& all = policies(region);
  const auto policy = std::find_if(
      all.begin(), all.end(), [&](const auto& entry) { return entry.second.arn == fired.action; });
  if (policy == all.end())
    return Error{ErrorKind::kNotFound, "ObjectNotFoundException",
                 "No scaling policy found for the ARN " + fired.action};
  Target* target = edit(region, policy->second.resource);
  if (!target) return object_not_found("No scalable target found", policy->second.resource);
  const auto current = capacity_.current(region, target->resource);
  if (!current) {
    Activity activity;
    activity.resource = target->resource;
    activity.description = "Attempting to scale due to alarm triggered";
    activity.cause = "monitor alarm " + fired.alarm->config.name + " in state " +
                     std::string(telemetry::to_text(fired.alarm->status.state)) +
                     " triggered policy " + policy->second.name;
    activity.start = activity.end = now;
    activity.status = Activity::Status::kFailed;
    activity.status_message = "Failed to get the concurrency. Reason: " + current.error().message;
    activities_.add(region, std::move(activity));
    return {};
  }
  if (const telemetry::Alarm* alarm = alarms_.find(region, fired.alarm->config.name))
    if (const auto wish = wish_of(policy->second, *alarm, *current, *current); !wish)
      return wish.error();
  decide(*target, *current, now);
  return {};
}

// After a start, the clock may show less than it did: no cooldown lasts longer than a policy's.
void ScalingBook::end_stale_cooldowns(Target& target, WallTime now) const {
  int longest = 0;
  for (const auto& [key, policy] : policies(target.region))
    if (key.first == target.resource.text())
      longest = std::max({longest, scale_out_cooldown(policy), scale_in_cooldown(policy)});
  const WallTime latest = now + std::chrono::seconds(longest);
  if (target.cooldowns.out_until > latest || target.cooldowns.in_until > latest)
    target.cooldowns = {};
}

// Looks at all policies of the target, whichever of them an alarm acted on.
void ScalingBook::decide(Target& target, int current, WallTime now) {
  Round& round = rounds_[{target.region, target.resource.text()}];
  if (round.at != now) round = {now, current, false};
  const int base = round.base;
  end_stale_cooldowns(target, now);
  const bool cooling = now < target.cooldowns.out_until;
  const int out_base = cooling ? std::min(target.cooldowns.out_base, base) : base;
  std::vector<Wish> out, in;
  for (const auto& [key, policy] : policies(target.region)) {
    if (key.first != target.resource.text()) continue;
    for (const telemetry::Alarm* alarm : acting_alarms(alarms_, policy)) {
      const auto wish = wish_of(policy, *alarm, base, out_base);
      if (!wish || !*wish) continue;
      ((*wish)->direction == Direction::kOut ? out : in).push_back(**wish);
    }
  }
  if (!out.empty())
    scale_out(target, largest(out), current, round, now);
  else if (!in.empty() && all_agree(target, in))
    scale_in(target, largest(in), current, round, now);
}

bool ScalingBook::all_agree(const Target& target, const std::vector<Wish>& in) const {
  for (const auto& [key, policy] : policies(target.region)) {
    if (key.first != target.resource.text() || !policy.tracking() ||
        !policy.tracking()->scales_in())
      continue;
    const bool agrees = std::any_of(
        in.begin(), in.end(), [its = &policy](const Wish& wish) { return wish.policy == its; });
    if (!agrees) return false;
  }
  return true;
}

void ScalingBook::scale_out(Target& target, const Wish& wish, int current, Round& round,
                            WallTime now) {
  if (target.suspended.scale_out) return;
  const bool cooling = now < target.cooldowns.out_until;
  const int desired = std::min(std::max(wish.capacity, target.min), target.max);
  if (desired > current) {
    const int out_base = cooling ? target.cooldowns.out_base : round.base;
    if (!set_capacity(target, desired, cause_of(wish), now)) return;
    round.scaled = true;
    target.cooldowns = {now + std::chrono::seconds(scale_out_cooldown(*wish.policy)), out_base,
                        WallTime()};
    (void)save(target);
    return;
  }
  if (round.scaled) return;
  if (current >= target.max)
    not_scaled(target, wish, {"AlreadyAtMaxCapacity", target.max, {}, {}}, now);
  else if (!cooling)
    not_scaled(target, wish, {"AlreadyAtDesiredCapacity", {}, {}, current}, now);
}

void ScalingBook::scale_in(Target& target, const Wish& wish, int current, Round& round,
                           WallTime now) {
  if (target.suspended.scale_in || now < target.cooldowns.in_until) return;
  const int desired = std::min(std::max(wish.capacity, target.min), target.max);
  if (desired < current) {
    if (!set_capacity(target, desired, cause_of(wish), now)) return;
    round.scaled = true;
    target.cooldowns.in_until = now + std::chrono::seconds(scale_in_cooldown(*wish.policy));
    (void)save(target);
    return;
  }
  if (round.scaled) return;
  if (current <= target.min)
    not_scaled(target, wish, {"AlreadyAtMinCapacity", {}, target.min, {}}, now);
  else if (wish.policy->tracking())
    // One unit less would raise the metric over the target.
    not_scaled(target, wish, {"AutoScalingAnticipatedFlapping", {}, {}, current}, now);
  else
    not_scaled(target, wish, {"AlreadyAtDesiredCapacity", {}, {}, current}, now);
}

bool ScalingBook::set_capacity(Target& target, int units, const std::string& cause, WallTime now) {
  Activity activity;
  activity.resource = target.resource;
  activity.description = fmt::format("Setting desired concurrency to {}.", units);
  activity.cause = cause;
  activity.start = activity.end = now;
  const auto done = capacity_.set(target.region, target.resource, units);
  if (done) {
    activity.status_message = fmt::format(
        "Successfully set desired concurrency to {}. Change successfully fulfilled by lambda.",
        units);
  } else {
    activity.status = Activity::Status::kFailed;
    activity.status_message = fmt::format("Failed to set desired concurrency to {}. Reason: {}",
                                          units, done.error().message);
  }
  activities_.add(target.region, std::move(activity));
  return done.ok();
}

void ScalingBook::not_scaled(const Target& target, const Wish& wish, NotScaledReason reason,
                             WallTime now) {
  Activity activity;
  activity.resource = target.resource;
  activity.description = "Attempting to scale due to alarm triggered";
  activity.cause = cause_of(wish);
  activity.start = activity.end = now;
  activity.status = Activity::Status::kFailed;
  activity.status_message = "Didn't scale: " + reason.code;
  activity.not_scaled.push_back(std::move(reason));
  activities_.add(target.region, std::move(activity));
}

}  // namespace kiln::scaling
