// The functions of metric math by name: which arguments each takes, and what it makes of them.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/math_value.h"

namespace kiln::telemetry {

// What is known of an argument before there is data.
struct MathArgument {
  enum class Origin { kMetric, kOther };
  MathType type = MathType::kScalar;
  Origin origin = Origin::kOther;  // kMetric: the Id of a metric
  std::string_view text;           // of a word or text
};

struct MathFunction {
  std::string_view name;
  size_t min_arguments = 1;
  size_t max_arguments = 1;
  std::string_view takes;  // for messages: "(TS|TS[])"
  // The type of the result, or nullopt when it does not take such arguments. Their number is right.
  std::optional<MathType> (*result)(const std::vector<MathArgument>& arguments);
  // REQUIRES: result() gave a type for these arguments.
  Result<MathValue> (*apply)(std::vector<MathValue> arguments, const MathScope& scope);
};

// nullptr: there is no such function here.
const MathFunction* find_math_function(std::string_view name);
// A function that CloudWatch has and that is left out here, since what it asks is not there.
bool is_left_out_math_function(std::string_view name);

}  // namespace kiln::telemetry
