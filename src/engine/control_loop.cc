#include "engine/control_loop.h"

#include <algorithm>

namespace kiln::engine {
namespace {

// Alarms with the shortest periods are looked at this often.
constexpr int64_t kStep = 10;
// After a longer pause (a laptop that slept) the minutes in between are not made up for.
constexpr int64_t kMostBehind = 10 * 60;
constexpr int64_t kHour = 3600;

telemetry::MetricArchive& resumed(telemetry::MetricArchive& archive, const Clock& clock) {
  archive.resume(epoch_s(clock.wall_now()));
  return archive;
}

WallTime at(int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

}  // namespace

ControlLoop::ControlLoop(net::IoLoop& control, const ScaledClock& clock,
                         telemetry::MetricArchive& archive, telemetry::AlarmBook& alarms,
                         Ports ports)
    : control_(control),
      clock_(clock),
      archive_(archive),
      store_(resumed(archive, clock)),
      alarms_(alarms),
      ports_(std::move(ports)) {}

ControlLoop::~ControlLoop() { control_.cancel(this); }

void ControlLoop::start() {
  const int64_t now_s = epoch_s(clock_.wall_now());
  last_tick_s_ = now_s - now_s % kStep;
  control_.schedule(this, control_.clock().steady_now());
}

void ControlLoop::finish() {
  control_.cancel(this);
  gather();
  store_.flush(epoch_s(clock_.wall_now()));
}

void ControlLoop::gather() {
  std::vector<MetricPoint> points;
  ports_.collect(points);
  for (const MetricPoint& point : points)
    store_.record(point.key, point.unit, point.time_s, point.values);
}

telemetry::MetricStore& ControlLoop::metrics() {
  gather();
  return store_;
}

void ControlLoop::run(const std::vector<telemetry::FiredAction>& actions, WallTime now) {
  for (const telemetry::FiredAction& action : actions) {
    const auto done = ports_.act(action, now);
    // A scaling policy is told every minute; its own activities say what came of it.
    if (action.cause == telemetry::FiredAction::Cause::kRefire) continue;
    alarms_.record_action(
        action,
        done ? telemetry::AlarmBook::Outcome::kSucceeded : telemetry::AlarmBook::Outcome::kFailed,
        done ? std::string() : done.error().message, now);
  }
}

void ControlLoop::tick(int64_t end_s) {
  const WallTime now = at(end_s);
  const bool minute = end_s % 60 == 0;
  if (minute || alarms_.due(now)) {
    gather();
    const auto fetch = [this](const telemetry::MetricStat& metric, int64_t from_s, int64_t to_s) {
      return store_.read(metric, from_s, to_s, telemetry::MetricStore::Align::kStart);
    };
    run(alarms_.evaluate(now, fetch), now);
  }
  if (!minute) return;
  ports_.each_minute(now);
  store_.flush(end_s);
  if (end_s % kHour == 0) {
    archive_.compact(end_s);
    ports_.each_hour(now);
  }
}

SteadyTime ControlLoop::on_time(SteadyTime now) {
  const int64_t now_s = epoch_s(clock_.wall_now());
  const int64_t newest = now_s - now_s % kStep;
  if (newest - last_tick_s_ > kMostBehind) last_tick_s_ = newest - kStep;
  while (last_tick_s_ < newest) tick(last_tick_s_ += kStep);
  const Duration wait = at(last_tick_s_ + kStep) - clock_.wall_now();
  return now + std::chrono::duration_cast<SteadyTime::duration>(
                   std::max<Duration>(clock_.real(wait), std::chrono::milliseconds(1)));
}

}  // namespace kiln::engine
