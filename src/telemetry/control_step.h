// What happens as metric time goes on: alarms look at the metrics, their actions run, and each full
// minute the schedules do. The engine's control loop and simulations take these steps alike.
//
//   for (int64_t end_s = …; end_s <= now_s; end_s += kControlStepS)
//     control_step(end_s, metrics, alarms, ports);
//
// Pure but for the ports; not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.h"
#include "telemetry/alarm_book.h"
#include "telemetry/metric_store.h"

namespace kiln::telemetry {

// Alarms with the shortest periods are looked at this often.
inline constexpr int64_t kControlStepS = 10;

// Runs one action of an alarm. Answers with what went wrong.
using RunAction = std::function<Result<void>(const FiredAction&, WallTime now)>;

struct ControlPorts {
  // Records everything that was counted since the last call.
  std::function<void()> gather;
  RunAction act;
  // Called at the end of each minute, after the alarms.
  std::function<void(WallTime now)> each_minute;
};

// Runs actions of alarms, and notes in their history how it went.
void run_actions(AlarmBook& alarms, const std::vector<FiredAction>& actions, const RunAction& act,
                 WallTime now);

// The step that ends at `end_s`, a multiple of kControlStepS.
void control_step(int64_t end_s, const MetricStore& metrics, AlarmBook& alarms,
                  const ControlPorts& ports);

}  // namespace kiln::telemetry
