// How many blanks are worth keeping: two, or as many as the largest burst of late has taken, so
// that the next one finds them made. A function that one has called often is called so again.
//
// A pure rule: time comes in.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "base/clock.h"

namespace kiln::sandbox {

class StockDepth {
 public:
  static constexpr size_t kLeast = 2;
  static constexpr size_t kMost = 16;
  // Starts of one burst follow each other within so long.
  static constexpr Duration kGap = std::chrono::seconds(1);
  // … and what one has taught is kept for so long: a blank takes 0.3 MiB, more than an idle
  // environment.
  static constexpr Duration kKeep = std::chrono::minutes(2);

  void took(SteadyTime now) {
    burst_ = burst_ > 0 && now - last_ <= kGap ? burst_ + 1 : 1;
    last_ = now;
    const size_t wanted = std::min(burst_, kMost);
    if (wanted <= kLeast || wanted < at(now)) return;
    depth_ = wanted;
    until_ = now + kKeep;
  }
  size_t at(SteadyTime now) const { return now < until_ ? depth_ : kLeast; }
  // From then on it is the least; it may be past.
  SteadyTime until() const { return until_; }

 private:
  SteadyTime last_, until_ = SteadyTime::min();
  size_t burst_ = 0;
  size_t depth_ = kLeast;
};

}  // namespace kiln::sandbox
