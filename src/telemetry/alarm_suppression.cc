#include "telemetry/alarm_suppression.h"

#include <utility>

namespace kiln::telemetry {

std::string_view to_text(SuppressedBy by) {
  switch (by) {
    case SuppressedBy::kWaitPeriod:
      return "WaitPeriod";
    case SuppressedBy::kExtensionPeriod:
      return "ExtensionPeriod";
    case SuppressedBy::kAlarm:
      return "Alarm";
    case SuppressedBy::kNothing:
      break;
  }
  return "";
}

SuppressedBy parse_suppressed_by(std::string_view text) {
  for (const auto by :
       {SuppressedBy::kWaitPeriod, SuppressedBy::kExtensionPeriod, SuppressedBy::kAlarm})
    if (to_text(by) == text) return by;
  return SuppressedBy::kNothing;
}

std::string suppressed_reason(SuppressedBy by) {
  return "Actions suppressed by " + std::string(to_text(by));
}

void Suppression::transitioned(const ActionsSuppressor& suppressor, bool in_alarm, WallTime now) {
  if (in_alarm) {
    by = SuppressedBy::kAlarm;
  } else {
    by = suppressor.wait_s > 0 ? SuppressedBy::kWaitPeriod : SuppressedBy::kNothing;
    until = now + std::chrono::seconds(suppressor.wait_s);
  }
  pending = by != SuppressedBy::kNothing;
}

bool Suppression::step(const ActionsSuppressor& suppressor, bool in_alarm, WallTime now) {
  if (in_alarm) {
    by = SuppressedBy::kAlarm;
    return false;
  }
  if (by == SuppressedBy::kAlarm) {
    by = SuppressedBy::kExtensionPeriod;
    until = now + std::chrono::seconds(suppressor.extension_s);
  }
  if (by != SuppressedBy::kNothing && now < until) return false;
  by = SuppressedBy::kNothing;
  return std::exchange(pending, false);
}

void Suppression::discard() { by = SuppressedBy::kNothing; }

bool Suppression::is_over(WallTime now) const {
  switch (by) {
    case SuppressedBy::kWaitPeriod:
    case SuppressedBy::kExtensionPeriod:
      return now >= until;
    case SuppressedBy::kAlarm:
      return false;
    case SuppressedBy::kNothing:
      break;
  }
  return pending;
}

}  // namespace kiln::telemetry
