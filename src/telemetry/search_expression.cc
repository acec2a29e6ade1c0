#include "telemetry/search_expression.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"
#include "telemetry/search_tokens.h"

namespace kiln::telemetry {
namespace {

using SearchNode = SearchExpression::Node;

// What ends a word of the term, and of the schema.
bool ends_word(char c) {
  return ascii::is_blank(c) || c == '(' || c == ')' || c == '"' || c == '=';
}
bool ends_name(char c) { return c == ',' || c == '}' || c == '{' || c == '"'; }

bool matches(const SearchNode& node, std::string_view name) {
  return node.kind == SearchNode::Kind::kExact ? node.text == name : finds(node.text, name);
}

// Whether a word or text is what it is to be in the metric.
bool found(const SearchNode& node, const MetricKey& metric) {
  const bool any = node.property.empty();
  if ((any || node.property == "MetricName") && matches(node, metric.name)) return true;
  if ((any || node.property == "Namespace") && matches(node, metric.metric_namespace)) return true;
  return std::any_of(metric.dimensions.begin(), metric.dimensions.end(), [&](const auto& one) {
    const auto& [name, value] = one;
    return any ? matches(node, name) || matches(node, value)
               : name == node.property && matches(node, value);
  });
}

bool holds(const SearchNode& node, const MetricKey& metric) {
  const auto child_holds = [&](const SearchNode& child) { return holds(child, metric); };
  switch (node.kind) {
    case SearchNode::Kind::kWord:
    case SearchNode::Kind::kExact:
      return found(node, metric);
    case SearchNode::Kind::kNot:
      return !holds(node.children.front(), metric);
    case SearchNode::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), child_holds);
    case SearchNode::Kind::kOr:
      break;
  }
  return std::any_of(node.children.begin(), node.children.end(), child_holds);
}

}  // namespace

class SearchParser {
 public:
  explicit SearchParser(std::string_view text) : text_(text) {}

  Result<SearchExpression> parse() {
    SearchExpression out;
    skip_spaces();
    if (take('{')) {
      if (!parse_schema(out.schema_.emplace())) return std::move(*error_);
      skip_spaces();
      take(',');
    }
    skip_spaces();
    if (at_ < text_.size()) {
      if (!parse_or("", out.term_.emplace(SearchExpression::Node{}))) return std::move(*error_);
      skip_spaces();
      if (at_ < text_.size()) {
        fail("expected a word, AND, OR, NOT or the end");
        return std::move(*error_);
      }
    }
    if (!out.schema_ && !out.term_) {
      fail("a search needs a {Namespace} or a word to search for");
      return std::move(*error_);
    }
    return out;
  }

 private:
  // Each returns false once error_ is there.
  bool parse_schema(SearchExpression::Schema& out) {
    if (!parse_name(out.metric_namespace)) return false;
    while (take(',')) {
      std::string& name = out.dimensions.emplace_back();
      if (!parse_name(name)) return false;
    }
    std::sort(out.dimensions.begin(), out.dimensions.end());
    return take('}') || fail("expected ',' or '}'");
  }

  // A name of the schema, with spaces around it.
  bool parse_name(std::string& out) {
    skip_spaces();
    if (take('"')) {
      if (!parse_quoted(out)) return false;
    } else {
      while (at_ < text_.size() && !ends_name(text_[at_])) out.push_back(text_[at_++]);
      while (!out.empty() && ascii::is_blank(out.back())) out.pop_back();
    }
    skip_spaces();
    return !out.empty() || fail("expected a name");
  }

  // `property`: that the words within are of; of an outer NAME=( … ).
  bool parse_or(const std::string& property, SearchNode& out) {
    out.kind = SearchNode::Kind::kOr;
    do {
      if (!parse_and(property, out.children.emplace_back())) return false;
    } while (take_word("OR"));
    unwrap(out);
    return true;
  }

  // Words without anything between them are an AND, too.
  bool parse_and(const std::string& property, SearchNode& out) {
    out.kind = SearchNode::Kind::kAnd;
    if (!parse_not(property, out.children.emplace_back())) return false;
    for (skip_spaces(); at_ < text_.size() && text_[at_] != ')' && !sees_word("OR");
         skip_spaces()) {
      take_word("AND");
      if (!parse_not(property, out.children.emplace_back())) return false;
    }
    unwrap(out);
    return true;
  }

