#include "telemetry/math_parser.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/ascii.h"

namespace kiln::telemetry {
namespace {

// ASCII only, whatever the locale.
using ascii::is_digit;
using ascii::is_lower;
using ascii::is_upper;
bool is_name(char c) { return is_digit(c) || is_lower(c) || is_upper(c) || c == '_'; }

struct Spelling {
  std::string_view text;
  MathOperator op;
  int level;
};
// A text that begins with another one comes before it.
constexpr std::array kSpellings = {
    Spelling{"||", MathOperator::kOr, 0},
    Spelling{"OR", MathOperator::kOr, 0},
    Spelling{"&&", MathOperator::kAnd, 1},
    Spelling{"AND", MathOperator::kAnd, 1},
    Spelling{"==", MathOperator::kEqual, 2},
    Spelling{"!=", MathOperator::kNotEqual, 2},
    Spelling{"<=", MathOperator::kLessOrEqual, 3},
    Spelling{"<", MathOperator::kLess, 3},
    Spelling{">=", MathOperator::kGreaterOrEqual, 3},
    Spelling{">", MathOperator::kGreater, 3},
    Spelling{"+", MathOperator::kAdd, 4},
    Spelling{"-", MathOperator::kSubtract, 4},
    Spelling{"*", MathOperator::kMultiply, 5},
    Spelling{"/", MathOperator::kDivide, 5},
    Spelling{"^", MathOperator::kPower, 6},
};
constexpr int kUnaryLevel = 6;  // looks for minus signs, then for kPower

class MathParser {
 public:
  explicit MathParser(std::string_view text) : text_(text) {}

  Result<MathNode> parse() {
    MathNode node;
    if (!parse_level(0, node)) return std::move(*error_);
    skip_spaces();
    if (at_ < text_.size()) {
      fail("expected an operator or the end");
      return std::move(*error_);
    }
    return node;
  }

 private:
  // Each returns false once error_ is there.
  bool parse_level(int level, MathNode& out) {
    if (level == kUnaryLevel) return parse_unary(out);
    if (!parse_level(level + 1, out)) return false;
    return parse_rest(level, out);
  }

  // What follows the first operand of a chain.
  bool parse_rest(int level, MathNode& first) {
    std::optional<MathOperator> op = take_operator(level);
    if (!op) return true;
    MathNode chain;
    chain.kind = MathNode::Kind::kChain;
    chain.children.push_back(std::move(first));
    for (; op; op = take_operator(level)) {
      chain.operators.push_back(*op);
      MathNode& operand = chain.children.emplace_back();
      if (!parse_level(level == kUnaryLevel ? level : level + 1, operand)) return false;
    }
    first = std::move(chain);
    return true;
  }

  // -a^b is -(a^b). An exponent is parsed by this function too, so a^b^c is a^(b^c), and counts as
  // nested.
  bool parse_unary(MathNode& out) {
    if (!enter()) return false;
    size_t minuses = 0;
    for (skip_spaces(); take('-'); skip_spaces()) ++minuses;
    MathNode node;
    if (!parse_primary(node) || !parse_rest(kUnaryLevel, node)) return false;
    if (minuses % 2 == 0) {
      out = std::move(node);
    } else {
      out.kind = MathNode::Kind::kNegate;
      out.children.push_back(std::move(node));
    }
    --depth_;
    return true;
  }

  bool parse_primary(MathNode& out) {
    skip_spaces();
    const char c = peek();
    if (take('(')) return parse_level(0, out) && expect(')');
    if (take('[')) {
      out.kind = MathNode::Kind::kArray;
      return parse_list(']', out);
    }
    if (c == '\'' || c == '"') return parse_text(out);
    if (is_digit(c) || c == '.') return parse_number(out);
    if (is_lower(c) || is_upper(c)) return parse_name(out);
    return fail("expected a value");
  }

  // Comma-separated, at least one, up to `end`.
  bool parse_list(char end, MathNode& out) {
    do {
      MathNode& item = out.children.emplace_back();
      if (!parse_level(0, item)) return false;
      skip_spaces();
    } while (take(','));
    return expect(end);
  }

  bool parse_text(MathNode& out) {
    const char quote = text_[at_];
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) return fail("the string that starts here does not end");
    out.kind = MathNode::Kind::kText;
    out.text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return true;
  }

  bool parse_number(MathNode& out) {
    const char* const begin = text_.data() + at_;
    const char* const end = text_.data() + text_.size();
    const auto [rest, error] = std::from_chars(begin, end, out.number);
    if (error != std::errc() || !std::isfinite(out.number) || (rest < end && is_name(*rest))) {
      return fail("this is not a number");
    }
    out.kind = MathNode::Kind::kNumber;
    at_ += static_cast<size_t>(rest - begin);
    return true;
  }

  bool parse_name(MathNode& out) {
    const size_t begin = at_;
    while (is_name(peek())) ++at_;
    out.text = text_.substr(begin, at_ - begin);
    skip_spaces();
    if (take('(')) {
      out.kind = MathNode::Kind::kCall;
      skip_spaces();
      return take(')') || parse_list(')', out);
    }
    out.kind = is_lower(out.text[0]) ? MathNode::Kind::kId : MathNode::Kind::kWord;
    return true;
  }

  std::optional<MathOperator> take_operator(int level) {
    skip_spaces();
    const std::string_view rest = text_.substr(at_);
    for (const Spelling& spelling : kSpellings) {
      if (!rest.starts_with(spelling.text)) continue;
      const size_t size = spelling.text.size();
      if (is_upper(spelling.text[0]) && size < rest.size() && is_name(rest[size])) continue;
      if (spelling.level != level) return std::nullopt;
      at_ += size;
      return spelling.op;
    }
    return std::nullopt;
  }

  bool enter() {
    if (++depth_ <= kMaxMathDepth) return true;
    return fail("more than " + std::to_string(kMaxMathDepth) +
                " levels are nested; move a part into an expression of its own");
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool expect(char c) {
    skip_spaces();
    return take(c) || fail(std::string("expected '") + c + "'");
  }
  void skip_spaces() {
    while (ascii::is_blank(peek())) ++at_;
  }
  bool fail(const std::string& what) {
    error_ = Error{ErrorKind::kInvalid, "ValidationError",
                   "Invalid syntax at character " + std::to_string(at_ + 1) + ": " + what};
    return false;
  }

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = -1;  // of the value that is being parsed; 0 outside of everything
  std::optional<Error> error_;
};

}  // namespace

std::string_view to_text(MathOperator op) {
  for (const Spelling& spelling : kSpellings) {
    if (spelling.op == op) return spelling.text;
  }
  return "";
}

Result<MathNode> parse_math(std::string_view text) {
  if (text.size() > kMaxMathLength) {
    return Error{ErrorKind::kInvalid, "ValidationError",
                 "The expression has " + std::to_string(text.size()) +
                     " characters, which exceeds the limit of " + std::to_string(kMaxMathLength) +
                     "; move a part into an expression of its own"};
  }
  return MathParser(text).parse();
}

std::set<std::string> referred_ids(const MathNode& node) {
  std::set<std::string> ids;
  if (node.kind == MathNode::Kind::kId) ids.insert(node.text);
  for (const MathNode& child : node.children) ids.merge(referred_ids(child));
  return ids;
}

bool calls(const MathNode& node, std::string_view function) {
  if (node.kind == MathNode::Kind::kCall && node.text == function) return true;
  for (const MathNode& child : node.children) {
    if (calls(child, function)) return true;
  }
  return false;
}

}  // namespace kiln::telemetry
