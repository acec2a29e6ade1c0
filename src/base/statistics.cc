#include "base/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/check.h"

namespace kiln {

double percentile(const std::vector<double>& sorted, double part) {
  KILN_REQUIRE(!sorted.empty());
  const double place = std::clamp(part, 0.0, 1.0) * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (sorted[below + 1] - sorted[below]) * (place - std::floor(place));
}

double trimmed_mean(const std::vector<double>& sorted, double part) {
  KILN_REQUIRE(!sorted.empty() && part >= 0 && part < 0.5);
  const auto cut = static_cast<std::ptrdiff_t>(static_cast<double>(sorted.size()) * part);
  return std::accumulate(sorted.begin() + cut, sorted.end() - cut, 0.0) /
         static_cast<double>(sorted.size() - 2 * static_cast<size_t>(cut));
}

std::optional<Interval> median_interval(const std::vector<double>& sorted) {
  constexpr double kOutside = 0.025;  // on each side
  const size_t count = sorted.size();
  // The greatest rank r (from 0) for which P(at most r of `count` values lie below the median) is
  // at most 2.5 %. Logarithms: 0.5^count is no double for large counts.
  double log_term = static_cast<double>(count) * std::log(0.5), below = 0;
  size_t rank = 0;
  bool found = false;
  for (size_t r = 0; r < count / 2; ++r) {
    below += std::exp(log_term);
    if (below > kOutside) break;
    rank = r;
    found = true;
    log_term += std::log(static_cast<double>(count - r)) - std::log(static_cast<double>(r + 1));
  }
  if (!found) return std::nullopt;
  return Interval{sorted[rank], sorted[count - 1 - rank]};
}

Estimate mean_estimate(const std::vector<double>& values) {
  // 97.5 % of Student's t distribution, by degrees of freedom from 1; then towards the normal
  // one's.
  constexpr std::array<double, 20> kStudent = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365,
                                               2.306,  2.262, 2.228, 2.201, 2.179, 2.160, 2.145,
                                               2.131,  2.120, 2.110, 2.101, 2.093, 2.086};
  Estimate out;
  out.count = values.size();
  if (values.empty()) return out;
  const auto count = static_cast<double>(values.size());
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  out.least = *least;
  out.most = *most;
  out.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() < 2) return out;
  double squares = 0;
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  const size_t freedom = values.size() - 1;
  const double student = freedom <= kStudent.size() ? kStudent[freedom - 1]
                                                    : 1.96 + 2.46 / static_cast<double>(freedom);
  out.half_width = student * std::sqrt(squares / static_cast<double>(freedom) / count);
  return out;
}

}  // namespace kiln
