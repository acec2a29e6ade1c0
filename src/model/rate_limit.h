// A token bucket that is refilled continuously: `rate_per_s` tokens a second, at most `burst`
// saved.
//
//   RateLimit limit(100, 1000);
//   if (!limit.take(now)) throttle();
//
// Kept as the time at which the bucket will be full again (GCRA), one number: safe from any thread,
// a compare-and-swap a token.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace kiln::model {

class RateLimit {
 public:
  RateLimit() = default;  // lets nothing through
  RateLimit(double rate_per_s, double burst) { configure(rate_per_s, burst); }

  // Tokens that were taken stay taken.
  void configure(double rate_per_s, double burst) {
    interval_ns_ = rate_per_s > 0 ? static_cast<int64_t>(1e9 / rate_per_s) : 0;
    window_ns_ = static_cast<int64_t>(static_cast<double>(interval_ns_) * burst);
  }

  // False: no token is left.
  bool take(SteadyTime now) {
    const int64_t interval = interval_ns_;
    if (interval == 0) return false;
    const int64_t t = Duration(now.time_since_epoch()).count();
    int64_t full_at = full_at_ns_.load(std::memory_order_relaxed);
    for (;;) {
      const int64_t next = (full_at > t ? full_at : t) + interval;
      if (next - t > window_ns_) return false;
      if (full_at_ns_.compare_exchange_weak(full_at, next, std::memory_order_relaxed)) return true;
    }
  }
  // Gives back a token that was not needed.
  void put_back() { full_at_ns_ -= interval_ns_; }

 private:
  std::atomic<int64_t> interval_ns_{0};
  std::atomic<int64_t> window_ns_{0};
  std::atomic<int64_t> full_at_ns_{std::numeric_limits<int64_t>::min() / 2};
};

}  // namespace kiln::model
