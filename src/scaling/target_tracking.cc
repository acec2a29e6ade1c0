#include "scaling/target_tracking.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/ids.h"
#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

using telemetry::AlarmConfig;
using telemetry::Comparison;

constexpr int kPeriodS = 60;
constexpr int kHighPeriods = 3;
constexpr int kLowPeriods = 15;

int proportional(int current, double value, double target) {
  // What is over a whole number by rounding alone is that number.
  constexpr double kRounding = 1e-9;
  const double capacity = std::ceil(static_cast<double>(current) * value / target - kRounding);
  if (!(capacity > 0)) return 0;
  return static_cast<int>(std::min(capacity, static_cast<double>(std::numeric_limits<int>::max())));
}

telemetry::MetricStat utilization(const std::string& region, const ResourceId& resource) {
  telemetry::MetricStat stat;
  stat.metric = {region,
                 "AWS/Lambda",
                 "ProvisionedConcurrencyUtilization",
                 {{"FunctionName", resource.function_name},
                  {"Resource", resource.function_name + ":" + resource.qualifier}}};
  stat.period_s = kPeriodS;
  stat.stat = "Average";
  return stat;
}

AlarmConfig alarm(const TrackingPolicy& policy, const std::string& region,
                  const ResourceId& resource, const std::string& name,
                  const std::string& policy_arn) {
  AlarmConfig config;
  config.region = region;
  config.name = name;
  config.description =
      "DO NOT EDIT OR DELETE. For TargetTrackingScaling policy " + policy_arn + ".";
  config.has_description = true;
  config.actions.alarm = {policy_arn};
  if (!policy.custom) {
    config.metric = utilization(region, resource);
  } else {
    config.metric = policy.custom->metric;
    config.metrics = policy.custom->queries;
  }
  return config;
}

Result<void> check_custom(const CustomMetric& custom) {
  if (custom.metric.has_value() == !custom.queries.empty())
    return validation_error(
        "CustomizedMetricSpecification must have either MetricName, Namespace and Statistic, or "
        "Metrics");
  if (custom.queries.empty()) return {};
  if (auto checked = telemetry::check_queries(custom.queries); !checked)
    return validation_error(checked.error().message);
  const auto returned =
      std::count_if(custom.queries.begin(), custom.queries.end(),
                    [](const telemetry::MetricQuery& query) { return query.return_data; });
  if (returned != 1)
    return validation_error(
        fmt::format("Exactly one of Metrics must have ReturnData true; {} of them have", returned));
  return {};
}

}  // namespace

Result<void> TrackingPolicy::validate() const {
  if (custom) {
    if (const auto checked = check_custom(*custom); !checked) return checked;
    if (!(target > 0) || !std::isfinite(target))
      return validation_error(fmt::format("TargetValue is {}; it must be greater than 0", target));
  } else if (!(target >= kMinUtilization && target <= kMaxUtilization)) {
    return validation_error(fmt::format(
        "TargetValue for the {} metric must be between {} and {}; it is {}. It is a fraction: 0.7 "
        "stands for 70 %.",
        kPredefinedMetric, kMinUtilization, kMaxUtilization, target));
  }
  for (const auto& [name, cooldown] : {std::pair("ScaleOutCooldown", scale_out_cooldown_s),
                                       std::pair("ScaleInCooldown", scale_in_cooldown_s)})
    if (cooldown && *cooldown < 0)
      return validation_error(fmt::format("{} is {}; it must not be negative", name, *cooldown));
  return {};
}

int TrackingPolicy::scale_out(int current, double value) const {
  return proportional(std::max(current, 1), value, target);
}

int TrackingPolicy::scale_in(int current, double value) const {
  return std::min(current, proportional(current, value, target));
}

TrackingAlarms TrackingAlarms::make(const ResourceId& resource) {
  const std::string prefix = "TargetTracking-" + resource.text();
  return {prefix + "-AlarmHigh-" + new_uuid(), prefix + "-AlarmLow-" + new_uuid()};
}

AlarmConfig high_alarm(const TrackingPolicy& policy, const std::string& region,
                       const ResourceId& resource, const std::string& name,
                       const std::string& policy_arn) {
  AlarmConfig config = alarm(policy, region, resource, name, policy_arn);
  config.comparison = Comparison::kGreaterThan;
  config.threshold = policy.target;
  config.evaluation_periods = kHighPeriods;
  return config;
}

AlarmConfig low_alarm(const TrackingPolicy& policy, const std::string& region,
                      const ResourceId& resource, const std::string& name,
                      const std::string& policy_arn) {
  AlarmConfig config = alarm(policy, region, resource, name, policy_arn);
  config.comparison = Comparison::kLessThan;
  config.threshold = policy.low_threshold();
  config.evaluation_periods = kLowPeriods;
  return config;
}

}  // namespace kiln::scaling
