// The right side of a condition in a filter pattern: an operator, and a text, a number, a text with
// wildcards, or a regular expression. Immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "logs/filter_pattern_scan.h"

namespace re2 {
class RE2;
}

namespace kiln::logs {

using LogRegex = std::shared_ptr<const re2::RE2>;
// REQUIRES: in.peek() is '%'.
Result<LogRegex> parse_log_regex(PatternScanner& in);
bool regex_finds(const LogRegex& regex, std::string_view text);

class PatternComparison {
 public:
  static bool is_next(PatternScanner& in);  // whether an operator comes
  static Result<PatternComparison> parse(PatternScanner& in);

  // A text; where `may_be_number`, one that looks like a number is one.
  enum class TextKind { kText, kMayBeNumber };
  bool holds_for_text(std::string_view text, TextKind kind) const;
  bool holds_for_number(double number, std::string_view text) const;
  // Something else that is there: true, false, a list, a structure.
  bool holds_for_other() const;

 private:
  enum class Operator { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

  bool compares(double number) const;
  bool equals_text(std::string_view text) const;

  Operator operator_ = Operator::kEqual;
  std::string text_;
  bool quoted_ = false;
  bool wildcards_ = false;
  std::optional<double> number_;
  LogRegex regex_;
};

}  // namespace kiln::logs
