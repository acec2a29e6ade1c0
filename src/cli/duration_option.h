// Durations of the command line. Pure.
#pragma once

#include <string>

#include "base/duration_text.h"

namespace kiln::cli {

// Error (kInvalid): as of parse_duration, with the option's name before it.
inline Result<Duration> duration_of(const std::string& option, const std::string& text) {
  Result<Duration> duration = parse_duration(text);
  if (duration) return duration;
  Error error = duration.error();
  error.message.insert(0, option + ": ");
  return error;
}

}  // namespace kiln::cli