  bool parse_not(const std::string& property, SearchNode& out) {
    if (!enter()) return false;
    bool done = false;
    if (take_word("NOT")) {
      out.kind = SearchNode::Kind::kNot;
      done = parse_not(property, out.children.emplace_back());
    } else {
      done = parse_primary(property, out);
    }
    --depth_;
    return done;
  }

  bool parse_primary(const std::string& property, SearchNode& out) {
    skip_spaces();
    if (take('(')) return parse_or(property, out) && close();
    if (!parse_value(out)) return false;
    out.property = property;
    skip_spaces();
    if (!property.empty() || !take('=')) return true;
    const std::string name = std::exchange(out.text, {});
    skip_spaces();
    if (take('(')) return parse_or(name, out) && close();
    if (!parse_value(out)) return false;
    out.property = name;
    return true;
  }

  bool parse_value(SearchNode& out) {
    if (take('"')) {
      out.kind = SearchNode::Kind::kExact;
      return parse_quoted(out.text);
    }
    if (sees_word("AND") || sees_word("OR") || sees_word("NOT"))
      return fail("expected a word to search for; one that is AND, OR or NOT stands in quotes");
    out.kind = SearchNode::Kind::kWord;
    while (at_ < text_.size() && !ends_word(text_[at_])) out.text.push_back(text_[at_++]);
    return !out.text.empty() || fail("expected a word to search for");
  }

  // After the quote that opens it. A \ stands before " \ ( and ).
  bool parse_quoted(std::string& out) {
    constexpr std::string_view kEscaped = "\"\\()";
    while (at_ < text_.size() && text_[at_] != '"') {
      const bool escaped = text_[at_] == '\\' && at_ + 1 < text_.size() &&
                           kEscaped.find(text_[at_ + 1]) != kEscaped.npos;
      if (escaped) ++at_;
      out.push_back(text_[at_++]);
    }
    if (!take('"')) return fail("the text in quotes does not end");
    return !out.empty() || fail("the text in quotes is empty");
  }

  // An AND or OR of one is that one.
  static void unwrap(SearchNode& node) {
    if (node.children.size() != 1) return;
    SearchNode child = std::move(node.children.front());
    node = std::move(child);
  }

  bool enter() {
    return ++depth_ <= SearchExpression::kMaxDepth ||
           fail("more than " + std::to_string(SearchExpression::kMaxDepth) + " levels are nested");
  }
  bool close() {
    skip_spaces();
    return take(')') || fail("expected ')'");
  }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool sees_word(std::string_view word) {
    skip_spaces();
    const std::string_view rest = text_.substr(at_);
    return rest.starts_with(word) && (rest.size() == word.size() || ends_word(rest[word.size()]));
  }
  bool take_word(std::string_view word) {
    if (!sees_word(word)) return false;
    at_ += word.size();
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() && ascii::is_blank(text_[at_])) ++at_;
  }
  bool fail(const std::string& what) {
    if (!error_)
      error_ = Error{ErrorKind::kInvalid, "ValidationError",
                     "Invalid search at character " + std::to_string(at_ + 1) + ": " + what};
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
  std::optional<Error> error_;
};

Result<SearchExpression> SearchExpression::parse(std::string_view text) {
  if (text.size() > kMaxLength)
    return Error{ErrorKind::kInvalid, "ValidationError",
                 "The search has " + std::to_string(text.size()) +
                     " characters, which exceeds the limit of " + std::to_string(kMaxLength)};
  return SearchParser(text).parse();
}

bool SearchExpression::finds(const MetricKey& metric) const {
  if (schema_) {
    const auto& names = schema_->dimensions;
    if (metric.metric_namespace != schema_->metric_namespace) return false;
    // A metric's dimensions are in order of their names.
    if (!std::equal(names.begin(), names.end(), metric.dimensions.begin(), metric.dimensions.end(),
                    [](const std::string& name, const auto& one) { return name == one.first; }))
      return false;
  }
  return !term_ || holds(*term_, metric);
}

}  // namespace kiln::telemetry
