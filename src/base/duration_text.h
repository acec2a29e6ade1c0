// Durations as people type them: "300ms", "10s", "10m", "1h30m", "2d". A bare number is refused:
// its unit is a guess.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace kiln {

// Error (kInvalid): not a duration, negative, or longer than 100 years. "0s" is a duration.
Result<Duration> parse_duration(std::string_view text);

}  // namespace kiln
