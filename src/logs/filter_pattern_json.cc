// Filter patterns of messages that are JSON.
#include <simdjson.h>

#include <charconv>
#include <optional>

#include "logs/filter_pattern_kinds.h"
#include "logs/filter_pattern_value.h"

namespace kiln::logs {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

// A step from a value to one in it.
struct Step {
  enum class Kind { kMember, kIndex, kAnyIndex };
  Kind kind = Kind::kMember;
  std::string name;
  size_t index = 0;
};

// The first value that the steps from `at` on lead to.
std::optional<element> value_below(const element& value, const std::vector<Step>& path, size_t at) {
  if (at == path.size()) return value;
  const Step& step = path[at];
  if (step.kind == Step::Kind::kMember) {
    simdjson::dom::object members;
    element next;
    if (value.get(members) != simdjson::SUCCESS ||
        members.at_key(step.name).get(next) != simdjson::SUCCESS)
      return std::nullopt;
    return value_below(next, path, at + 1);
  }
  simdjson::dom::array list;
  if (value.get(list) != simdjson::SUCCESS) return std::nullopt;
  size_t index = 0;
  for (const element each : list) {
    if (step.kind == Step::Kind::kIndex && index++ != step.index) continue;
    if (auto found = value_below(each, path, at + 1)) return found;
  }
  return std::nullopt;
}

// nullopt: null, a list or a structure.
std::optional<std::string> plain_text(const element& value) {
  switch (value.type()) {
    case element_type::STRING:
      return std::string(value.get_string().value_unsafe());
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
    case element_type::BOOL:
      return simdjson::minify(value);
    default:
      return std::nullopt;
  }
}

Result<std::vector<Step>> parse_path(PatternScanner& in);

struct MemberCondition {
  enum class Kind { kCompares, kIsNull, kIsTrue, kIsFalse, kNotExists };
  std::string selector;  // the path as it stands in the pattern
  std::vector<Step> path;
  Kind kind = Kind::kCompares;
  PatternComparison comparison;

  bool holds(const element& value) const {
    const element_type type = value.type();
    switch (kind) {
      case Kind::kIsNull:
        return type == element_type::NULL_VALUE;
      case Kind::kIsTrue:
        return type == element_type::BOOL && value.get_bool().value_unsafe();
      case Kind::kIsFalse:
        return type == element_type::BOOL && !value.get_bool().value_unsafe();
      case Kind::kNotExists:
        return true;  // holds if it is found; the opposite is asked
      case Kind::kCompares:
        break;
    }
    switch (type) {
      case element_type::STRING:
        return comparison.holds_for_text(value.get_string().value_unsafe(),
                                         PatternComparison::TextKind::kText);
      case element_type::INT64:
      case element_type::UINT64:
      case element_type::DOUBLE:
        return comparison.holds_for_number(value.get_double().value_unsafe(),
                                           simdjson::minify(value));
      case element_type::NULL_VALUE:
        return false;
      default:
        return comparison.holds_for_other();
    }
  }

  // Whether it holds for what the steps from `at` on lead to.
  bool holds_below(const element& value, size_t at) const {
    if (at == path.size()) return holds(value);
    const Step& step = path[at];
    if (step.kind == Step::Kind::kMember) {
      simdjson::dom::object members;
      element next;
      return value.get(members) == simdjson::SUCCESS &&
             members.at_key(step.name).get(next) == simdjson::SUCCESS && holds_below(next, at + 1);
    }
    simdjson::dom::array list;
    if (value.get(list) != simdjson::SUCCESS) return false;
    size_t index = 0;
    for (const element each : list) {
      const bool wanted = step.kind == Step::Kind::kAnyIndex || index++ == step.index;
      if (wanted && holds_below(each, at + 1)) return true;
    }
    return false;
  }
};

class JsonMatcher final : public LogMatcher {
 public:
  bool matches(std::string_view message) const override {
    const size_t first = message.find_first_not_of(" \t\r\n");
    if (first == message.npos || message[first] != '{') return false;
    simdjson::dom::parser parser;
    element document;
    if (parser.parse(message.data(), message.size()).get(document) != simdjson::SUCCESS)
      return false;
    return tree.holds([&](size_t i) {
      const bool held = conditions[i].holds_below(document, 0);
      return conditions[i].kind == MemberCondition::Kind::kNotExists ? !held : held;
    });
  }

