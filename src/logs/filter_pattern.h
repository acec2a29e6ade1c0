// CloudWatch Logs filter patterns. Matching minds the case.
//
//   ERROR "disk full" -retry        terms: all must occur, but none with '-'
//   ?ERROR ?WARN                    one must occur; without effect beside other terms
//   %4[0-9]{2}%                     a regular expression, as a term or a value
//   { $.level = "WARN*" && ($.ms > 100 || $.tags[0] IS NULL) }      of messages that are JSON
//   [ip, user, ..., status = 4* && status != 404, bytes > 1000]     of words between blanks
//
// Immutable; thread-safe.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace kiln::logs {

class LogMatcher {
 public:
  virtual ~LogMatcher() = default;
  virtual bool matches(std::string_view message) const = 0;
};

class FilterPattern {
 public:
  // "" matches everything. Error: InvalidParameterException, "Invalid filter pattern" and why.
  static Result<FilterPattern> parse(std::string_view text);

  bool matches(std::string_view message) const { return !matcher_ || matcher_->matches(message); }

 private:
  std::shared_ptr<const LogMatcher> matcher_;  // null: everything
};

}  // namespace kiln::logs
