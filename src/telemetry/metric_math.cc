#include "telemetry/metric_math.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

#include "telemetry/search_expression.h"
#include "telemetry/statistic.h"

namespace kiln::telemetry {
namespace {

using Kind = MathNode::Kind;
using List = std::vector<Series>;

std::string_view name_of(MathType type) {
  switch (type) {
    case MathType::kScalar:
      return "a scalar";
    case MathType::kSeries:
      return "a time series";
    case MathType::kList:
      return "an array of time series";
    case MathType::kWord:
      return "a word";
    case MathType::kText:
      return "a string";
  }
  return "";
}

// --- Types ---

// A word or text where a value is needed.
Error not_a_value(const std::string& text) {
  return math_error("Invalid syntax: '" + text + "' is not a value; Ids begin with a lowercase " +
                    "letter, and functions have parentheses");
}

Result<MathArgument> check_argument(const MathNode& node, const MathNames& names) {
  MathArgument argument;
  argument.text = node.text;
  if (node.kind == Kind::kWord) {
    argument.type = MathType::kWord;
    return argument;
  }
  if (node.kind == Kind::kText) {
    argument.type = MathType::kText;
    return argument;
  }
  const auto type = check_math(node, names);
  if (!type) return type.error();
  argument.type = *type;
  if (node.kind == Kind::kId) argument.origin = names.at(node.text).origin;
  return argument;
}

// REQUIRES: the types of the arguments are right.
Result<void> check_search(const MathNode& node) {
  const auto search = SearchExpression::parse(node.children[0].text);
  if (!search) return search.error();
  const std::string& stat = node.children[1].text;
  if (!Statistic::parse(stat))
    return math_error("Function 'SEARCH' has the statistic '" + stat +
                      "', which is none; use one such as 'Sum' or 'p99'");
  if (node.children.size() < 3 || search_period(node)) return {};
  return math_error(
      "Function 'SEARCH' takes a period of 1, 5, 10, 20, 30 or a multiple of 60 seconds, up to a "
      "day, as a number");
}

Result<MathType> check_call(const MathNode& node, const MathNames& names) {
  const MathFunction* function = find_math_function(node.text);
  if (function == nullptr) {
    if (is_left_out_math_function(node.text)) {
      return math_error("Function '" + node.text +
                        "' is not supported here; use metrics and numbers in its place");
    }
    return math_error("Function '" + node.text + "' not found");
  }
  std::vector<MathArgument> arguments;
  for (const MathNode& child : node.children) {
    const auto argument = check_argument(child, names);
    if (!argument) return argument.error();
    arguments.push_back(*argument);
  }
  const std::string form = node.text + std::string(function->takes);
  if (arguments.size() < function->min_arguments || arguments.size() > function->max_arguments) {
    return math_error("Function '" + node.text + "' does not take " +
                      std::to_string(arguments.size()) + " arguments; use " + form);
  }
  const auto type = function->result(arguments);
  if (type && node.text == "SEARCH") {
    if (const auto checked = check_search(node); !checked) return checked.error();
  }
  if (type) return *type;
  std::string given;
  for (const MathArgument& argument : arguments) {
    given += (given.empty() ? "" : ", ") + std::string(name_of(argument.type));
    const bool quoted = argument.type == MathType::kWord || argument.type == MathType::kText;
    if (quoted) given += " '" + std::string(argument.text) + "'";
  }
  return math_error("Function '" + node.text + "' does not take (" + given + "); use " + form);
}

Result<MathType> check_chain(const MathNode& node, const MathNames& names) {
  auto type = check_math(node.children[0], names);
  for (size_t i = 1; type && i < node.children.size(); ++i) {
    const auto right = check_math(node.children[i], names);
    if (!right) return right.error();
    if (*type == MathType::kList && *right == MathType::kList) {
      return math_error("Operator '" + std::string(to_text(node.operators[i - 1])) +
                        "' does not take two arrays of time series; reduce one of them, as with " +
                        "SUM or FIRST");
    }
    type = std::max(*type, *right);
  }
  return type;
}

Result<MathType> check_array(const MathNode& node, const MathNames& names) {
  for (const MathNode& child : node.children) {
    const auto type = check_math(child, names);
    if (!type) return type.error();
    if (*type == MathType::kScalar) {
      return math_error(
          "An array holds time series, not scalars; make one of a scalar with TIME_SERIES");
    }
  }
  return MathType::kList;
}

// --- Operators ---

// kNoValue when there is none.
double calculate(MathOperator op, double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kNoValue;
  double value = 0;
  switch (op) {
    case MathOperator::kOr:
      return a != 0 || b != 0 ? 1 : 0;
    case MathOperator::kAnd:
      return a != 0 && b != 0 ? 1 : 0;
    case MathOperator::kEqual:
      return a == b ? 1 : 0;
    case MathOperator::kNotEqual:
      return a != b ? 1 : 0;
    case MathOperator::kLess:
      return a < b ? 1 : 0;
    case MathOperator::kLessOrEqual:
      return a <= b ? 1 : 0;
    case MathOperator::kGreater:
      return a > b ? 1 : 0;
    case MathOperator::kGreaterOrEqual:
      return a >= b ? 1 : 0;
    case MathOperator::kAdd:
      value = a + b;
      break;
    case MathOperator::kSubtract:
      value = a - b;
      break;
    case MathOperator::kMultiply:
      value = a * b;
      break;
    case MathOperator::kDivide:
      if (b == 0) return kNoValue;
      value = a / b;
      break;
    case MathOperator::kPower:
      value = std::pow(a, b);
      break;
  }
  return std::isfinite(value) ? value : kNoValue;
}

// Point by point; what one of them lacks is 0.
Series calculate(MathOperator op, const Series& a, const Series& b, const MathScope& scope) {
  Series out;
  out.label = a.label.empty() ? b.label : a.label;
  out.period_s = std::max(a.period_s, b.period_s);
  const auto add = [&](int64_t time, double left, double right) {
    const double value = calculate(op, left, right);
    if (std::isnan(value))
      scope.dropped = true;
    else
      out.points.emplace_hint(out.points.end(), time, value);
  };
  auto left = a.points.begin();
  auto right = b.points.begin();
  while (left != a.points.end() || right != b.points.end()) {
    if (right == b.points.end() || (left != a.points.end() && left->first < right->first)) {
      add(left->first, left->second, 0);
      ++left;
    } else if (left == a.points.end() || right->first < left->first) {
      add(right->first, 0, right->second);
      ++right;
    } else {
      add(left->first, left->second, right->second);
      ++left;
      ++right;
    }
  }
  return out;
}

template <class Function>
Series map_values(Series series, const MathScope& scope, Function function) {
  for (auto& [time, value] : series.points) value = function(value);
  if (std::erase_if(series.points, [](const auto& point) { return std::isnan(point.second); }) > 0)
    scope.dropped = true;
  return series;
}

// Neither is a list.
MathValue calculate_one(MathOperator op, const MathValue& a, const MathValue& b,
                        const MathScope& scope) {
  const double* left = std::get_if<double>(&a);
  const double* right = std::get_if<double>(&b);
  if (left != nullptr && right != nullptr) return calculate(op, *left, *right);
  if (left != nullptr) {
    return map_values(std::get<Series>(b), scope,
                      [&](double x) { return calculate(op, *left, x); });
  }
  if (right != nullptr) {
    return map_values(std::get<Series>(a), scope,
                      [&](double x) { return calculate(op, x, *right); });
  }
  return calculate(op, std::get<Series>(a), std::get<Series>(b), scope);
}

MathValue calculate(MathOperator op, MathValue a, MathValue b, const MathScope& scope) {
  const bool left = type_of(a) == MathType::kList;
  if (!left && type_of(b) != MathType::kList) return calculate_one(op, a, b, scope);
  List list = std::get<List>(std::move(left ? a : b));
  for (Series& series : list) {
    std::string label = series.label;
    const MathValue item = std::move(series);
    series = std::get<Series>(left ? calculate_one(op, item, b, scope)
                                   : calculate_one(op, a, item, scope));
    series.label = std::move(label);
  }
  return list;
}

MathValue negate(MathValue value, const MathScope& scope) {
  const auto negative = [](double x) { return 0 - x; };  // never -0
  if (const double* number = std::get_if<double>(&value)) return negative(*number);
  if (Series* series = std::get_if<Series>(&value)) {
    return map_values(std::move(*series), scope, negative);
  }
  List list = std::get<List>(std::move(value));
  for (Series& series : list) series = map_values(std::move(series), scope, negative);
  return list;
}

// --- Values ---

Result<MathValue> evaluate_call(const MathNode& node, const MathScope& scope) {
  std::vector<MathValue> arguments;
  for (const MathNode& child : node.children) {
    auto argument = evaluate_math(child, scope);
    if (!argument) return argument.error();
    arguments.push_back(*std::move(argument));
  }
  return find_math_function(node.text)->apply(std::move(arguments), scope);
}

Result<MathValue> evaluate_chain(const MathNode& node, const MathScope& scope) {
  auto value = evaluate_math(node.children[0], scope);
  for (size_t i = 1; value && i < node.children.size(); ++i) {
    auto right = evaluate_math(node.children[i], scope);
    if (!right) return right.error();
    value = calculate(node.operators[i - 1], *std::move(value), *std::move(right), scope);
  }
  return value;
}

Result<MathValue> evaluate_array(const MathNode& node, const MathScope& scope) {
  List list;
  for (const MathNode& child : node.children) {
    auto value = evaluate_math(child, scope);
    if (!value) return value.error();
    if (Series* series = std::get_if<Series>(&*value)) {
      list.push_back(std::move(*series));
    } else {
      List part = std::get<List>(*std::move(value));
      std::move(part.begin(), part.end(), std::back_inserter(list));
    }
    if (list.size() > kMaxMathSeries) {
      return math_error("An array holds more than " + std::to_string(kMaxMathSeries) +
                        " time series; take fewer metrics into it");
    }
  }
  return MathValue(std::move(list));
}

}  // namespace

std::optional<int> search_period(const MathNode& node) {
  constexpr int kDay = 86'400;
  if (node.kind == Kind::kCall && node.text == "SEARCH" && node.children.size() == 3 &&
      node.children[2].kind == Kind::kNumber) {
    const double number = node.children[2].number;
    for (const int shorter : {1, 5, 10, 20, 30})
      if (number == shorter) return shorter;
    if (number >= 60 && number <= kDay && std::fmod(number, 60) == 0)
      return static_cast<int>(number);
  }
  std::optional<int> longest;
  for (const MathNode& child : node.children)
    if (const auto period_s = search_period(child))
      longest = std::max(longest.value_or(0), *period_s);
  return longest;
}

Result<MathType> check_math(const MathNode& node, const MathNames& names) {
  switch (node.kind) {
    case Kind::kNumber:
      return MathType::kScalar;
    case Kind::kText:
    case Kind::kWord:
      return not_a_value(node.text);
    case Kind::kId: {
      const auto name = names.find(node.text);
      if (name != names.end()) return name->second.type;
      return math_error(
          "There is no metric or expression with the Id '" + node.text +
          "' in the request; add it, with ReturnData false if it is only needed here");
    }
    case Kind::kNegate:
      return check_math(node.children[0], names);
    case Kind::kChain:
      return check_chain(node, names);
    case Kind::kCall:
      return check_call(node, names);
    case Kind::kArray:
      return check_array(node, names);
  }
  return MathType::kScalar;
}

Result<MathValue> evaluate_math(const MathNode& node, const MathScope& scope) {
  switch (node.kind) {
    case Kind::kNumber:
      return MathValue(node.number);
    case Kind::kText:
      return MathValue(MathText{node.text});
    case Kind::kWord:
      return MathValue(MathWord{node.text});
    case Kind::kId:
      return scope.values.at(node.text);
    case Kind::kNegate: {
      auto value = evaluate_math(node.children[0], scope);
      if (!value) return value;
      return negate(*std::move(value), scope);
    }
    case Kind::kChain:
      return evaluate_chain(node, scope);
    case Kind::kCall:
      return evaluate_call(node, scope);
    case Kind::kArray:
      return evaluate_array(node, scope);
  }
  return MathValue(kNoValue);
}

}  // namespace kiln::telemetry
