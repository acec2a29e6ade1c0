// Numbers of metric math that sum up other numbers: SUM, AVG, MIN, MAX, STDDEV, DATAPOINT_COUNT.
// Pure.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "telemetry/math_value.h"

namespace kiln::telemetry {

enum class Reduction { kSum, kAverage, kMinimum, kMaximum, kDeviation, kCount };

// Of all points of a series. The sum and the count of none are 0; the others have no value.
double reduce(Reduction reduction, const Series& series);

// Point by point, over the series that have one there; but an average counts a missing point as 0,
// as CloudWatch documents.
Series reduce(Reduction reduction, const std::vector<Series>& list);

// SUM, AVG, MIN or MAX: what SORT orders by.
std::optional<Reduction> sort_key(std::string_view word);

}  // namespace kiln::telemetry
