// Counts of times in buckets that grow by 0.8 %, for what is recorded millions of times a second:
// the bucket of a time is read off its bits.
//
// Values; not thread-safe; adding allocates nothing. 40 KiB each.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>

namespace kiln::simulate {

class LatencyHistogram {
 public:
  void add(double ms) {
    ++counts_[bucket_of(ms)];
    ++total_;
    sum_ms_ += ms;
    if (ms > max_ms_) max_ms_ = ms;
  }
  void merge(const LatencyHistogram& other);
  uint64_t count() const { return total_; }
  double mean_ms() const { return total_ == 0 ? 0 : sum_ms_ / static_cast<double>(total_); }
  double max_ms() const { return max_ms_; }
  // The time that so many of all (0 to 1) don't exceed; 0 without any.
  double quantile_ms(double share) const;

 private:
  // From 2^-10 ms, 128 buckets for each doubling, up to some 12 days.
  static constexpr int kLeastExponent = -10, kMostExponent = 30, kBits = 7;
  static constexpr size_t kBuckets = static_cast<size_t>(kMostExponent - kLeastExponent) << kBits;
  static constexpr int64_t kOffset = static_cast<int64_t>(kLeastExponent + 1023) << kBits;

  static size_t bucket_of(double ms) {
    const auto index = static_cast<int64_t>(std::bit_cast<uint64_t>(ms) >> (52 - kBits)) - kOffset;
    return static_cast<size_t>(std::clamp<int64_t>(index, 0, kBuckets - 1));
  }
  static double lower_bound(size_t bucket) {
    return std::bit_cast<double>(static_cast<uint64_t>(static_cast<int64_t>(bucket) + kOffset)
                                 << (52 - kBits));
  }

  std::array<uint64_t, kBuckets> counts_{};
  uint64_t total_ = 0;
  double sum_ms_ = 0;
  double max_ms_ = 0;
};

}  // namespace kiln::simulate
