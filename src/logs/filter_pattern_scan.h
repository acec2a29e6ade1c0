// Reads a filter pattern from left to right, and combines what it says with && and ||. Parts of
// FilterPattern.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ascii.h"
#include "base/result.h"

namespace kiln::logs {

class PatternScanner {
 public:
  explicit PatternScanner(std::string_view text) : text_(text) {}

  static bool is_blank(char c) { return ascii::is_blank(c); }

  bool done() const { return at_ == text_.size(); }
  char peek() const { return done() ? '\0' : text_[at_]; }
  void skip_blanks();
  // Takes `token`, with blanks before it, if it stands next.
  bool take(std::string_view token);
  // The same for a word in either case; no letter or digit may follow.
  bool take_word(std::string_view word);
  // As much as `stops` has no character of.
  std::string take_until(std::string_view stops);
  // What is between two `quote`s; a backslash before a quote or a backslash goes. REQUIRES: peek()
  // is the first one.
  Result<std::string> take_quoted(char quote);
  // The same between '%', with backslashes as they are.
  Result<std::string> take_regex();

  size_t position() const { return at_; }
  std::string since(size_t position) const {
    return std::string(text_.substr(position, at_ - position));
  }
  void go_back(size_t position) { at_ = position; }
  Error error(const std::string& why) const;

 private:
  std::string_view text_;
  size_t at_ = 0;
};

// Conditions joined with && (which binds tighter), || and parentheses. What a condition is, its
// owner knows by number.
class ConditionTree {
 public:
  // `read` reads one condition and answers its number.
  static Result<ConditionTree> parse(PatternScanner& in,
                                     const std::function<Result<size_t>()>& read);
  bool holds(const std::function<bool(size_t)>& condition) const;

 private:
  enum class Kind { kCondition, kAll, kAny };
  Kind kind_ = Kind::kAll;
  size_t condition_ = 0;
  std::vector<ConditionTree> parts_;
};

}  // namespace kiln::logs
