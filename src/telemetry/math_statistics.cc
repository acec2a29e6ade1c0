#include "telemetry/math_statistics.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <numeric>

namespace kiln::telemetry {
namespace {

// Over `count` numbers, of which those that are not in `values` are 0 and only matter to averages.
double reduced(Reduction reduction, const std::vector<double>& values, size_t count) {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  if (reduction == Reduction::kSum) return sum;
  if (reduction == Reduction::kCount) return static_cast<double>(values.size());
  if (values.empty()) return kNoValue;
  switch (reduction) {
    case Reduction::kAverage:
      return sum / static_cast<double>(count);
    case Reduction::kMinimum:
      return *std::min_element(values.begin(), values.end());
    case Reduction::kMaximum:
      return *std::max_element(values.begin(), values.end());
    default: {  // the standard deviation, of the whole population
      const double size = static_cast<double>(values.size());
      double squares = 0;
      for (const double value : values) squares += (value - sum / size) * (value - sum / size);
      return std::sqrt(squares / size);
    }
  }
}

double finite(double value) { return std::isfinite(value) ? value : kNoValue; }

}  // namespace

double reduce(Reduction reduction, const Series& series) {
  std::vector<double> values;
  values.reserve(series.points.size());
  for (const auto& [time, value] : series.points) values.push_back(value);
  return finite(reduced(reduction, values, values.size()));
}

Series reduce(Reduction reduction, const std::vector<Series>& list) {
  Series out;
  if (!list.empty()) out.period_s = 0;
  std::map<int64_t, std::vector<double>> columns;
  for (const Series& series : list) {
    out.period_s = std::max(out.period_s, series.period_s);
    for (const auto& [time, value] : series.points) columns[time].push_back(value);
  }
  for (const auto& [time, values] : columns) {
    const double value = finite(reduced(reduction, values, list.size()));
    if (!std::isnan(value)) out.points[time] = value;
  }
  return out;
}

std::optional<Reduction> sort_key(std::string_view word) {
  if (word == "SUM") return Reduction::kSum;
  if (word == "AVG") return Reduction::kAverage;
  if (word == "MIN") return Reduction::kMinimum;
  if (word == "MAX") return Reduction::kMaximum;
  return std::nullopt;
}

}  // namespace kiln::telemetry
