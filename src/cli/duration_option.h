// Values of options that are read when all are there: durations, and others. Pure.
#pragma once

#include <string>

#include "base/duration_text.h"

namespace kiln::cli {

// An error of an option's value, with the option's name before it.
inline Error of_option(const std::string& option, Error error) {
  error.message.insert(0, option + ": ");
  return error;
}

// Error (kInvalid): as of parse_duration, with the option's name before it.
inline Result<Duration> duration_of(const std::string& option, const std::string& text) {
  Result<Duration> duration = parse_duration(text);
  if (duration) return duration;
  return of_option(option, duration.error());
}

}  // namespace kiln::cli
