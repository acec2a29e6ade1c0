// Metric math: the type of an expression's tree, and its value.
//
//   const auto tree = parse_math("errors / invocations * 100");
//   const auto type = check_math(*tree, names);      // without data: what CloudWatch refuses
//   const auto value = evaluate_math(*tree, scope);  // MathValue
//
// A point that is missing in one of two series counts as 0 to an operator; where both lack it there
// is none. A point that has no finite value, as after a division by zero, is dropped.
//
// Errors are of type ValidationError and do not name the query. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "telemetry/math_functions.h"
#include "telemetry/math_parser.h"
#include "telemetry/math_value.h"

namespace kiln::telemetry {

// What each Id stands for.
struct MathName {
  MathType type = MathType::kSeries;
  MathArgument::Origin origin = MathArgument::Origin::kMetric;
};
using MathNames = std::map<std::string, MathName>;

// The longest period that a SEARCH in it asks for; nullopt: none does.
std::optional<int> search_period(const MathNode& node);

// kScalar, kSeries or kList.
Result<MathType> check_math(const MathNode& node, const MathNames& names);

// Fails when there is too much to calculate with. REQUIRES: check_math() gave a type, with names
// that fit the scope's values.
Result<MathValue> evaluate_math(const MathNode& node, const MathScope& scope);

}  // namespace kiln::telemetry
