#include "scaling/wish.h"

#include <fmt/format.h>

#include <algorithm>

#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

using telemetry::Alarm;

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// What steps are measured with.
Result<double> step_value(const StepPolicy& policy, const Alarm& alarm) {
  if (!alarm.recent_values.empty()) return aggregate(alarm.recent_values, policy.aggregation);
  if (alarm.latest_value) return *alarm.latest_value;
  return validation_error("Alarm " + alarm.config.name +
                          " has no data point to choose a step adjustment by.");
}

Result<std::optional<Wish>> step_wish(const Policy& policy, const Alarm& alarm, int current,
                                      int out_base) {
  const StepPolicy& step = *policy.step();
  const auto value = step_value(step, alarm);
  if (!value) return value.error();
  const double distance = *value - alarm.config.threshold;
  const auto out = step.adjust(out_base, distance);
  const auto in = step.adjust(current, distance);
  if (!out || !in)
    return validation_error(fmt::format(
        "No step adjustment found for metric value {} and breach delta {}", *value, distance));
  const bool exact = step.type == AdjustmentType::kExactCapacity;
  std::optional<Wish> wish;
  if (*out > (exact ? current : out_base))
    wish = Wish{Wish::Direction::kOut, *out, &policy, &alarm};
  else if (*in < current)
    wish = Wish{Wish::Direction::kIn, *in, &policy, &alarm};
  return wish;
}

std::optional<Wish> tracking_wish(const Policy& policy, const Alarm& alarm, int current,
                                  int out_base) {
  if (!alarm.latest_value || alarm.status.state != telemetry::AlarmState::kAlarm)
    return std::nullopt;
  const TrackingPolicy& tracking = *policy.tracking();
  if (alarm.config.name == policy.alarms.high)
    return Wish{Wish::Direction::kOut, tracking.scale_out(out_base, *alarm.latest_value), &policy,
                &alarm};
  if (alarm.config.name == policy.alarms.low && tracking.scales_in())
    return Wish{Wish::Direction::kIn, tracking.scale_in(current, *alarm.latest_value), &policy,
                &alarm};
  return std::nullopt;
}

}  // namespace

Result<std::optional<Wish>> wish_of(const Policy& policy, const Alarm& alarm, int current,
                                    int out_base) {
  if (policy.step()) return step_wish(policy, alarm, current, out_base);
  return tracking_wish(policy, alarm, current, out_base);
}

std::vector<const Alarm*> acting_alarms(const telemetry::AlarmBook& book, const Policy& policy) {
  std::vector<const Alarm*> out;
  for (const auto& [name, alarm] : book.list(policy.region))
    if (!alarm.is_composite() && alarm.config.actions.enabled &&
        contains(alarm.config.actions.of(alarm.status.state), policy.arn))
      out.push_back(&alarm);
  return out;
}

std::vector<std::string> alarm_names(const telemetry::AlarmBook& book, const Policy& policy) {
  if (policy.tracking()) return {policy.alarms.high, policy.alarms.low};
  std::vector<std::string> out;
  for (const auto& [name, alarm] : book.list(policy.region)) {
    const auto& actions = alarm.config.actions;
    if (contains(actions.alarm, policy.arn) || contains(actions.ok, policy.arn) ||
        contains(actions.insufficient_data, policy.arn))
      out.push_back(name);
  }
  return out;
}

}  // namespace kiln::scaling
