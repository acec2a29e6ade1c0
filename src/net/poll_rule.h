// When a loop polls before it sleeps, and for how long: memory for the answers of functions
// (net/looked_at.h), the kernel for the next request of a caller that has just been answered.
// Whoever comes within microseconds is heard of sooner that way than by a wake-up. Whoever takes
// longer, or has no processor of its own to answer on, is not waited for: each miss doubles the
// number of sleeps until the next try.
//
// Pure; for one thread.
#pragma once

#include <algorithm>

#include "base/clock.h"

namespace kiln::net {

class PollRule {
 public:
  static constexpr Duration kLongest = std::chrono::microseconds(50);
  // Many that are waited for answer at any time: there is no sleep to save.
  static constexpr size_t kMostAwaited = 4;
  static constexpr int kLongestPause = 1024;

  // How long to poll before the sleep that comes now; zero: not at all. With `awaited` that may
  // have news.
  Duration before_sleep(size_t awaited) {
    if (awaited == 0 || awaited > kMostAwaited) return Duration::zero();
    if (left_ > 0) {
      --left_;
      return Duration::zero();
    }
    return kLongest;
  }
  // What became of the time that before_sleep gave.
  void came() { pause_ = 0; }
  void missed() {
    pause_ = std::clamp(pause_ * 2, 1, kLongestPause);
    left_ = pause_;
  }

 private:
  int pause_ = 0;  // sleeps without polling after the last miss
  int left_ = 0;   // of them
};

}  // namespace kiln::net
