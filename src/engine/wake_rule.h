// When an invocation that could wake an idle environment waits for one that is at work. While all
// processors are busy, one more environment at work makes nothing faster: whoever is next finds the
// caches filled by the others, and a sleeper costs a wake-up. A few for each processor keep it
// busy, as long as they answer within microseconds and use processors rather than wait.
//
// Whether they do is found out by trying: each try that fails doubles the number of invocations
// until the next. An invocation that waits has an idle environment in reserve: there are never more
// of them than of idle ones.
//
// Pure; for one thread. One for each version and kind of environment.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/clock.h"

namespace kiln::engine {

class WakeRule {
 public:
  static constexpr size_t kPerProcessor = 2;
  // Who takes longer isn't waited for.
  static constexpr Duration kFast = std::chrono::milliseconds(4);
  // The try has failed when none has answered for so long, or when one has waited for so long.
  static constexpr Duration kSilence = std::chrono::milliseconds(4);
  static constexpr Duration kLongest = std::chrono::milliseconds(20);
  // When the processors are looked at, first and then again, and the part of their time that they
  // may be idle.
  static constexpr Duration kFirstLook = std::chrono::milliseconds(30);
  static constexpr Duration kLook = std::chrono::milliseconds(200);
  static constexpr double kMostIdle = 0.25;
  // Invocations that don't wait after a failure. Idle processors are the surer sign.
  static constexpr int kFirstPause = 256, kFirstIdlePause = 4096, kLongestPause = 1 << 20;

  // `processors`: of the machine.
  explicit WakeRule(size_t processors) : processors_(std::max<size_t>(processors, 1)) {}

  // How many are at work before others wait.
  size_t enough() const { return kPerProcessor * processors_; }

  // Whether the next invocation waits, while so many environments are at work, so many are idle,
  // and so many invocations wait.
  bool waits(size_t at_work, size_t idle, size_t waiting) {
    if (at_work < enough() || waiting >= idle) return false;
    if (left_ == 0) return true;
    --left_;
    return false;
  }
  // One has answered, so long after it was given its event; so many were at work then, at most.
  void answered(SteadyTime now, Duration taken, size_t at_work) {
    answered_at_ = now;
    // With many more anybody is slow; a few more come and go.
    if (at_work > 2 * enough()) return;
    usual_ += (std::min(taken, kFast * 4) - usual_) / kSmoothing;
    if (usual_ > kFast) failed();
  }
  // Until when one that waits since then goes on waiting, if nobody takes it before; the past: it
  // has waited enough.
  SteadyTime patience(SteadyTime since) const {
    if (left_ > 0) return since;
    return std::min(std::max(answered_at_, since) + kSilence, since + kLongest);
  }
  // When look() is due, for as long as invocations wait.
  bool look_is_due(SteadyTime now) const {
    return now >= looked_at_ + (first_look_ ? kFirstLook : kLook);
  }
  // What the machine's processors have been idle, all together, since it started.
  void look(SteadyTime now, Duration idle) {
    const Duration passed = now - looked_at_;
    const double all = to_ms(passed) * static_cast<double>(processors_);
    const bool idles = to_ms(idle - idle_) > kMostIdle * all;
    // It says nothing of a time in which hardly anybody waited.
    first_look_ = passed >= 2 * kLook;
    looked_at_ = now;
    idle_ = idle;
    if (first_look_) return;
    if (idles) return pause(kFirstIdlePause, 16);
    pause_ = 0;
  }
  // It wasn't worth the wait.
  void failed() { pause(kFirstPause, 2); }

 private:
  static constexpr int kSmoothing = 16;

  void pause(int first, int factor) {
    if (left_ > 0) return;
    left_ = pause_ = std::clamp(pause_ * factor, first, kLongestPause);
    usual_ = Duration::zero();
    looked_at_ = {};
  }

  size_t processors_;
  Duration usual_{0};  // of those that weren't too many
  SteadyTime answered_at_{};
  SteadyTime looked_at_{};
  bool first_look_ = true;
  Duration idle_{0};
  int pause_ = 0;  // after the last failure
  int left_ = 0;   // of it
};

}  // namespace kiln::engine
