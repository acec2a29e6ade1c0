// How fast an answer may be streamed: Lambda sends the first 6 MB as fast as they come, then 2 MB a
// second. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace kiln::sandbox {

// The most that one answer may stream.
inline constexpr uint64_t kMaxStreamBytes = uint64_t{200} * 1024 * 1024;

class StreamPace {
 public:
  static constexpr uint64_t kFreeBytes = 6 * 1024 * 1024;
  static constexpr uint64_t kBytesPerSecond = 2 * 1024 * 1024;

  // When the part that follows may be sent, after one of `bytes` at `now`.
  SteadyTime next(uint64_t bytes, SteadyTime now) {
    sent_ += bytes;
    if (sent_ <= kFreeBytes) return now;
    const uint64_t limited = std::min(bytes, sent_ - kFreeBytes);
    // A function that was slower than the limit gains nothing for later.
    next_ = std::max(next_, now) +
            Duration(static_cast<int64_t>(limited * 1'000'000'000 / kBytesPerSecond));
    return next_;
  }

 private:
  uint64_t sent_ = 0;
  SteadyTime next_{};
};

}  // namespace kiln::sandbox
