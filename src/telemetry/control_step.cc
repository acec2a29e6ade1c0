#include "telemetry/control_step.h"

namespace kiln::telemetry {

void run_actions(AlarmBook& alarms, const std::vector<FiredAction>& actions, const RunAction& act,
                 WallTime now) {
  for (const FiredAction& action : actions) {
    const auto done = act(action, now);
    // A scaling policy is told every minute; its own activities say what came of it.
    if (action.cause == FiredAction::Cause::kRefire) continue;
    alarms.record_action(action,
                         done ? AlarmBook::Outcome::kSucceeded : AlarmBook::Outcome::kFailed,
                         done ? std::string() : done.error().message, now);
  }
}

void control_step(int64_t end_s, const MetricStore& metrics, AlarmBook& alarms,
                  const ControlPorts& ports) {
  const WallTime now{std::chrono::seconds(end_s)};
  const bool minute = end_s % 60 == 0;
  if (minute || alarms.due(now)) {
    ports.gather();
    const auto fetch = [&metrics](const MetricStat& metric, int64_t from_s, int64_t to_s) {
      return metrics.read(metric, from_s, to_s, MetricStore::Align::kStart);
    };
    const auto list = [&metrics, end_s](const std::function<void(const MetricKey&)>& visit) {
      metrics.list(end_s - kSecondsListed, visit);
    };
    run_actions(alarms, alarms.evaluate(now, fetch, {}, list), ports.act, now);
  }
  if (minute) ports.each_minute(now);
}

}  // namespace kiln::telemetry
