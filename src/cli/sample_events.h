// Events as AWS services send them, for `kiln event` and `kiln invoke --event`. The texts stand in
// src/cli/events, one file each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::cli {

struct SampleEvent {
  std::string_view source;  // "s3"
  std::string_view about;
  std::string_view text;  // JSON
};

const std::vector<SampleEvent>& sample_events();
// Error (kNotFound): no such source; the message names the nearest one.
Result<std::string> sample_event(const std::string& source);

}  // namespace kiln::cli
