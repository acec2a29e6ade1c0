// What is known of an alarm beside its configuration, and what comes out of its evaluation. Values.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/state_port.h"
#include "telemetry/alarm.h"
#include "telemetry/alarm_suppression.h"
#include "telemetry/composite_rule.h"

namespace kiln::telemetry {

using Tags = std::map<std::string, std::string>;

struct AlarmStatus {
  AlarmState state = AlarmState::kInsufficientData;
  std::string reason;
  std::string reason_data;  // JSON or ""
  WallTime updated;
  SuppressedBy suppressed_by = SuppressedBy::kNothing;  // in the snapshots of actions alone
};

struct Alarm {
  AlarmConfig config;                 // of a composite alarm: names, description and actions
  std::optional<CompositeRule> rule;  // of a composite alarm
  std::optional<ActionsSuppressor> suppressor;
  AlarmStatus status;
  WallTime transitioned;  // when the state last became another one
  WallTime configuration_updated;
  Suppression suppression;  // of a composite alarm with a suppressor
  Tags tags;
  std::optional<double> latest_value;  // the newest point of the last evaluation
  std::vector<double> recent_values;   // all points that it looked at

  bool is_composite() const { return rule.has_value(); }
};

// An alarm at the moment when its actions run.
struct AlarmSnapshot {
  std::string account;
  AlarmConfig config;
  std::optional<std::string> rule;  // of a composite alarm
  std::optional<ActionsSuppressor> suppressor;
  AlarmStatus status;
  AlarmStatus previous;  // equal to `status` when an action runs again
  WallTime configuration_updated;
};

struct FiredAction {
  enum class Cause { kTransition, kRefire };
  std::shared_ptr<const AlarmSnapshot> alarm;
  std::string action;  // ARN
  std::optional<double> latest_value;
  Cause cause = Cause::kTransition;
};

}  // namespace kiln::telemetry
