// Which memory size is best, by what the user wants.
//
//   Result<size_t> best = choose(results, {.strategy = Strategy::kBalanced, .weight = 0.5});
//
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tune/measurement.h"

namespace kiln::tune {

enum class Strategy { kCost, kSpeed, kBalanced };
std::optional<Strategy> strategy_named(std::string_view name);  // "cost", "speed", "balanced"

struct Goal {
  Strategy strategy = Strategy::kCost;
  // Of balanced: 1 is cost alone, 0 is speed alone, as aws-lambda-power-tuning's balancedWeight.
  double weight = 0.5;
  std::optional<double> p99_below_ms = {};  // of the sizes that are faster, the strategy's best
};

// Of the sizes that survive and that this machine can show. Error (kInvalid): there is none; it
// says why and what would help.
Result<size_t> choose(const std::vector<SizeResult>& results, const Goal& goal);

// The smallest size without an error.
std::optional<size_t> smallest_surviving(const std::vector<SizeResult>& results);

// The chart of aws-lambda-power-tuning: https://lambda-power-tuning.show/#SIZES;TIMES;COSTS, each
// list as base64 of little-endian numbers, sizes as int16, the others as float. Results by size.
std::string visualization_url(const std::vector<SizeResult>& results);

}  // namespace kiln::tune
