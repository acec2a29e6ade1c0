#include "logs/filter_pattern.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/characters.h"
#include "logs/filter_pattern_kinds.h"
#include "logs/filter_pattern_value.h"

namespace kiln::logs {
namespace {

using ascii::is_alnum;

constexpr size_t kMaxPatternBytes = 1024;  // AWS's limit

class Terms final : public LogMatcher {
 public:
  struct Term {
    std::string text;
    LogRegex regex;  // null: the text

    bool occurs_in(std::string_view message) const {
      return regex ? regex_finds(regex, message) : message.find(text) != message.npos;
    }
  };

  bool matches(std::string_view message) const override {
    for (const Term& term : wanted)
      if (!term.occurs_in(message)) return false;
    for (const Term& term : unwanted)
      if (term.occurs_in(message)) return false;
    if (optional.empty() || !wanted.empty() || !unwanted.empty()) return true;
    for (const Term& term : optional)
      if (term.occurs_in(message)) return true;
    return false;
  }

  std::vector<Term> wanted, unwanted, optional;
};

// A term without quotes is letters, digits and underscores.
Result<void> check_bare_term(std::string_view text) {
  const auto wrong =
      std::find_if_not(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '_'; });
  if (wrong == text.end()) return {};
  const auto end = std::find_if(wrong + 1, text.end(), begins_character);
  return Error{ErrorKind::kInvalid, "InvalidParameterException",
               "Invalid character(s) in term '" + std::string(wrong, end) + "'"};
}

Result<Terms::Term> parse_term(PatternScanner& in) {
  Terms::Term term;
  if (in.peek() == '"') {
    auto text = in.take_quoted('"');
    if (!text) return text.error();
    if (text->empty()) return in.error("a quoted phrase is empty");
    term.text = std::move(*text);
  } else if (in.peek() == '%') {
    auto regex = parse_log_regex(in);
    if (!regex) return regex.error();
    term.regex = std::move(*regex);
  } else {
    term.text = in.take_until(" \t\r\n\"");
    if (auto valid = check_bare_term(term.text); !valid) return valid.error();
  }
  if (!in.done() && !PatternScanner::is_blank(in.peek()))
    return in.error("a blank is missing between two terms");
  return term;
}

}  // namespace

Result<LogMatcherPtr> parse_term_pattern(PatternScanner& in) {
  auto terms = std::make_shared<Terms>();
  for (in.skip_blanks(); !in.done(); in.skip_blanks()) {
    auto* list = &terms->wanted;
    if (in.peek() == '-' || in.peek() == '?') {
      const std::string sign(1, in.peek());
      list = sign == "-" ? &terms->unwanted : &terms->optional;
      (void)in.take(sign);
      if (in.done() || PatternScanner::is_blank(in.peek()))
        return in.error("a '" + sign + "' stands alone");
    }
    auto term = parse_term(in);
    if (!term) return term.error();
    list->push_back(std::move(*term));
  }
  return LogMatcherPtr(std::move(terms));
}

Result<FilterPattern> FilterPattern::parse(std::string_view text) {
  PatternScanner in(text);
  if (text.size() > kMaxPatternBytes)
    return in.error("it is longer than " + std::to_string(kMaxPatternBytes) + " bytes");
  FilterPattern pattern;
  in.skip_blanks();
  if (in.done()) return pattern;
  auto matcher = in.peek() == '{'   ? parse_json_pattern(in)
                 : in.peek() == '[' ? parse_words_pattern(in)
                                    : parse_term_pattern(in);
  if (!matcher) return matcher.error();
  pattern.matcher_ = std::move(*matcher);
  return pattern;
}

}  // namespace kiln::logs
