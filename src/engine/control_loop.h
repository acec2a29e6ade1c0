// The loop from metrics to action: at the end of each metric minute it gathers what the event loops
// counted, evaluates the alarms, and runs what they and the schedules ask for. It also is the door
// to the metrics, for those who read them.
//
// Threading: the control thread only. Times are of the virtual clock.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/function_metrics.h"
#include "net/io_loop.h"
#include "telemetry/alarm_book.h"
#include "telemetry/control_step.h"
#include "telemetry/metric_store.h"

namespace kiln::engine {

class ControlLoop final : private net::Scheduled {
 public:
  struct Ports {
    // Adds all points counted since the last call.
    std::function<void(std::vector<MetricPoint>&)> collect;
    // Runs one action of an alarm; `now` is the minute's end. Answers with what went wrong.
    telemetry::RunAction act;
    // Called at the end of each minute, after the alarms.
    std::function<void(WallTime now)> each_minute;
    std::function<void(WallTime now)> each_hour;
  };
  ControlLoop(net::IoLoop& control, const ScaledClock& clock, telemetry::MetricArchive& archive,
              telemetry::AlarmBook& alarms, Ports ports);
  ~ControlLoop();

  void start();
  // Writes what is not written yet.
  void finish();

  // The metrics with everything that was counted up to now.
  telemetry::MetricStore& metrics();
  telemetry::AlarmBook& alarms() { return alarms_; }
  // Runs actions of alarms, and notes in their history how it went.
  void run(const std::vector<telemetry::FiredAction>& actions, WallTime now) {
    telemetry::run_actions(alarms_, actions, ports_.act, now);
  }
  const ScaledClock& clock() const { return clock_; }

 private:
  SteadyTime on_time(SteadyTime now) override;
  void gather();
  void tick(int64_t end_s);

  net::IoLoop& control_;
  const ScaledClock& clock_;
  telemetry::MetricArchive& archive_;
  telemetry::MetricStore store_;
  telemetry::AlarmBook& alarms_;
  Ports ports_;
  int64_t last_tick_s_ = 0;
};

}  // namespace kiln::engine
