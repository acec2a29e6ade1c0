// What a policy wants when one of its alarms acts. Pure.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"
#include "scaling/scaling_record.h"
#include "telemetry/alarm_book.h"

namespace kiln::scaling {

struct Wish {
  enum class Direction { kOut, kIn };
  Direction direction = Direction::kOut;
  int capacity = 0;  // not clamped to the target's limits
  const Policy* policy = nullptr;
  const telemetry::Alarm* alarm = nullptr;
};

// `current`: the capacity; `out_base`: what scaling out starts from, which is less while a cooldown
// lasts. nullopt: nothing, as for a policy that doesn't scale in, or without a value. Error: no
// step of a step policy is for the alarm's value.
Result<std::optional<Wish>> wish_of(const Policy& policy, const telemetry::Alarm& alarm,
                                    int current, int out_base);

// The alarms that have the policy among the actions of their present state.
std::vector<const telemetry::Alarm*> acting_alarms(const telemetry::AlarmBook& book,
                                                   const Policy& policy);
// The names of a policy's alarms: its own, or those that have it as an action.
std::vector<std::string> alarm_names(const telemetry::AlarmBook& book, const Policy& policy);

}  // namespace kiln::scaling
