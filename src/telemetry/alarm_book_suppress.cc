// Composite alarms whose actions another alarm suppresses.
#include "telemetry/alarm_book.h"

namespace kiln::telemetry {
namespace {

Error invalid(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

}  // namespace

Result<void> AlarmBook::check_suppressor(const AlarmConfig& config,
                                         const std::optional<ActionsSuppressor>& suppressor) const {
  if (!suppressor) return {};
  const std::string& given = suppressor->alarm;
  const std::string name = name_of(config.region, given);
  if (name == config.name)
    return invalid("Alarm " + name + " can't be its own ActionsSuppressor; name another alarm.");
  if (!find(config.region, name))
    return invalid("Could not save the composite alarm as the actions suppressor alarm " + given +
                   " does not exist");
  return {};
}

bool AlarmBook::suppressor_in_alarm(const Alarm& alarm) const {
  if (!alarm.suppressor) return false;
  const std::string& region = alarm.config.region;
  const Alarm* suppressor = find(region, name_of(region, alarm.suppressor->alarm));
  return suppressor && suppressor->status.state == AlarmState::kAlarm;
}

void AlarmBook::step_suppressions(WallTime now, std::vector<FiredAction>& fired) {
  for (auto& [region, alarms] : regions_) {
    for (auto& [name, alarm] : alarms) {
      const SuppressedBy before = alarm.suppression.by;
      // Without a suppressor, what an earlier one held back runs.
      const bool runs = alarm.suppression.step(alarm.suppressor.value_or(ActionsSuppressor{}),
                                               suppressor_in_alarm(alarm), now);
      if (!runs && before == alarm.suppression.by) continue;
      if (runs) {
        // AWS's event gives the suppressed state as the previous one.
        AlarmStatus previous = alarm.status;
        previous.suppressed_by = before;
        alarm.status.updated = now;
        run_actions(alarm, std::move(previous), fired);
      }
      if (!save(alarm)) unsaved_.insert({region, name});
    }
  }
}

}  // namespace kiln::telemetry
