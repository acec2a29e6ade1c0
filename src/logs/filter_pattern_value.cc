#include "logs/filter_pattern_value.h"

#include <re2/re2.h>

#include <array>
#include <charconv>
#include <utility>

namespace kiln::logs {
namespace {

constexpr int64_t kRegexMemory = 1 << 20;

std::optional<double> to_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789+-.eE") != text.npos) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// '*' stands for any text. Looks for each part in turn: never goes back by more than one '*'.
bool wildcard_matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = pattern.npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

Result<LogRegex> parse_log_regex(PatternScanner& in) {
  const auto text = in.take_regex();
  if (!text) return text.error();
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemory);
  auto regex = std::make_shared<const re2::RE2>(*text, options);
  if (!regex->ok())
    return in.error("%" + *text + "% is not a regular expression (" + regex->error() + ")");
  return regex;
}

bool regex_finds(const LogRegex& regex, std::string_view text) {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex);
}

bool PatternComparison::is_next(PatternScanner& in) {
  in.skip_blanks();
  return in.peek() == '=' || in.peek() == '!' || in.peek() == '<' || in.peek() == '>';
}

Result<PatternComparison> PatternComparison::parse(PatternScanner& in) {
  constexpr std::array<std::pair<std::string_view, Operator>, 6> kOperators = {{
      {"!=", Operator::kNotEqual},
      {"<=", Operator::kLessEqual},
      {">=", Operator::kGreaterEqual},
      {"=", Operator::kEqual},
      {"<", Operator::kLess},
      {">", Operator::kGreater},
  }};
  PatternComparison comparison;
  bool found = false;
  for (const auto& [text, op] : kOperators) {
    if (found || !in.take(text)) continue;
    comparison.operator_ = op;
    found = true;
  }
  if (!found) return in.error("an operator is missing: one of = != < <= > >=");

  in.skip_blanks();
  if (in.peek() == '%') {
    auto regex = parse_log_regex(in);
    if (!regex) return regex.error();
    comparison.regex_ = std::move(*regex);
  } else if (in.peek() == '"') {
    auto text = in.take_quoted('"');
    if (!text) return text.error();
    comparison.text_ = std::move(*text);
    comparison.quoted_ = true;
  } else {
    comparison.text_ = in.take_until(" \t\r\n(){}[],&|\"%");
    if (comparison.text_.empty()) return in.error("a value is missing");
    comparison.number_ = to_number(comparison.text_);
  }
  comparison.wildcards_ = comparison.text_.find('*') != std::string::npos;
  const bool orders =
      comparison.operator_ != Operator::kEqual && comparison.operator_ != Operator::kNotEqual;
  if (orders && !comparison.number_) return in.error("< and > need a number");
  return comparison;
}

bool PatternComparison::compares(double number) const {
  switch (operator_) {
    case Operator::kEqual:
      return number == *number_;
    case Operator::kNotEqual:
      return number != *number_;
    case Operator::kLess:
      return number < *number_;
    case Operator::kLessEqual:
      return number <= *number_;
    case Operator::kGreater:
      return number > *number_;
    case Operator::kGreaterEqual:
      return number >= *number_;
  }
  return false;
}

bool PatternComparison::equals_text(std::string_view text) const {
  if (regex_) return regex_finds(regex_, text);
  return wildcards_ ? wildcard_matches(text_, text) : text == text_;
}

bool PatternComparison::holds_for_text(std::string_view text, TextKind kind) const {
  if (number_ && kind == TextKind::kMayBeNumber) {
    if (const auto number = to_number(text)) return compares(*number);
  }
  if (operator_ == Operator::kEqual) return equals_text(text);
  return operator_ == Operator::kNotEqual && !equals_text(text);
}

bool PatternComparison::holds_for_number(double number, std::string_view text) const {
  if (number_) return compares(number);
  const bool equal = (regex_ || wildcards_) && equals_text(text);
  return equal == (operator_ == Operator::kEqual);
}

bool PatternComparison::holds_for_other() const {
  const bool equal = !regex_ && !text_.empty() && text_.find_first_not_of('*') == text_.npos;
  return equal ? operator_ == Operator::kEqual : operator_ == Operator::kNotEqual;
}

}  // namespace kiln::logs
