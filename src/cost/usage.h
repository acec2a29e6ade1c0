// How Lambda counts: from what ran to the amounts that are billed.
//
//   Usage month{.function = "orders"};
//   add_invocations(month, {.memory_mb = 512, .billed_ms = billed_ms(12.3, 0)}, 1'000'000);
//   month[Item::kProvisionedCapacity] += provisioned_gb_seconds(512, 10, 8 * 3600);
//
// Pure functions over values. The rules are those of AWS's pricing page (as of September 2026) and
// of its change of 2025-08-01, since which Init is billed for every function.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "cost/prices.h"

namespace kiln::cost {

// AWS's calculators reckon with months of 730 hours.
inline constexpr double kBytesPerGb = 1024.0 * 1024 * 1024;
inline constexpr double kSecondsPerMonth = 730.0 * 3600;

// The amounts of one function in one month, in the items' units.
struct Usage {
  std::string function = {};
  Architecture architecture = Architecture::kX86_64;
  std::array<double, kItems> amount = {};

  double& operator[](Item item) { return amount[static_cast<size_t>(item)]; }
  double operator[](Item item) const { return amount[static_cast<size_t>(item)]; }
};

// Duration and Init Duration together, rounded up to whole milliseconds.
int64_t billed_ms(double duration_ms, double init_ms);

enum class Capacity { kOnDemand, kProvisioned };

struct Invocation {
  int64_t memory_mb = 128;
  int64_t storage_mb = 512;  // EphemeralStorage
  int64_t billed_ms = 0;
  Capacity capacity = Capacity::kOnDemand;
};

// Adds the request, the duration and the ephemeral storage of `count` such invocations.
void add_invocations(Usage& usage, const Invocation& invocation, double count = 1);

double gb_seconds(int64_t memory_mb, double billed_ms);
// Of /tmp, beyond the 512 MB that every function has.
double storage_gb_seconds(int64_t storage_mb, double billed_ms);
// Of so many environments, from enabling to disabling: each begun five minutes count.
double provisioned_gb_seconds(int64_t memory_mb, int64_t environments, double seconds);
// Of one version with SnapStart: three hours at least. Java's is free: don't count it.
double snapstart_cache_gb_seconds(int64_t memory_mb, double active_seconds);
// Of one streamed answer, beyond its first 6 MB.
double streamed_gb(int64_t bytes);
// An asynchronous event is one request up to 256 KB, and one more for each begun 64 KB beyond.
int64_t requests_of_event(int64_t bytes);

// What was counted in so many seconds, for a month. Alarms and custom metrics stay: they are
// billed by how many there are. REQUIRES: observed_seconds > 0
Usage per_month(Usage observed, double observed_seconds);

}  // namespace kiln::cost
