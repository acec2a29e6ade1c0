#include "logs/filter_pattern_scan.h"

#include <algorithm>

#include "base/ascii.h"

namespace kiln::logs {
namespace {

using ascii::lower;

bool is_word(char c) { return ascii::is_alnum(c) || c == '_'; }

}  // namespace

Error PatternScanner::error(const std::string& why) const {
  return {ErrorKind::kInvalid, "InvalidParameterException",
          "Invalid filter pattern: " + why + ", at character " + std::to_string(at_ + 1) + "."};
}

void PatternScanner::skip_blanks() {
  while (!done() && is_blank(text_[at_])) ++at_;
}

bool PatternScanner::take(std::string_view token) {
  skip_blanks();
  if (!text_.substr(at_).starts_with(token)) return false;
  at_ += token.size();
  return true;
}

bool PatternScanner::take_word(std::string_view word) {
  skip_blanks();
  const std::string_view rest = text_.substr(at_);
  if (rest.size() < word.size() || (rest.size() > word.size() && is_word(rest[word.size()])))
    return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (lower(rest[i]) != lower(word[i])) return false;
  at_ += word.size();
  return true;
}

std::string PatternScanner::take_until(std::string_view stops) {
  const size_t end = std::min(text_.find_first_of(stops, at_), text_.size());
  std::string taken(text_.substr(at_, end - at_));
  at_ = end;
  return taken;
}

Result<std::string> PatternScanner::take_quoted(char quote) {
  std::string out;
  size_t at = at_ + 1;
  for (; at < text_.size() && text_[at] != quote; ++at) {
    const bool escaped = text_[at] == '\\' && at + 1 < text_.size() &&
                         (text_[at + 1] == quote || text_[at + 1] == '\\');
    if (escaped) ++at;
    out += text_[at];
  }
  if (at >= text_.size()) return error("a quote is not closed");
  at_ = at + 1;
  return out;
}

Result<std::string> PatternScanner::take_regex() {
  size_t end = at_ + 1;
  while (end < text_.size() && text_[end] != '%') end += text_[end] == '\\' ? 2 : 1;
  if (end >= text_.size()) return error("a regular expression is not closed with %");
  if (end == at_ + 1) return error("a regular expression is empty");
  std::string out(text_.substr(at_ + 1, end - at_ - 1));
  at_ = end + 1;
  return out;
}

Result<ConditionTree> ConditionTree::parse(PatternScanner& in,
                                           const std::function<Result<size_t>()>& read) {
  ConditionTree any;
  any.kind_ = Kind::kAny;
  do {
    ConditionTree all;
    do {
      if (in.take("(")) {
        auto inner = parse(in, read);
        if (!inner) return inner;
        if (!in.take(")")) return in.error("a ) is missing");
        all.parts_.push_back(std::move(*inner));
        continue;
      }
      const auto number = read();
      if (!number) return number.error();
      ConditionTree leaf;
      leaf.kind_ = Kind::kCondition;
      leaf.condition_ = *number;
      all.parts_.push_back(std::move(leaf));
    } while (in.take("&&"));
    any.parts_.push_back(std::move(all));
  } while (in.take("||"));
  return any;
}

bool ConditionTree::holds(const std::function<bool(size_t)>& condition) const {
  const auto part_holds = [&](const ConditionTree& part) { return part.holds(condition); };
  switch (kind_) {
    case Kind::kCondition:
      return condition(condition_);
    case Kind::kAll:
      return std::all_of(parts_.begin(), parts_.end(), part_holds);
    case Kind::kAny:
      return std::any_of(parts_.begin(), parts_.end(), part_holds);
  }
  return false;
}

}  // namespace kiln::logs
