// When a loop's thread runs as SCHED_BATCH: a function that answers then keeps its processor for
// as long as it has something to do, in place of leaving it to the loop that it wakes, and the loop
// finds several answers at once. That pays while several functions answer often. It costs where
// others keep the processors busy: the loop waits for them, too. How long it waits for a processor
// tells both apart; each period of long waits doubles the number of periods until the next try.
//
// Pure; for one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace kiln::net {

class BatchRule {
 public:
  static constexpr Duration kPeriod = std::chrono::milliseconds(10);
  // In a period; with fewer there is nothing to find together.
  static constexpr size_t kOften = 10;
  static constexpr size_t kSeveral = 2;
  // For a processor, on average, each time it wants one.
  static constexpr Duration kLongestWait = std::chrono::microseconds(500);
  static constexpr int kFirstPause = 16, kLongestPause = 1024;
  // Periods without long waits, after which the pauses begin anew.
  static constexpr int kProven = 128;

  // What a period brought: answers of functions, and the times that the thread got a processor and
  // its waits for one. `at_work` functions have something to do at its end.
  struct Seen {
    size_t answers = 0;
    size_t at_work = 0;
    uint64_t turns = 0;
    Duration waited = Duration::zero();
  };

  bool batch() const { return batch_; }
  // After each period. Whether to run as SCHED_BATCH in the next one.
  bool after(const Seen& seen) {
    if (left_ > 0) {
      --left_;
      return batch_;
    }
    const bool late = seen.turns > 0 && seen.waited / seen.turns > kLongestWait;
    if (batch_ && late) {
      pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
      left_ = pause_;
      return batch_ = false;
    }
    if (batch_ && ++proven_ >= kProven) pause_ = 0;
    if (!batch_) proven_ = 0;
    return batch_ = seen.answers >= kOften && seen.at_work >= kSeveral;
  }

 private:
  bool batch_ = false;
  int pause_ = 0;   // periods as any other thread after the last one of long waits
  int left_ = 0;    // of them
  int proven_ = 0;  // periods as SCHED_BATCH without long waits, one after the other
};

}  // namespace kiln::net
