// What AWS charges for around a function, and the price of each in one Region.
//
//   if (std::optional<double> usd = first_price(prices, Item::kDuration, Architecture::kArm64)) …
//
// Values only: thread-safe as such. A price that is not known is absent, never zero: whoever adds
// up a bill says which ones it lacks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace kiln::cost {

enum class Architecture { kX86_64, kArm64 };
inline constexpr std::array<Architecture, 2> kArchitectures = {Architecture::kX86_64,
                                                               Architecture::kArm64};

// Each is counted in a unit of its own. GB are 1,024 MB.
enum class Item {
  kRequests,             // requests
  kDuration,             // GB-seconds on demand
  kProvisionedCapacity,  // GB-seconds of provisioned concurrency, used or not
  kProvisionedDuration,  // GB-seconds run on provisioned concurrency
  kEphemeralStorage,     // GB-seconds of /tmp beyond 512 MB
  kSnapStartCache,       // GB-seconds that snapshots were kept
  kSnapStartRestore,     // GB restored from snapshots
  kStreamedBytes,        // GB streamed beyond the first 6 MB of each answer
  kLogIngestion,         // GB written to CloudWatch Logs
  kLogStorage,           // GB-months kept there
  kAlarms,               // metrics that alarms of standard resolution watch
  kMetrics,              // custom metrics
};
inline constexpr size_t kItems = 12;
inline constexpr std::array<Item, kItems> kAllItems = {Item::kRequests,
                                                       Item::kDuration,
                                                       Item::kProvisionedCapacity,
                                                       Item::kProvisionedDuration,
                                                       Item::kEphemeralStorage,
                                                       Item::kSnapStartCache,
                                                       Item::kSnapStartRestore,
                                                       Item::kStreamedBytes,
                                                       Item::kLogIngestion,
                                                       Item::kLogStorage,
                                                       Item::kAlarms,
                                                       Item::kMetrics};

std::string_view name_of(Architecture architecture);  // "x86_64", "arm64", as the Lambda API
std::optional<Architecture> architecture_named(std::string_view name);
std::string_view name_of(Item item);  // "provisioned capacity": for people
std::string_view key_of(Item item);   // "provisionedCapacity": in files and JSON
std::string_view unit_of(Item item);  // "GB-seconds"
// Lambda's items have a price per architecture, CloudWatch's one for all.
bool depends_on_architecture(Item item);

struct Tier {
  double up_to = std::numeric_limits<double>::infinity();  // of a month's usage, in the item's unit
  double price = 0;                                        // USD a unit, for usage in this tier
};

struct Prices {
  std::string region = {};
  std::string date = {};    // YYYY-MM-DD: when AWS's list had these prices
  std::string source = {};  // where they come from
  // By architecture and item; tiers in rising order. Empty: the price is not known.
  std::array<std::array<std::vector<Tier>, kItems>, kArchitectures.size()> tiers = {};
  std::array<double, kItems> free = {};  // of each, per month and account

  const std::vector<Tier>& of(Item item, Architecture architecture) const;
  std::vector<Tier>& of(Item item, Architecture architecture);
};

// USD a unit in the first tier.
std::optional<double> first_price(const Prices& prices, Item item, Architecture architecture);

// Days from the date of the prices to `now`; nothing when the date is none.
std::optional<int64_t> age_in_days(const Prices& prices, WallTime now);
// Prices older than this are worth a warning.
inline constexpr int64_t kOldAfterDays = 365;

}  // namespace kiln::cost
