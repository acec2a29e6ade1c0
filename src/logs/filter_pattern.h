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

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace kiln::logs {

class LogMatcher {
 public:
  virtual ~LogMatcher() = default;
  virtual bool matches(std::string_view message) const = 0;
  // See FilterPattern.
  virtual std::optional<std::string> part(std::string_view, std::string_view) const {
    return std::nullopt;
  }
  virtual std::map<std::string, std::string> fields(std::string_view) const { return {}; }
};

class FilterPattern {
 public:
  // "" matches everything. Error: InvalidParameterException, "Invalid filter pattern" and why.
  static Result<FilterPattern> parse(std::string_view text);

  bool matches(std::string_view message) const { return !matcher_ || matcher_->matches(message); }

  // What a selector means in a message: `$.time` or `$.list[0]` for patterns of JSON, `$name` for
  // patterns of words. nullopt: nothing, a list or a structure; or the pattern has no such part.
  std::optional<std::string> part(std::string_view message, std::string_view selector) const {
    return matcher_ ? matcher_->part(message, selector) : std::nullopt;
  }
  // The parts of a message that the pattern names, by selector; words without a name are $1, $2 and
  // so on.
  std::map<std::string, std::string> fields(std::string_view message) const {
    return matcher_ ? matcher_->fields(message) : std::map<std::string, std::string>();
  }

 private:
  std::shared_ptr<const LogMatcher> matcher_;  // null: everything
};

}  // namespace kiln::logs
