#include "simulate/latency_histogram.h"

#include <cmath>

namespace kiln::simulate {

void LatencyHistogram::merge(const LatencyHistogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] += other.counts_[i];
  total_ += other.total_;
  sum_ms_ += other.sum_ms_;
  max_ms_ = std::max(max_ms_, other.max_ms_);
}

double LatencyHistogram::quantile_ms(double share) const {
  if (total_ == 0) return 0;
  const auto wanted = static_cast<uint64_t>(
      std::max(1.0, std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(total_))));
  uint64_t below = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] == 0 || (below += counts_[i]) < wanted) continue;
    const double part = 1 - static_cast<double>(below - wanted) / static_cast<double>(counts_[i]);
    const double low = i == 0 ? 0 : lower_bound(i);
    return std::min(max_ms_, low + part * (lower_bound(i + 1) - low));
  }
  return max_ms_;
}

}  // namespace kiln::simulate
