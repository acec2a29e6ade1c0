#include "telemetry/distribution.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace kiln::telemetry {
namespace {

constexpr double kGrowth = 1.02;
const double kLogGrowth = std::log(kGrowth);
// Zero has a bucket of its own, below all others.
constexpr int32_t kZero = std::numeric_limits<int32_t>::min();
constexpr size_t kBytesPerBucket = sizeof(int32_t) + sizeof(float);

int32_t bucket_of(double value) {
  if (value <= 0) return kZero;
  return static_cast<int32_t>(std::floor(std::log(value) / kLogGrowth));
}

}  // namespace

double Histogram::lower_bound(int32_t index) {
  return index == kZero ? 0 : std::exp(index * kLogGrowth);
}
double Histogram::upper_bound(int32_t index) {
  return index == kZero ? 0 : std::exp((index + 1) * kLogGrowth);
}

void Histogram::add(double value, double weight) {
  if (value < 0) has_negative_ = true;
  const int32_t index = bucket_of(value);
  const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), index,
                                   [](const Bucket& b, int32_t i) { return b.index < i; });
  if (at != buckets_.end() && at->index == index)
    at->weight += static_cast<float>(weight);
  else
    buckets_.insert(at, {index, static_cast<float>(weight)});
}

void Histogram::merge(const Histogram& other) {
  has_negative_ = has_negative_ || other.has_negative_;
  if (other.buckets_.empty()) return;
  if (buckets_.empty()) {
    buckets_ = other.buckets_;
    return;
  }
  std::vector<Bucket> merged;
  merged.reserve(buckets_.size() + other.buckets_.size());
  auto a = buckets_.begin();
  auto b = other.buckets_.begin();
  while (a != buckets_.end() || b != other.buckets_.end()) {
    if (b == other.buckets_.end() || (a != buckets_.end() && a->index < b->index)) {
      merged.push_back(*a++);
    } else if (a == buckets_.end() || b->index < a->index) {
      merged.push_back(*b++);
    } else {
      merged.push_back({a->index, a->weight + b->weight});
      ++a, ++b;
    }
  }
  buckets_ = std::move(merged);
}

std::string Histogram::to_bytes() const {
  std::string out(1, has_negative_ ? '-' : '+');
  for (const Bucket& bucket : buckets_) {
    char bytes[kBytesPerBucket];
    std::memcpy(bytes, &bucket.index, sizeof bucket.index);
    std::memcpy(bytes + sizeof bucket.index, &bucket.weight, sizeof bucket.weight);
    out.append(bytes, sizeof bytes);
  }
  return out;
}

Histogram Histogram::from_bytes(std::string_view bytes) {
  Histogram out;
  if (bytes.empty() || (bytes.size() - 1) % kBytesPerBucket != 0) return out;
  out.has_negative_ = bytes.front() == '-';
  for (bytes.remove_prefix(1); !bytes.empty(); bytes.remove_prefix(kBytesPerBucket)) {
    Bucket bucket{};
    std::memcpy(&bucket.index, bytes.data(), sizeof bucket.index);
    std::memcpy(&bucket.weight, bytes.data() + sizeof bucket.index, sizeof bucket.weight);
    const bool in_order = out.buckets_.empty() || out.buckets_.back().index < bucket.index;
    if (!in_order || !std::isfinite(bucket.weight)) return {};
    out.buckets_.push_back(bucket);
  }
  return out;
}

void Distribution::add(double value, double weight) {
  count += weight;
  sum += value * weight;
  min = std::min(min, value);
  max = std::max(max, value);
  histogram.add(value, weight);
}

Distribution Distribution::of(double value, double n) {
  Distribution out;
  out.add(value, n);
  return out;
}

void Distribution::merge(const Distribution& other) {
  count += other.count;
  sum += other.sum;
  min = std::min(min, other.min);
  max = std::max(max, other.max);
  histogram.merge(other.histogram);
}

}  // namespace kiln::telemetry
