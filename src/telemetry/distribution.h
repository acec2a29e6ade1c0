// What is kept of many values: count, sum, least and greatest, and a histogram from which
// percentiles are read. Merging two is exact but for the histogram's width: its buckets grow by 2
// %, so a percentile is off by at most 1 %.
//
// Values only; not thread-safe. Adding a value costs a logarithm and a short binary search.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::telemetry {

class Histogram {
 public:
  struct Bucket {
    int32_t index;  // see bucket_of
    float weight;
  };

  void add(double value, double weight = 1);
  void merge(const Histogram& other);
  bool empty() const { return buckets_.empty(); }
  // A value below zero came: there are no percentiles.
  bool has_negative() const { return has_negative_; }
  const std::vector<Bucket>& buckets() const { return buckets_; }  // by index
  static double lower_bound(int32_t index);
  static double upper_bound(int32_t index);

  // For the archive. from_bytes takes what comes: a foreign text gives an empty histogram.
  std::string to_bytes() const;
  static Histogram from_bytes(std::string_view bytes);

 private:
  std::vector<Bucket> buckets_;
  bool has_negative_ = false;
};

struct Distribution {
  double count = 0;
  double sum = 0;
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
  Histogram histogram;

  // Keeps no histogram: for what is only counted or compared.
  void add_plain(double value) {
    count += 1;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  void add(double value, double weight = 1);
  // `n` values of `value`.
  static Distribution of(double value, double n = 1);
  void merge(const Distribution& other);
};

}  // namespace kiln::telemetry
