// When a loop that has nothing to do naps instead of asking to be woken. Many functions are at work
// then, more than there are processors: each answer that woke the loop would take a processor from
// another function for it, and a wake-up costs as much as the answer. After a nap there are several
// answers. A nap is short beside the time that answers take anyway.
//
// A nap that brings fewer than two answers is a miss; each miss doubles the number of sleeps until
// the next try.
//
// Pure; for one thread.
#pragma once

#include <algorithm>
#include <cstddef>

#include "base/clock.h"
#include "net/poll_rule.h"

namespace kiln::net {

class NapRule {
 public:
  static constexpr Duration kLongest = std::chrono::microseconds(250);
  // Less is not worth the system call.
  static constexpr Duration kShortest = std::chrono::microseconds(15);
  // Of the time that answers take.
  static constexpr int kPart = 8;
  static constexpr size_t kEnough = 2;  // answers

  // How long to nap, zero: not at all, while `at_work` functions have been given something to do.
  // Fewer than that are polled for.
  Duration before_sleep(size_t at_work) {
    if (at_work <= PollRule::kMostAwaited || usual_ / kPart < kShortest) return Duration::zero();
    if (left_ > 0) {
      --left_;
      return Duration::zero();
    }
    return std::min<Duration>(usual_ / kPart, kLongest);
  }
  // What the nap that before_sleep gave has brought.
  void woke(size_t answers) {
    pause_ = answers >= kEnough ? 0 : std::clamp(pause_ * 2, 1, PollRule::kLongestPause);
    left_ = pause_;
  }
  // One function has answered, after so long.
  void answered(Duration taken) {
    usual_ += (std::min<Duration>(taken, kLongest * kPart) - usual_) / kSmoothing;
  }

 private:
  static constexpr int kSmoothing = 16;
  Duration usual_ = Duration::zero();
  int pause_ = 0;  // sleeps without a nap after the last miss
  int left_ = 0;   // of them
};

}  // namespace kiln::net
