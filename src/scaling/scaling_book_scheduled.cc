// The scheduled actions of a ScalingBook, and the limits of its targets.
#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "scaling/scaling_book.h"
#include "scaling/scaling_document.h"
#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

constexpr auto kPruneEvery = std::chrono::hours(1);

std::string action_key(const ScheduledAction& action) {
  return action.resource.text() + "/" + action.name;
}

// "min capacity to 5 and max capacity to 10"
std::string limits_text(const ScheduledAction& action) {
  std::string text;
  if (action.min) text = fmt::format("min capacity to {}", *action.min);
  if (action.max)
    text += fmt::format("{}max capacity to {}", text.empty() ? "" : " and ", *action.max);
  return text;
}

// The last time in (done_until, now] at which the action was due.
std::optional<WallTime> latest_due(const ScheduledAction& action, WallTime now) {
  const WallTime anchor = action.start.value_or(action.created);
  WallTime after = action.done_until;
  WallTime until = now;
  if (!action.schedule.once()) {
    if (action.start) after = std::max(after, *action.start - std::chrono::seconds(1));
    if (action.end) until = std::min(until, *action.end);
  }
  if (after >= until) return std::nullopt;
  return action.schedule.latest(after, until, anchor);
}

Result<void> check(const ScheduledAction& action) {
  // AWS's text.
  if (!action.min && !action.max)
    return validation_error(
        "At least one of minimum capacity and maximum capacity should be provided");
  if (action.min.value_or(0) < 0 || action.max.value_or(0) < 0)
    return validation_error("MinCapacity and MaxCapacity cannot be less than 0");
  if (action.min && action.max && *action.min > *action.max)
    return validation_error("Maximum capacity cannot be less than minimum capacity");
  if (action.start && action.end && *action.start >= *action.end)
    return validation_error("The start time must be before the end time");
  return {};
}

}  // namespace

Result<void> ScalingBook::put_action(const std::string& region, ActionInput input, WallTime now) {
  const Key key{input.resource.text(), input.name};
  const auto& all = actions(region);
  const auto before = all.find(key);
  const bool is_new = before == all.end();
  const auto missing = [&] {
    return object_not_found("No scalable target registered", input.resource);
  };
  if (is_new && !input.schedule)
    return edit(region, input.resource)
               ? validation_error("A new scheduled action needs a Schedule")
               : missing();
  const std::string text = input.schedule ? *input.schedule : before->second.schedule_text;
  const std::string zone = input.time_zone.value_or(is_new ? "" : before->second.time_zone);
  auto schedule = Schedule::parse(text, zone);
  if (!schedule) return schedule.error();
  ScheduledAction action{region, input.resource,       input.name,  "",        now, text,
                         zone,   std::move(*schedule), input.start, input.end, {},  {},
                         now};
  if (is_new) {
    action.arn = new_action_arn(region, account_, action.resource, action.name);
  } else {
    action.arn = before->second.arn;
    action.created = before->second.created;
    action.min = before->second.min;
    action.max = before->second.max;
  }
  if (input.limits) {
    action.min = input.limits->min;
    action.max = input.limits->max;
  }
  // What the request says is checked before its target is looked for.
  if (const auto checked = check(action); !checked) return checked;
  if (!edit(region, input.resource)) return missing();
  const auto count = std::count_if(
      all.begin(), all.end(), [&](const auto& entry) { return entry.first.first == key.first; });
  if (is_new && static_cast<size_t>(count) >= kMaxActions)
    return limit_exceeded("Scalable target " + key.first +
                          " has 200 scheduled actions; delete one to make room.");
  if (auto saved = port_.save(kActionKind, region, action_key(action), action_text(action)); !saved)
    return saved;
  actions_[region].insert_or_assign(key, std::move(action));
  return {};
}

Result<void> ScalingBook::delete_action(const std::string& region, const ResourceId& resource,
                                        const std::string& name) {
  auto& all = actions_[region];
  const auto found = all.find({resource.text(), name});
  if (found == all.end())
    return object_not_found("No scheduled action found", resource,
                            ", scheduled action name: " + name);
  if (auto erased = port_.erase(kActionKind, region, action_key(found->second)); !erased)
    return erased;
  all.erase(found);
  return {};
}

void ScalingBook::each_minute(WallTime now) {
  std::vector<std::pair<WallTime, ScheduledAction*>> due;
  for (auto& [region, all] : actions_) {
    for (auto& [key, action] : all) {
      // After a start, the clock may show less than it did.
      action.done_until = std::min(action.done_until, now);
      const auto at = latest_due(action, now);
      action.done_until = now;
      if (at) due.emplace_back(*at, &action);
    }
  }
  // In their order, so that what was missed ends as if nothing had been.
  std::stable_sort(due.begin(), due.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [at, action] : due) {
    (void)port_.save(kActionKind, action->region, action_key(*action), action_text(*action));
    run_action(*action, now);
  }
  if (now < pruned_ + kPruneEvery) return;
  pruned_ = now;
  activities_.prune(now);
}

void ScalingBook::run_action(const ScheduledAction& action, WallTime now) {
  Target* target = edit(action.region, action.resource);
  if (!target || target->suspended.scheduled) return;
  Target changed = *target;
  changed.min = action.min.value_or(changed.min);
  changed.max = action.max.value_or(changed.max);
  const std::string limits = limits_text(action);
  Activity activity;
  activity.resource = action.resource;
  activity.description = "Setting " + limits;
  activity.cause = "scheduled action name " + action.name + " was triggered";
  activity.start = activity.end = now;
  activity.status_message = "Successfully set " + limits;
  Result<void> done;
  if (changed.min > changed.max)
    done = validation_error(
        fmt::format("the minimum capacity, {}, would be greater than the maximum capacity, {}",
                    changed.min, changed.max));
  else
    done = save(changed);
  if (!done) {
    activity.status = Activity::Status::kFailed;
    activity.status_message = "Failed to set " + limits + ". Reason: " + done.error().message;
  }
  activities_.add(action.region, std::move(activity));
  if (!done) return;
  *target = std::move(changed);
  pull_into_limits(*target, now);
}

void ScalingBook::pull_into_limits(Target& target, WallTime now) {
  const auto current = capacity_.current(target.region, target.resource);
  if (current && *current < target.min)
    set_capacity(target, target.min, fmt::format("minimum capacity was set to {}", target.min),
                 now);
  if (current && *current > target.max)
    set_capacity(target, target.max, fmt::format("maximum capacity was set to {}", target.max),
                 now);
}

}  // namespace kiln::scaling
