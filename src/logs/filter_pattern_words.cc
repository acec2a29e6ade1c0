// Filter patterns of messages that are words between blanks. What stands in quotes or brackets is
// one word.
#include <algorithm>
#include <optional>

#include "logs/filter_pattern_kinds.h"
#include "logs/filter_pattern_value.h"

namespace kiln::logs {
namespace {

std::vector<std::string_view> split(std::string_view message) {
  constexpr std::string_view kBlanks = " \t\r\n";
  std::vector<std::string_view> words;
  for (size_t at = message.find_first_not_of(kBlanks); at != message.npos;
       at = message.find_first_not_of(kBlanks, at)) {
    const char close = message[at] == '"' ? '"' : message[at] == '[' ? ']' : '\0';
    const size_t closed = close ? message.find(close, at + 1) : message.npos;
    if (closed != message.npos) {
      words.push_back(message.substr(at + 1, closed - at - 1));
      at = closed + 1;
    } else {
      const size_t end = std::min(message.find_first_of(kBlanks, at), message.size());
      words.push_back(message.substr(at, end - at));
      at = end;
    }
  }
  return words;
}

struct WordCondition {
  std::string name;
  size_t word = 0;  // which of the pattern's words the name means
  PatternComparison comparison;
};

class WordsMatcher final : public LogMatcher {
 public:
  bool matches(std::string_view message) const override {
    const auto words = split(message);
    if (gap ? words.size() < names.size() : words.size() != names.size()) return false;
    const size_t skipped = words.size() - names.size();
    return std::all_of(trees.begin(), trees.end(), [&](const ConditionTree& tree) {
      return tree.holds([&](size_t i) {
        const size_t word = conditions[i].word;
        return conditions[i].comparison.holds_for_text(
            words[gap && word >= *gap ? word + skipped : word],
            PatternComparison::TextKind::kMayBeNumber);
      });
    });
  }

  std::optional<std::string> part(std::string_view message,
                                  std::string_view selector) const override {
    auto all = fields(message);
    const auto found = all.find(std::string(selector));
    return found == all.end() ? std::nullopt : std::optional(std::move(found->second));
  }

  std::map<std::string, std::string> fields(std::string_view message) const override {
    std::map<std::string, std::string> all;
    const auto words = split(message);
    if (words.size() < names.size()) return all;
    const size_t skipped = words.size() - names.size();
    for (size_t i = 0; i < words.size(); ++i) {
      std::string name;
      if (!gap || i < *gap)
        name = i < names.size() ? names[i] : "";
      else if (i >= *gap + skipped)
        name = names[i - skipped];
      all["$" + (name.empty() ? std::to_string(i + 1) : name)] = words[i];
    }
    return all;
  }

  std::vector<std::string> names;  // "": none
  std::optional<size_t> gap;       // the words from this one on are counted from the end
  std::vector<WordCondition> conditions;
  std::vector<ConditionTree> trees;  // all must hold
};

std::string take_name(PatternScanner& in) {
  in.skip_blanks();
  return in.take_until(" \t\r\n(){}[],=!<>&|\"%");
}

// One word of the pattern: nothing, a name, or conditions, the first of which names the word.
Result<void> parse_word(PatternScanner& in, WordsMatcher& matcher) {
  in.skip_blanks();
  matcher.names.emplace_back();
  if (in.peek() == ',' || in.peek() == ']') return {};
  if (in.peek() != '(') {
    const size_t start = in.position();
    std::string name = take_name(in);
    if (name.empty()) return in.error("a name is missing");
    if (!PatternComparison::is_next(in)) {
      matcher.names.back() = std::move(name);
      return {};
    }
    in.go_back(start);
  }
  auto tree = ConditionTree::parse(in, [&]() -> Result<size_t> {
    WordCondition condition;
    condition.name = take_name(in);
    if (condition.name.empty()) return in.error("a name is missing");
    auto comparison = PatternComparison::parse(in);
    if (!comparison) return comparison.error();
    condition.comparison = std::move(*comparison);
    if (matcher.names.back().empty()) matcher.names.back() = condition.name;
    matcher.conditions.push_back(std::move(condition));
    return matcher.conditions.size() - 1;
  });
  if (!tree) return tree.error();
  matcher.trees.push_back(std::move(*tree));
  return {};
}

}  // namespace

Result<LogMatcherPtr> parse_words_pattern(PatternScanner& in) {
  auto matcher = std::make_shared<WordsMatcher>();
  (void)in.take("[");
  const size_t start = in.position();
  if (in.take("]")) {
    matcher->gap = 0;  // [] is any number of words
    in.go_back(start);
  } else {
    do {
      if (in.take("...")) {
        if (matcher->gap) return in.error("only one ... may stand in a pattern");
        matcher->gap = matcher->names.size();
      } else if (auto word = parse_word(in, *matcher); !word) {
        return word.error();
      }
    } while (in.take(","));
  }
  if (!in.take("]")) return in.error("a ] is missing");
  in.skip_blanks();
  if (!in.done()) return in.error("something stands behind the ]");
  for (WordCondition& condition : matcher->conditions) {
    const auto named = std::find(matcher->names.begin(), matcher->names.end(), condition.name);
    if (named == matcher->names.end()) return in.error("no word is called " + condition.name);
    condition.word = static_cast<size_t>(named - matcher->names.begin());
  }
  return LogMatcherPtr(std::move(matcher));
}

}  // namespace kiln::logs
