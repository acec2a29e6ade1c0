#include "scaling/step_scaling.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

constexpr std::array<std::pair<AdjustmentType, std::string_view>, 3> kTypes = {
    {{AdjustmentType::kChangeInCapacity, "ChangeInCapacity"},
     {AdjustmentType::kPercentChangeInCapacity, "PercentChangeInCapacity"},
     {AdjustmentType::kExactCapacity, "ExactCapacity"}}};
constexpr std::array<std::pair<Aggregation, std::string_view>, 3> kAggregations = {
    {{Aggregation::kAverage, "Average"},
     {Aggregation::kMinimum, "Minimum"},
     {Aggregation::kMaximum, "Maximum"}}};

template <class Table, class Value>
std::string_view text_of(const Table& table, Value value) {
  for (const auto& [entry, text] : table)
    if (entry == value) return text;
  return table.front().second;
}

template <class Value, size_t kSize>
std::optional<Value> value_of(const std::array<std::pair<Value, std::string_view>, kSize>& table,
                              std::string_view text) {
  for (const auto& [value, entry] : table)
    if (entry == text) return value;
  return std::nullopt;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();
double lower_of(const Step& step) { return step.lower.value_or(-kInfinity); }
double upper_of(const Step& step) { return step.upper.value_or(kInfinity); }

// Towards zero, but never to nothing.
int64_t rounded(double change) {
  if (change > 0 && change < 1) return 1;
  if (change < 0 && change > -1) return -1;
  return static_cast<int64_t>(std::trunc(change));
}

int64_t percent_change(int current, int percent, std::optional<int> least) {
  int64_t change = rounded(static_cast<double>(current) * percent / 100);
  if (!least || percent == 0) return change;
  return percent > 0 ? std::max<int64_t>(change, *least) : std::min<int64_t>(change, -*least);
}

Result<void> check_step(const Step& step) {
  for (const auto& bound : {step.lower, step.upper})
    if (bound && !std::isfinite(*bound))
      return validation_error("A bound of a step must be a number.");
  if (!step.lower && !step.upper)
    return validation_error(
        "At least one of MetricIntervalLowerBound and MetricIntervalUpperBound must be specified "
        "in each step adjustment of several.");
  if (lower_of(step) >= upper_of(step))
    return validation_error(
        fmt::format("Step adjustment lower bound {} must be less than its upper bound {}",
                    *step.lower, *step.upper));
  return {};
}

Result<void> check_nulls(const std::vector<Step>& steps) {
  const auto open_below =
      std::count_if(steps.begin(), steps.end(), [](const Step& step) { return !step.lower; });
  const auto open_above =
      std::count_if(steps.begin(), steps.end(), [](const Step& step) { return !step.upper; });
  if (open_below > 1)
    return validation_error("At most one StepAdjustment may have an unspecified lower bound");
  if (open_above > 1)
    return validation_error("At most one StepAdjustment may have an unspecified upper bound");
  for (const Step& step : steps) {
    if (lower_of(step) < 0 && open_below == 0)
      return validation_error(
          "There must be a StepAdjustment with an unspecified lower bound when one StepAdjustment "
          "has a negative lower bound");
    if (upper_of(step) > 0 && open_above == 0)
      return validation_error(
          "There must be a StepAdjustment with an unspecified upper bound when one StepAdjustment "
          "has a positive upper bound");
  }
  return {};
}

Result<void> check_neighbours(std::vector<Step> steps) {
  std::sort(steps.begin(), steps.end(),
            [](const Step& a, const Step& b) { return lower_of(a) < lower_of(b); });
  for (size_t i = 1; i < steps.size(); ++i) {
    const double end = upper_of(steps[i - 1]);
    const double start = lower_of(steps[i]);
    if (start < end)
      return validation_error(fmt::format(
          "StepAdjustment intervals can't overlap: one ends at {}, the next starts at {}", end,
          start));
    if (start > end)
      return validation_error(fmt::format(
          "StepAdjustment intervals can't have gaps: one ends at {}, the next starts at {}", end,
          start));
  }
  return {};
}

}  // namespace

std::string_view to_text(AdjustmentType type) { return text_of(kTypes, type); }
std::string_view to_text(Aggregation aggregation) { return text_of(kAggregations, aggregation); }
std::optional<AdjustmentType> parse_adjustment_type(std::string_view text) {
  return value_of(kTypes, text);
}
std::optional<Aggregation> parse_aggregation(std::string_view text) {
  return value_of(kAggregations, text);
}

bool Step::contains(double distance) const {
  if (lower && (*lower < 0 ? distance <= *lower : distance < *lower)) return false;
  if (upper && (*upper > 0 ? distance >= *upper : distance > *upper)) return false;
  return true;
}

Result<void> StepPolicy::validate() const {
  if (steps.empty()) return validation_error("At least one StepAdjustment must be specified");
  if (steps.size() > kMaxSteps)
    return validation_error("There can be at most 20 step adjustments per scaling policy");
  for (const Step& step : steps) {
    if (steps.size() > 1 || step.lower || step.upper)
      if (const auto checked = check_step(step); !checked) return checked;
    if (type == AdjustmentType::kExactCapacity && step.adjustment < 0)
      return validation_error(fmt::format(
          "ScalingAdjustment is {}; with AdjustmentType ExactCapacity it must not be negative",
          step.adjustment));
  }
  if (const auto checked = check_nulls(steps); !checked) return checked;
  if (const auto checked = check_neighbours(steps); !checked) return checked;
  if (cooldown_s < 0)
    return validation_error(fmt::format("Cooldown is {}; it must not be negative", cooldown_s));
  if (min_adjustment_magnitude && *min_adjustment_magnitude < 0)
    return validation_error(fmt::format("MinAdjustmentMagnitude is {}; it must not be negative",
                                        *min_adjustment_magnitude));
  return {};
}

std::optional<int> StepPolicy::adjust(int current, double distance) const {
  const Step* step = nullptr;
  // At the threshold itself two steps can meet; the upper one has it.
  for (const Step& each : steps)
    if (each.contains(distance) && (!step || lower_of(each) > lower_of(*step))) step = &each;
  if (!step) return std::nullopt;
  int64_t capacity = step->adjustment;
  if (type == AdjustmentType::kChangeInCapacity) capacity += current;
  if (type == AdjustmentType::kPercentChangeInCapacity)
    capacity = current + percent_change(current, step->adjustment, min_adjustment_magnitude);
  return static_cast<int>(std::clamp<int64_t>(capacity, 0, std::numeric_limits<int>::max()));
}

double aggregate(const std::vector<double>& points, Aggregation aggregation) {
  KILN_REQUIRE(!points.empty());
  switch (aggregation) {
    case Aggregation::kMinimum:
      return *std::min_element(points.begin(), points.end());
    case Aggregation::kMaximum:
      return *std::max_element(points.begin(), points.end());
    case Aggregation::kAverage:
      break;
  }
  return std::accumulate(points.begin(), points.end(), 0.0) / static_cast<double>(points.size());
}

}  // namespace kiln::scaling
