// CloudWatch Logs filter patterns, the unstructured ones: terms that must all occur, "quoted
// phrases", and -terms that must not. Matching minds the case. What else AWS has (JSON,
// space-delimited and regular expression patterns, ?terms) is refused by name. Immutable;
// thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::services {

class FilterPattern {
 public:
  // "" matches everything. Error: InvalidParameterException that says what is supported.
  static Result<FilterPattern> parse(std::string_view text);

  bool matches(std::string_view message) const;

 private:
  std::vector<std::string> wanted_;
  std::vector<std::string> unwanted_;
};

}  // namespace kiln::services
