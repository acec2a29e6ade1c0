// What a list of measured values says. Pure; lists are sorted in rising order where it is said.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

namespace kiln {

// By linear interpolation between the two nearest values, as NumPy's default; `part` of 0 … 1.
// REQUIRES: not empty, sorted
double percentile(const std::vector<double>& sorted, double part);

// Without the given part at each end: 0.2 of ten values leaves the middle six. REQUIRES: not empty,
// sorted, part below 0.5
double trimmed_mean(const std::vector<double>& sorted, double part);

struct Interval {
  double low = 0, high = 0;
};
// In which the median lies with 95 % confidence, whatever the distribution: between two values
// whose ranks follow from the binomial distribution. Nothing for fewer than six values, which can't
// say that.
std::optional<Interval> median_interval(const std::vector<double>& sorted);

// A mean of values that vary by chance, as those of runs from several seeds do.
struct Estimate {
  double mean = 0;
  double half_width = 0;  // the true mean lies within it with 95 % confidence; 0 of a single value
  double least = 0, most = 0;
  size_t count = 0;
  bool holds(double value) const {
    return value >= mean - half_width && value <= mean + half_width;
  }
};
// By Student's t distribution. Of no values: all 0.
Estimate mean_estimate(const std::vector<double>& values);

}  // namespace kiln
