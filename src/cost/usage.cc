#include "cost/usage.h"

#include <algorithm>
#include <cmath>

namespace kiln::cost {
namespace {

constexpr double kMbPerGb = 1024;
constexpr int64_t kFreeStorageMb = 512;
constexpr int64_t kFreeStreamedBytes = 6LL * 1024 * 1024;
constexpr int64_t kEventBytes = 256LL * 1024;
constexpr int64_t kEventChunk = 64LL * 1024;
constexpr double kProvisionedStep = 300;
constexpr double kShortestCache = 3.0 * 3600;

}  // namespace

int64_t billed_ms(double duration_ms, double init_ms) {
  const double total = duration_ms + std::max(init_ms, 0.0);
  // Durations have two decimals in the log; what is billed agrees with what is printed.
  return static_cast<int64_t>(std::ceil(std::round(total * 100) / 100));
}

void add_invocations(Usage& usage, const Invocation& invocation, double count) {
  const auto billed = static_cast<double>(invocation.billed_ms);
  usage[Item::kRequests] += count;
  usage[invocation.capacity == Capacity::kProvisioned ? Item::kProvisionedDuration
                                                      : Item::kDuration] +=
      gb_seconds(invocation.memory_mb, billed) * count;
  usage[Item::kEphemeralStorage] += storage_gb_seconds(invocation.storage_mb, billed) * count;
}

double gb_seconds(int64_t memory_mb, double billed_ms) {
  return static_cast<double>(memory_mb) / kMbPerGb * billed_ms / 1000;
}

double storage_gb_seconds(int64_t storage_mb, double billed_ms) {
  return gb_seconds(std::max<int64_t>(storage_mb - kFreeStorageMb, 0), billed_ms);
}

double provisioned_gb_seconds(int64_t memory_mb, int64_t environments, double seconds) {
  const double begun = std::ceil(seconds / kProvisionedStep) * kProvisionedStep;
  return static_cast<double>(memory_mb) / kMbPerGb * static_cast<double>(environments) * begun;
}

double snapstart_cache_gb_seconds(int64_t memory_mb, double active_seconds) {
  return static_cast<double>(memory_mb) / kMbPerGb * std::max(active_seconds, kShortestCache);
}

double streamed_gb(int64_t bytes) {
  return static_cast<double>(std::max<int64_t>(bytes - kFreeStreamedBytes, 0)) / kBytesPerGb;
}

int64_t requests_of_event(int64_t bytes) {
  const int64_t beyond = std::max<int64_t>(bytes - kEventBytes, 0);
  return 1 + (beyond + kEventChunk - 1) / kEventChunk;
}

Usage per_month(Usage observed, double observed_seconds) {
  const double factor = kSecondsPerMonth / observed_seconds;
  for (const Item item : kAllItems) {
    if (item != Item::kAlarms && item != Item::kMetrics) observed[item] *= factor;
  }
  return observed;
}

}  // namespace kiln::cost
