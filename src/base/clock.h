// The one source of time. Rules never call it: time comes to them as an argument.
// A Clock is safe to use from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace kiln {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;
using Duration = std::chrono::nanoseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady_now() const = 0;  // for durations and deadlines
  virtual WallTime wall_now() const = 0;      // for time stamps, UTC
};

// The machine's clocks.
class SystemClock final : public Clock {
 public:
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  WallTime wall_now() const override { return std::chrono::system_clock::now(); }
};

// A clock that moves only when told, for tests. Both times advance together.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : start_(start) {}
  SteadyTime steady_now() const override { return SteadyTime(Duration(elapsed_ns_.load())); }
  WallTime wall_now() const override {
    return start_ + std::chrono::duration_cast<WallTime::duration>(Duration(elapsed_ns_.load()));
  }
  void advance(Duration by) { elapsed_ns_ += by.count(); }

 private:
  WallTime start_;
  std::atomic<int64_t> elapsed_ns_{0};
};

// A clock that runs `speed` times as fast as another one, from the time that it is made on. Metric
// minutes, alarms, cooldowns, retries and schedules follow it; invocations follow the machine's.
class ScaledClock final : public Clock {
 public:
  ScaledClock(const Clock& real, double speed)
      : real_(real), speed_(speed), steady_(real.steady_now()), wall_(real.wall_now()) {}
  SteadyTime steady_now() const override {
    return steady_ + std::chrono::duration_cast<SteadyTime::duration>(passed());
  }
  WallTime wall_now() const override {
    return wall_ + std::chrono::duration_cast<WallTime::duration>(passed());
  }
  double speed() const { return speed_; }
  // How long a time of this clock lasts on the other one.
  Duration real(Duration mine) const {
    return Duration(static_cast<int64_t>(static_cast<double>(mine.count()) / speed_));
  }

 private:
  Duration passed() const {
    const Duration real = real_.steady_now() - steady_;
    if (speed_ == 1) return real;
    return Duration(static_cast<int64_t>(static_cast<double>(real.count()) * speed_));
  }

  const Clock& real_;
  double speed_;
  SteadyTime steady_;
  WallTime wall_;
};

inline int64_t epoch_s(WallTime t) {
  return std::chrono::floor<std::chrono::seconds>(t.time_since_epoch()).count();
}
inline int64_t epoch_ms(WallTime t) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(t.time_since_epoch()).count();
}
inline double to_ms(Duration d) { return static_cast<double>(d.count()) / 1e6; }

}  // namespace kiln
