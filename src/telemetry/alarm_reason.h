// Why an alarm is in its state, in CloudWatch's words: StateReason and StateReasonData.
//
//   Threshold Crossed: 1 datapoint [21.5 (19/09/25 20:38:00)] was greater than the threshold (2.0).
//
// Pure.
#pragma once

#include <string>
#include <vector>

#include "telemetry/alarm.h"

namespace kiln::telemetry {

// The points of a window that decided: positions in the window, oldest first. Fewer than the
// alarm's evaluation periods when data is missing.
struct Decision {
  AlarmState state = AlarmState::kInsufficientData;
  std::vector<size_t> decisive;
};

// At most 1,023 characters.
std::string alarm_reason(const AlarmConfig& config, const AlarmWindow& window,
                         const Decision& decision);
// A JSON document of at most 4,000 characters; the newest points when not all have room.
std::string alarm_reason_data(const AlarmConfig& config, const AlarmWindow& window,
                              const Decision& decision, WallTime now);

// A number as CloudWatch's texts have it: "21.5", "0.0", "1.0E7".
std::string decimal_text(double value);

}  // namespace kiln::telemetry
