#include "engine/control_loop.h"

#include <algorithm>

#include "base/fence.h"

namespace kiln::engine {
namespace {

constexpr int64_t kStep = telemetry::kControlStepS;
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

void ControlLoop::tick(int64_t end_s) {
  telemetry::control_step(end_s, store_, alarms_,
                          {[this] { gather(); }, ports_.act,
                           [this](WallTime now) {
                             fenced("the control loop's minute", [&] { ports_.each_minute(now); });
                           }});
  if (end_s % 60 != 0) return;
  store_.flush(end_s);
  if (end_s % kHour == 0) {
    archive_.compact(end_s);
    ports_.each_hour(at(end_s));
  }
}

SteadyTime ControlLoop::on_time(SteadyTime now) {
  const int64_t now_s = epoch_s(clock_.wall_now());
  const int64_t newest = now_s - now_s % kStep;
  if (newest - last_tick_s_ > kMostBehind) last_tick_s_ = newest - kStep;
  while (last_tick_s_ < newest) {
    last_tick_s_ += kStep;
    fenced("the control loop", [this] { tick(last_tick_s_); });
  }
  const Duration wait = at(last_tick_s_ + kStep) - clock_.wall_now();
  return now + std::chrono::duration_cast<SteadyTime::duration>(
                   std::max<Duration>(clock_.real(wait), std::chrono::milliseconds(1)));
}

}  // namespace kiln::engine
