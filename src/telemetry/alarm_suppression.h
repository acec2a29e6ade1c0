// What keeps a composite alarm from acting: its suppressor in ALARM, the wait for that, or the time
// after it. As in the examples of AWS's documentation of action suppression:
//
//   a change of state starts a wait, in which the suppressor may go into ALARM; another change
//   starts a new one; once the suppressor has left ALARM, its extension begins; what was held back
//   runs, for the state of that moment, when neither holds any more.
//
// Pure: time and the suppressor's state come in as arguments.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"

namespace kiln::telemetry {

// The alarm that keeps a composite alarm from acting while it is in ALARM.
struct ActionsSuppressor {
  std::string alarm;    // name or ARN, as it was given
  int wait_s = 0;       // how long a change of state waits for it to go into ALARM
  int extension_s = 0;  // how long actions stay suppressed once it has left ALARM
};

enum class SuppressedBy { kNothing, kWaitPeriod, kExtensionPeriod, kAlarm };

std::string_view to_text(SuppressedBy by);  // "", "WaitPeriod", "ExtensionPeriod", "Alarm"
SuppressedBy parse_suppressed_by(std::string_view text);
std::string suppressed_reason(SuppressedBy by);

struct Suppression {
  SuppressedBy by = SuppressedBy::kNothing;
  WallTime until;        // of the two periods
  bool pending = false;  // the state changed, and its actions have not run

  // The composite alarm has changed its state. Its actions run at once unless `pending`.
  void transitioned(const ActionsSuppressor& suppressor, bool in_alarm, WallTime now);
  // To call whenever time has passed or the suppressor may have changed. True: what was held back
  // runs now.
  bool step(const ActionsSuppressor& suppressor, bool in_alarm, WallTime now);
  // The suppressor is another one, or none: no period goes on.
  void discard();
  // Whether a step at `now` would end a period, or run what is held back.
  bool is_over(WallTime now) const;
};

}  // namespace kiln::telemetry
