// Target tracking: keeps a metric near a target, by two alarms that the policy itself makes. The
// low alarm's threshold is a tenth below the target, so that capacity does not swing. Pure.
//
// The metric is taken to fall as capacity grows, in proportion. AWS does not publish its formula;
// here the new capacity is ceil(current × value / target), for both directions.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "scaling/resource_id.h"
#include "telemetry/alarm.h"

namespace kiln::scaling {

inline constexpr const char* kPredefinedMetric = "LambdaProvisionedConcurrencyUtilization";

// A metric of the user's: one metric, or metric math of which one query returns data.
struct CustomMetric {
  std::optional<telemetry::MetricStat> metric;
  std::vector<telemetry::MetricQuery> queries;
};

struct TrackingPolicy {
  static constexpr double kMinUtilization = 0.1, kMaxUtilization = 0.9;

  double target = 0;
  std::optional<CustomMetric> custom;  // else kPredefinedMetric
  std::optional<int> scale_out_cooldown_s, scale_in_cooldown_s;
  std::optional<bool> disable_scale_in;

  int scale_out_cooldown() const { return scale_out_cooldown_s.value_or(0); }
  int scale_in_cooldown() const { return scale_in_cooldown_s.value_or(0); }
  bool scales_in() const { return !disable_scale_in.value_or(false); }
  double low_threshold() const { return 0.9 * target; }

  // Errors: ValidationException.
  Result<void> validate() const;
  // The capacity with which the metric would be at the target. From no capacity at all, scaling out
  // counts as from one.
  int scale_out(int current, double value) const;
  // Not more than `current`: equal when one unit less would raise the high alarm.
  int scale_in(int current, double value) const;
};

// The names of a policy's two alarms.
struct TrackingAlarms {
  std::string high;
  std::string low;

  // With new random ids.
  static TrackingAlarms make(const ResourceId& resource);
  bool empty() const { return high.empty(); }
};

// Above the target for three minutes; below the low threshold for fifteen.
telemetry::AlarmConfig high_alarm(const TrackingPolicy& policy, const std::string& region,
                                  const ResourceId& resource, const std::string& name,
                                  const std::string& policy_arn);
telemetry::AlarmConfig low_alarm(const TrackingPolicy& policy, const std::string& region,
                                 const ResourceId& resource, const std::string& name,
                                 const std::string& policy_arn);

}  // namespace kiln::scaling
