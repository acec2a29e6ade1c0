// What metric math calculates with. Values only; nothing here is shared between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "telemetry/metric.h"

namespace kiln::telemetry {

// AWS's S, TS and TS[]. Words (REPEAT) and texts ('errors') are only arguments of functions.
enum class MathType { kScalar, kSeries, kList, kWord, kText };

// The scalar that has no value: of a division by zero, or the average of no points. What is
// calculated with it has no value, which drops points of a series.
inline constexpr double kNoValue = std::numeric_limits<double>::quiet_NaN();

inline constexpr size_t kMaxMathSeries = 500;           // in one list
inline constexpr int64_t kMaxMathGridPoints = 100'800;  // that a function makes up in a series

struct MathWord {
  std::string text;
};
struct MathText {
  std::string text;
};

// In the order of MathType. Points of series are finite numbers.
using MathValue = std::variant<double, Series, std::vector<Series>, MathWord, MathText>;

inline MathType type_of(const MathValue& value) { return static_cast<MathType>(value.index()); }

// What an expression can name, and the range of time it is evaluated for.
struct MathScope {
  int64_t start_s = 0;
  int64_t end_s = 0;                        // exclusive
  int period_s = 60;                        // of series that come from no metric: TIME_SERIES
  std::vector<std::string> metric_ids;      // METRICS(), in this order
  std::map<std::string, MathValue> values;  // by Id
  mutable bool dropped = false;             // points that were no numbers; set by what calculates
  // SEARCH: what a search expression finds, read with a statistic and a period. May be empty.
  std::function<std::vector<Series>(const std::string& text, const std::string& stat, int period_s)>
      search = {};
};

inline Error math_error(std::string message) {
  return Error{ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

}  // namespace kiln::telemetry
