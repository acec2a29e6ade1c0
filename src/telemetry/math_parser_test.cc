#include "telemetry/math_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace kiln::telemetry {
namespace {

// "" = accepted
std::string error_of(const std::string& text) {
  const auto tree = parse_math(text);
  return tree ? "" : tree.error().message;
}

std::string repeated(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i) out += text;
  return out;
}

TEST(MathParser, SyntaxErrors) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "1: expected a value"},
      {"   ", "4: expected a value"},
      {"m1 +", "5: expected a value"},
      {"* m1", "1: expected a value"},
      {"m1 m2", "4: expected an operator or the end"},
      {"m1 | m2", "4: expected an operator or the end"},
      {"m1 = m2", "4: expected an operator or the end"},
      {"m1 ANDm2", "4: expected an operator or the end"},
      {"m1)", "3: expected an operator or the end"},
      {"(m1", "4: expected ')'"},
      {"SUM(m1", "7: expected ')'"},
      {"SUM(m1,)", "8: expected a value"},
      {"[m1, m2", "8: expected ']'"},
      {"[]", "2: expected a value"},
      {"METRICS('a", "9: the string that starts here does not end"},
      {"1.2.3", "4: expected an operator or the end"},
      {"5m", "1: this is not a number"},
      {".", "1: this is not a number"},
      {"1e999", "1: this is not a number"},
      {"\xff", "1: expected a value"},
      {"SELECT AVG(x) FROM y", "8: expected an operator or the end"},
  };
  for (const auto& [expression, expected] : cases) {
    const auto tree = parse_math(expression);
    ASSERT_FALSE(tree.ok()) << expression;
    EXPECT_EQ(tree.error().message, "Invalid syntax at character " + expected) << expression;
    EXPECT_EQ(tree.error().type, "ValidationError");
    EXPECT_EQ(tree.error().kind, ErrorKind::kInvalid);
  }
}

TEST(MathParser, DepthHasALimit) {
  struct Case {
    std::string open, close;
    size_t times;
    std::string character;  // at which it is too deep; "" = accepted
  };
  const std::vector<Case> cases = {
      {"(", ")", 64, ""},   {"(", ")", 65, "66"},   {"ABS(", ")", 64, ""}, {"ABS(", ")", 65, "261"},
      {"[", "]", 64, ""},   {"[", "]", 65, "66"},   {"1^", "", 64, ""},    {"1^", "", 65, "131"},
      {"1^(", ")", 32, ""}, {"1^(", ")", 33, "99"}, {"-", "", 2046, ""},   {"1+", "", 1000, ""},
  };
  for (const Case& one : cases) {
    const std::string text = repeated(one.open, one.times) + "m1" + repeated(one.close, one.times);
    const std::string error =
        one.character.empty()
            ? ""
            : "Invalid syntax at character " + one.character +
                  ": more than 64 levels are nested; move a part into an expression of its own";
    EXPECT_EQ(error_of(text), error) << one.open << " " << one.times;
  }
}

TEST(MathParser, LengthHasALimit) {
  EXPECT_EQ(error_of("m1" + std::string(kMaxMathLength - 2, ' ')), "");
  EXPECT_EQ(error_of("m1" + std::string(kMaxMathLength - 1, ' ')),
            "The expression has 2049 characters, which exceeds the limit of 2048; move a part into "
            "an expression of its own");
}

TEST(MathParser, AChainIsOneNode) {
  const auto tree = parse_math("a - b + c * d");
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree->kind, MathNode::Kind::kChain);
  EXPECT_THAT(tree->operators, testing::ElementsAre(MathOperator::kSubtract, MathOperator::kAdd));
  ASSERT_EQ(tree->children.size(), 3u);
  EXPECT_EQ(tree->children[1].text, "b");
  EXPECT_THAT(tree->children[2].operators, testing::ElementsAre(MathOperator::kMultiply));
}

TEST(MathParser, OperatorsHaveTexts) {
  const std::vector<std::string> operators = {
      "||", "&&", "==", "!=", "<=", "<", ">=", ">", "+", "-", "*", "/", "^"};
  for (const std::string& text : operators) {
    const auto tree = parse_math("a" + text + "b");
    ASSERT_TRUE(tree.ok()) << text;
    EXPECT_EQ(to_text(tree->operators.at(0)), text);
  }
}

TEST(MathParser, ReferredIdsAndCalls) {
  const auto tree = parse_math("IF(m1 > -m2, [m3, SUM(METRICS('m4'))], e1 ^ 2) + REPEAT");
  EXPECT_THAT(referred_ids(*tree), testing::ElementsAre("e1", "m1", "m2", "m3"));
  EXPECT_TRUE(calls(*tree, "METRICS"));
  EXPECT_TRUE(calls(*tree, "IF"));
  EXPECT_FALSE(calls(*tree, "REPEAT"));
}

}  // namespace
}  // namespace kiln::telemetry
