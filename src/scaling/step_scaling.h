// Step scaling: how far a metric is beyond its alarm's threshold says by how much the capacity
// changes. Pure.
//
//   StepPolicy policy{AdjustmentType::kChangeInCapacity, {{0, 20, 1}, {20, nullopt, 3}}};
//   policy.adjust(10, 25) == 13     // threshold + 25: three more
//
// Clamping to a target's limits and cooldowns are the caller's part.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::scaling {

enum class AdjustmentType { kChangeInCapacity, kPercentChangeInCapacity, kExactCapacity };
enum class Aggregation { kAverage, kMinimum, kMaximum };

std::string_view to_text(AdjustmentType type);      // "ChangeInCapacity", …
std::string_view to_text(Aggregation aggregation);  // "Average", "Minimum", "Maximum"
std::optional<AdjustmentType> parse_adjustment_type(std::string_view text);
std::optional<Aggregation> parse_aggregation(std::string_view text);

// Bounds are distances from the threshold; without one, the step goes on without end. At and above
// the threshold, the lower bound belongs to the step and the upper one doesn't; below it, the other
// way round.
struct Step {
  std::optional<double> lower;
  std::optional<double> upper;
  int adjustment = 0;

  bool contains(double distance) const;
};

struct StepPolicy {
  static constexpr size_t kMaxSteps = 20;
  static constexpr int kDefaultCooldownS = 300;

  AdjustmentType type = AdjustmentType::kChangeInCapacity;
  std::vector<Step> steps;
  std::optional<int> min_adjustment_magnitude;  // only for kPercentChangeInCapacity
  int cooldown_s = kDefaultCooldownS;
  bool has_cooldown = false;  // was given; shown only then
  Aggregation aggregation = Aggregation::kAverage;
  bool has_aggregation = false;

  // Errors: ValidationException.
  Result<void> validate() const;
  // The new capacity, never negative; nullopt when no step is for this distance.
  std::optional<int> adjust(int current, double distance) const;
};

// A metric's most recent points as one number. REQUIRES: not empty.
double aggregate(const std::vector<double>& points, Aggregation aggregation);

}  // namespace kiln::scaling
