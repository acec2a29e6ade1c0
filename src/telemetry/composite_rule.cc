#include "telemetry/composite_rule.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace kiln::telemetry {
namespace {

using Node = CompositeRule::Node;

bool is_word(char c) { return ascii::is_alnum(c) || c == '_'; }

Error invalid_rule(const std::string& what) {
  return {ErrorKind::kInvalid, "ValidationError", "Error in AlarmRule [" + what + "]"};
}

class RuleParser {
 public:
  explicit RuleParser(std::string_view text) : text_(text) {}

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
    return chain(Node::Kind::kOr, "OR", depth, &RuleParser::conjunction);
  }
  std::optional<Node> conjunction(int depth) {
    return chain(Node::Kind::kAnd, "AND", depth, &RuleParser::factor);
  }

  std::optional<Node> chain(Node::Kind kind, std::string_view word, int depth,
                            std::optional<Node> (RuleParser::*operand)(int)) {
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
    if (take_word("AT_LEAST")) return at_least();
    const auto state = take_state();
    if (!state) return unsupported();
    node.kind = Node::Kind::kState;
    node.state = *state;
    if (!reference(node.alarm)) return std::nullopt;
    return node;
  }

  std::optional<AlarmState> take_state() {
    for (const AlarmState state :
         {AlarmState::kAlarm, AlarmState::kOk, AlarmState::kInsufficientData})
      if (take_word(to_text(state))) return state;
    return std::nullopt;
  }

  // (2, ALARM, (a, b, c)) or (50%, NOT OK, ("a", b)).
  std::optional<Node> at_least() {
    size_t number = 0;
    bool percent = false;
    if (!take_sign('(') || !how_many(number, percent) || !take_sign(',')) return failed();
    const bool negated = take_word("NOT");
    const auto state = take_state();
    if (!state || !take_sign(',') || !take_sign('(')) return failed();
    Node node;
    node.kind = Node::Kind::kOr;
    do {
      if (!count_element()) return std::nullopt;
      Node child;
      child.kind = Node::Kind::kState;
      child.state = *state;
      if (!name(child.alarm, "(),\"")) return failed();
      if (!note(child.alarm)) return std::nullopt;
      if (negated) {
        Node opposite;
        opposite.kind = Node::Kind::kNot;
        opposite.children.push_back(std::move(child));
        child = std::move(opposite);
      }
      node.children.push_back(std::move(child));
    } while (take_sign(','));
    if (!take_sign(')') || !take_sign(')')) return failed();
    const size_t all = node.children.size();
    node.alarm = std::to_string(percent ? (number * all + 99) / 100 : number);
    if (percent ? number > 100 : number > all)
      return fail("AT_LEAST asks for " + std::to_string(number) + (percent ? "%" : "") + " of " +
                  std::to_string(all) + " alarms");
    return node;
  }

  // 2, 50% or "50%"; from 1 on.
  bool how_many(size_t& number, bool& percent) {
    skip_space();
    const bool quoted = take('"');
    const size_t begin = at_;
    while (at_ < text_.size() && ascii::is_digit(text_[at_]) && at_ - begin < 6)
      number = number * 10 + static_cast<size_t>(text_[at_++] - '0');
    percent = at_ > begin && take('%');
    return number > 0 && (!quoted || take('"'));
  }

  bool take_sign(char c) {
    skip_space();
    return take(c);
  }
  // Says what stands here, unless it is said already.
  std::optional<Node> failed() { return problem_.empty() ? unsupported() : std::nullopt; }

  // ("name"), (name) or (arn).
  bool reference(std::string& alarm) {
    if (!take_sign('(') || !name(alarm, "()\"") || !take_sign(')')) return failed().has_value();
    return note(alarm);
  }

  // A name or ARN, in quotes or up to one of `ends`. False: there is none.
  bool name(std::string& alarm, std::string_view ends) {
    skip_space();
    if (take('"')) {
      while (at_ < text_.size() && text_[at_] != '"') {
        const bool escaped = text_[at_] == '\\' && at_ + 1 < text_.size() &&
                             (text_[at_ + 1] == '"' || text_[at_ + 1] == '\\');
        if (escaped) ++at_;
        alarm.push_back(text_[at_++]);
      }
      if (!take('"')) return false;
    } else {
      const size_t end = std::min(text_.find_first_of(ends, at_), text_.size());
      alarm = text_.substr(at_, end - at_);
      at_ = end;
      while (!alarm.empty() && ascii::is_blank(alarm.back())) alarm.pop_back();
    }
    return !alarm.empty();
  }

  // False: the rule refers to too many alarms.
  bool note(const std::string& alarm) {
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
    while (at_ < text_.size() && ascii::is_blank(text_[at_])) ++at_;
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
      if (ascii::upper(c) != word[i]) return false;
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

// AT_LEAST is an OR that says in `alarm` how many of its children must hold.
std::optional<size_t> least_of(const Node& node) {
  if (node.alarm.empty()) return std::nullopt;
  return static_cast<size_t>(std::stoul(node.alarm));
}

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
  if (const auto least = least_of(node))
    return static_cast<size_t>(
               std::count_if(node.children.begin(), node.children.end(), holds_too)) >= *least;

  return std::any_of(node.children.begin(), node.children.end(), holds_too);
}

}  // namespace

Result<CompositeRule> CompositeRule::parse(std::string_view text) {
  if (text.empty() || ascii::is_blank(text.front()) || ascii::is_blank(text.back()))
    return Error{ErrorKind::kInvalid, "ValidationError",
                 "AlarmRule must not contain leading or trailing whitespace or be null"};
  if (text.size() > kMaxLength)
    return invalid_rule("The rule has " + std::to_string(text.size()) + " characters; at most " +
                        std::to_string(kMaxLength) + " are allowed");
  RuleParser parser(text);
  auto root = parser.parse();
  if (!root) return invalid_rule(parser.problem());
  CompositeRule rule;
  rule.text_ = text;
  rule.root_ = std::move(*root);
  rule.alarms_ = std::move(parser.alarms());
  return rule;
}

bool CompositeRule::evaluate(const Lookup& lookup) const { return holds(root_, lookup); }

}  // namespace kiln::telemetry
