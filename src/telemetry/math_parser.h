// The syntax of metric math: an expression's text as a tree.
//
//   const auto tree = parse_math("100 * errors / MAX([errors, invocations])");
//   for (const std::string& id : referred_ids(*tree)) …
//
// Knows no functions and no types: check_math() does. Trees are values that nothing changes; their
// depth is bounded, however long a chain of operators is. Pure.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::telemetry {

inline constexpr size_t kMaxMathLength = 2048;  // characters
inline constexpr int kMaxMathDepth = 64;        // of parentheses, arrays and calls in each other

enum class MathOperator {
  kOr,  // || and OR
  kAnd,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kPower,
};
std::string_view to_text(MathOperator op);  // "+", "<=", …

struct MathNode {
  enum class Kind {
    kNumber,
    kText,    // 'errors' or "errors"
    kWord,    // REPEAT, DESC, AVG: an argument that is a word
    kId,      // of another query
    kNegate,  // of children[0]
    kChain,   // children with operators of one precedence between them
    kCall,    // of the function `text`
    kArray,
  };
  Kind kind = Kind::kNumber;
  double number = 0;
  std::string text;
  std::vector<MathNode> children;
  // Of a chain, one fewer than children; from left to right.
  std::vector<MathOperator> operators;
};

// From loose to tight: OR; AND; == !=; < <= > >=; + -; * /; unary minus; ^ (from right to left).
//
// The error's message says what is wrong and where, without naming the query: "Invalid syntax at
// character 4: expected a value".
Result<MathNode> parse_math(std::string_view text);

std::set<std::string> referred_ids(const MathNode& node);
// Does it call `function` anywhere?
bool calls(const MathNode& node, std::string_view function);

}  // namespace kiln::telemetry