  std::optional<std::string> part(std::string_view message,
                                  std::string_view selector) const override {
    PatternScanner in(selector);
    const auto path = parse_path(in);
    simdjson::dom::parser parser;
    element document;
    if (!path || !in.done() ||
        parser.parse(message.data(), message.size()).get(document) != simdjson::SUCCESS)
      return std::nullopt;
    const auto found = value_below(document, *path, 0);
    return found ? plain_text(*found) : std::nullopt;
  }

  std::map<std::string, std::string> fields(std::string_view message) const override {
    std::map<std::string, std::string> all;
    simdjson::dom::parser parser;
    element document;
    if (parser.parse(message.data(), message.size()).get(document) != simdjson::SUCCESS) return all;
    for (const MemberCondition& condition : conditions) {
      const auto found = value_below(document, condition.path, 0);
      if (auto text = found ? plain_text(*found) : std::nullopt)
        all[condition.selector] = std::move(*text);
    }
    return all;
  }

  std::vector<MemberCondition> conditions;
  ConditionTree tree;
};

// What stands between [ and ].
Result<Step> parse_index(PatternScanner& in) {
  Step step;
  in.skip_blanks();
  if (in.peek() == '\'' || in.peek() == '"') {
    auto name = in.take_quoted(in.peek());
    if (!name) return name.error();
    step.name = std::move(*name);
  } else if (in.take("*")) {
    step.kind = Step::Kind::kAnyIndex;
  } else {
    step.kind = Step::Kind::kIndex;
    const std::string digits = in.take_until("] \t\r\n");
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), step.index);
    if (error != std::errc() || end != digits.data() + digits.size())
      return in.error("'" + digits + "' is not an index");
  }
  if (!in.take("]")) return in.error("a ] is missing");
  return step;
}

Result<std::vector<Step>> parse_path(PatternScanner& in) {
  if (!in.take("$")) return in.error("a property like $.name is missing");
  std::vector<Step> path;
  while (in.peek() == '.' || in.peek() == '[') {
    if (in.peek() == '.') {
      (void)in.take(".");
      if (in.peek() != '[') {
        Step step;
        step.name = in.take_until(" \t\r\n.[](){}=!<>&|\"'%,");
        if (step.name.empty()) return in.error("a name is missing behind the '.'");
        path.push_back(std::move(step));
        continue;
      }
    }
    (void)in.take("[");
    auto step = parse_index(in);
    if (!step) return step.error();
    path.push_back(std::move(*step));
  }
  if (path.empty()) return in.error("a name is missing behind the '$'");
  return path;
}

Result<MemberCondition> parse_condition(PatternScanner& in) {
  MemberCondition condition;
  in.skip_blanks();
  const size_t start = in.position();
  auto path = parse_path(in);
  if (!path) return path.error();
  condition.selector = in.since(start);
  condition.path = std::move(*path);
  if (PatternComparison::is_next(in)) {
    auto comparison = PatternComparison::parse(in);
    if (!comparison) return comparison.error();
    condition.comparison = std::move(*comparison);
    return condition;
  }
  if (in.take_word("NOT") && in.take_word("EXISTS")) {
    condition.kind = MemberCondition::Kind::kNotExists;
    return condition;
  }
  if (in.take_word("IS")) {
    if (in.take_word("NULL"))
      condition.kind = MemberCondition::Kind::kIsNull;
    else if (in.take_word("TRUE"))
      condition.kind = MemberCondition::Kind::kIsTrue;
    else if (in.take_word("FALSE"))
      condition.kind = MemberCondition::Kind::kIsFalse;
    if (condition.kind != MemberCondition::Kind::kCompares) return condition;
  }
  return in.error(
      "an operator is missing: one of = != < <= > >=, IS NULL, IS TRUE, IS FALSE, NOT EXISTS");
}

}  // namespace

Result<LogMatcherPtr> parse_json_pattern(PatternScanner& in) {
  auto matcher = std::make_shared<JsonMatcher>();
  (void)in.take("{");
  auto tree = ConditionTree::parse(in, [&]() -> Result<size_t> {
    auto condition = parse_condition(in);
    if (!condition) return condition.error();
    matcher->conditions.push_back(std::move(*condition));
    return matcher->conditions.size() - 1;
  });
  if (!tree) return tree.error();
  matcher->tree = std::move(*tree);
  if (!in.take("}")) return in.error("a } is missing");
  in.skip_blanks();
  if (!in.done()) return in.error("something stands behind the }");
  return LogMatcherPtr(std::move(matcher));
}

}  // namespace kiln::logs
