#include "telemetry/composite_rule.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace kiln::telemetry {
namespace {

using Node = CompositeRule::Node;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

Error invalid(const std::string& what) {
  return {ErrorKind::kInvalid, "ValidationError", "Error in AlarmRule [" + what + "]"};
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<Node> parse() {
    auto node = disjunction(0);
    if (!node) return std::nullopt;
    skip_space();
    if (at_ < text_.size()) return unsupported();
    return node;
  }

  const std::string& problem() const { return problem_; }
  std::vector<std::string>& alarms() { return alarms_; }

 private:
  std::optional<Node> disjunction(int depth) {
    return chain(Node::Kind::kOr, "OR", depth, &Parser::conjunction);
  }
  std::optional<Node> conjunction(int depth) {
    return chain(Node::Kind::kAnd, "AND", depth, &Parser::factor);
  }

  std::optional<Node> chain(Node::Kind kind, std::string_view word, int depth,
                            std::optional<Node> (Parser::*operand)(int)) {
    auto first = (this->*operand)(depth);
    if (!first || !take_word(word)) return first;
    Node node;
    node.kind = kind;
    node.children.push_back(std::move(*first));
    do {
      auto next = (this->*operand)(depth);
      if (!next) return std::nullopt;
      node.children.push_back(std::move(*next));
    } while (take_word(word));
    return node;
  }

  std::optional<Node> factor(int depth) {
    if (depth >= CompositeRule::kMaxDepth)
      return fail("The rule is nested deeper than " + std::to_string(CompositeRule::kMaxDepth) +
                  " levels at char " + std::to_string(at_));
    if (take_word("NOT")) {
      auto inner = factor(depth + 1);
      if (!inner) return std::nullopt;
      Node node;
      node.kind = Node::Kind::kNot;
      node.children.push_back(std::move(*inner));
      return node;
    }
    if (!count_element()) return std::nullopt;
    skip_space();
    if (take('(')) {
      auto inner = disjunction(depth + 1);
      if (!inner) return std::nullopt;
      skip_space();
      if (!take(')')) return unsupported();
      return inner;
    }
    Node node;
    if (take_word("TRUE") || take_word("FALSE")) {
      node.kind = last_word_ == "TRUE" ? Node::Kind::kTrue : Node::Kind::kFalse;
      return node;
    }
    for (const AlarmState state :
         {AlarmState::kAlarm, AlarmState::kOk, AlarmState::kInsufficientData}) {
      if (!take_word(to_text(state))) continue;
      node.kind = Node::Kind::kState;
      node.state = state;
      if (!reference(node.alarm)) return std::nullopt;
      return node;
    }
    return unsupported();
  }

  // ("name"), (name) or (arn).
  bool reference(std::string& alarm) {
    skip_space();
    if (!take('(')) return unsupported().has_value();
    skip_space();
    if (take('"')) {
      while (at_ < text_.size() && text_[at_] != '"') {
        const bool escaped = text_[at_] == '\\' && at_ + 1 < text_.size() &&
                             (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
        if (escaped) ++at_;
        alarm.push_back(text_[at_++]);
      }
      if (!take('"')) return unsupported().has_value();
    } else {
      const size_t end = std::min(text_.find_first_of("()\"", at_), text_.size());
      alarm = text_.substr(at_, end - at_);
      at_ = end;
      while (!alarm.empty() && is_space(alarm.back())) alarm.pop_back();
    }
    skip_space();
    if (alarm.empty() || !take(')')) return unsupported().has_value();
    if (std::find(alarms_.begin(), alarms_.end(), alarm) == alarms_.end()) {
      alarms_.push_back(alarm);
      if (alarms_.size() > CompositeRule::kMaxAlarms) {
        problem_ =
            "The rule refers to more than " + std::to_string(CompositeRule::kMaxAlarms) + " alarms";
        return false;
      }
    }
    return true;
  }

  bool count_element() {
    if (++elements_ <= CompositeRule::kMaxElements) return true;
    problem_ =
        "The rule has more than " + std::to_string(CompositeRule::kMaxElements) + " elements";
    return false;
  }

  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // A keyword, in any case, that ends where a word ends. `word` is in capitals.
  bool take_word(std::string_view word) {
    skip_space();
    if (text_.size() - at_ < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      const char c = text_[at_ + i];
      if ((c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c) != word[i]) return false;
    }
    const size_t end = at_ + word.size();
    if (end < text_.size() && is_word(text_[end])) return false;
    at_ = end;
    last_word_ = word;
    return true;
  }

  std::optional<Node> fail(std::string problem) {
    problem_ = std::move(problem);
    return std::nullopt;
  }

  std::optional<Node> unsupported() {
    skip_space();
    if (at_ >= text_.size())
      return fail("Unexpected end of the rule at char " + std::to_string(at_));
    size_t end = at_;
    while (end < text_.size() && is_word(text_[end]) && end - at_ < 40) ++end;
    if (end == at_) ++end;
    return fail("Unsupported token '" + std::string(text_.substr(at_, end - at_)) + "' at char " +
                std::to_string(at_));
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t elements_ = 0;
  std::string_view last_word_;
  std::string problem_;
  std::vector<std::string> alarms_;
};

bool holds(const Node& node, const CompositeRule::Lookup& lookup) {
  const auto holds_too = [&](const Node& child) { return holds(child, lookup); };
  switch (node.kind) {
    case Node::Kind::kState:
      return lookup(node.alarm) == node.state;
    case Node::Kind::kTrue:
      return true;
    case Node::Kind::kFalse:
      return false;
    case Node::Kind::kNot:
      return !holds(node.children.front(), lookup);
    case Node::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds_too);
    case Node::Kind::kOr:
      break;
  }
  return std::any_of(node.children.begin(), node.children.end(), holds_too);
}

}  // namespace

Result<CompositeRule> CompositeRule::parse(std::string_view text) {
  if (text.empty() || is_space(text.front()) || is_space(text.back()))
    return Error{ErrorKind::kInvalid, "ValidationError",
                 "AlarmRule must not contain leading or trailing whitespace or be null"};
  if (text.size() > kMaxLength)
    return invalid("The rule has " + std::to_string(text.size()) + " characters; at most " +
                   std::to_string(kMaxLength) + " are allowed");
  Parser parser(text);
  auto root = parser.parse();
  if (!root) return invalid(parser.problem());
  CompositeRule rule;
  rule.text_ = text;
  rule.root_ = std::move(*root);
  rule.alarms_ = std::move(parser.alarms());
  return rule;
}

bool CompositeRule::evaluate(const Lookup& lookup) const { return holds(root_, lookup); }

}  // namespace kiln::telemetry
