#include "scaling/policy_document.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "scaling/members.h"
#include "scaling/scaling_error.h"
#include "telemetry/alarm_document.h"

namespace kiln::scaling {
namespace {

using nlohmann::json;
using telemetry::MetricQuery;
using telemetry::MetricStat;

Error serialization(const std::string& problem) {
  return {ErrorKind::kInvalid, "SerializationException", problem};
}

json bound(const std::optional<double>& value) { return value ? json(*value) : json(); }

telemetry::Dimensions read_dimensions(const json& list, std::string& problem) {
  telemetry::Dimensions out;
  for (const json& each : list) {
    const Members in(each, problem);
    out.emplace_back(in.text("Name"), in.text("Value"));
  }
  std::sort(out.begin(), out.end());
  return out;
}

json metric_document(const telemetry::MetricKey& key) {
  return {{"MetricName", key.name},
          {"Namespace", key.metric_namespace},
          {"Dimensions", telemetry::dimensions_document(key.dimensions)}};
}

telemetry::MetricKey read_metric(const json& document, const std::string& region,
                                 std::string& problem) {
  const Members in(document, problem);
  return {region, in.text("Namespace"), in.text("MetricName"),
          read_dimensions(in.list("Dimensions"), problem)};
}

json query_document(const MetricQuery& query) {
  json out{{"Id", query.id}, {"ReturnData", query.return_data}};
  if (!query.label.empty()) out["Label"] = query.label;
  if (!query.metric_stat) {
    out["Expression"] = query.expression;
    return out;
  }
  out["MetricStat"] = {{"Metric", metric_document(query.metric_stat->metric)},
                       {"Stat", query.metric_stat->stat}};
  if (!query.metric_stat->unit.empty()) out["MetricStat"]["Unit"] = query.metric_stat->unit;
  return out;
}

MetricQuery read_query(const json& document, const std::string& region, std::string& problem) {
  const Members in(document, problem);
  MetricQuery query;
  query.id = in.text("Id");
  query.label = in.text("Label");
  query.return_data = in.boolean("ReturnData").value_or(true);
  query.expression = in.text("Expression");
  if (!in.has("MetricStat")) return query;
  const Members stat(in.object("MetricStat"), problem);
  query.metric_stat.emplace();
  query.metric_stat->metric = read_metric(stat.object("Metric"), region, problem);
  query.metric_stat->stat = stat.text("Stat");
  query.metric_stat->unit = stat.text("Unit");
  return query;
}

json custom_document(const CustomMetric& custom) {
  if (!custom.metric) {
    json queries = json::array();
    for (const MetricQuery& query : custom.queries) queries.push_back(query_document(query));
    return {{"Metrics", std::move(queries)}};
  }
  json out = metric_document(custom.metric->metric);
  out["Statistic"] = custom.metric->stat;
  if (!custom.metric->unit.empty()) out["Unit"] = custom.metric->unit;
  return out;
}

Result<CustomMetric> read_custom(const json& document, const std::string& region,
                                 std::string& problem) {
  const Members in(document, problem);
  CustomMetric custom;
  for (const json& query : in.list("Metrics"))
    custom.queries.push_back(read_query(query, region, problem));
  if (!in.has("MetricName") && !in.has("Statistic")) return custom;
  MetricStat metric;
  metric.metric = read_metric(document, region, problem);
  metric.stat = in.text("Statistic");
  metric.unit = in.text("Unit");
  if (metric.metric.name.empty() || metric.metric.metric_namespace.empty())
    return validation_error("CustomizedMetricSpecification needs MetricName and Namespace");
  static constexpr std::array<std::string_view, 5> kStatistics = {"Average", "Minimum", "Maximum",
                                                                  "SampleCount", "Sum"};
  if (std::find(kStatistics.begin(), kStatistics.end(), metric.stat) == kStatistics.end())
    return validation_error("Statistic is '" + metric.stat +
                            "'; it must be Average, Minimum, Maximum, SampleCount or Sum");
  custom.metric = std::move(metric);
  return custom;
}

}  // namespace

json step_configuration(const StepPolicy& policy) {
  json steps = json::array();
  for (const Step& step : policy.steps) {
    json out{{"ScalingAdjustment", step.adjustment}};
    if (step.lower) out["MetricIntervalLowerBound"] = bound(step.lower);
    if (step.upper) out["MetricIntervalUpperBound"] = bound(step.upper);
    steps.push_back(std::move(out));
  }
  json out{{"AdjustmentType", to_text(policy.type)}, {"StepAdjustments", std::move(steps)}};
  if (policy.min_adjustment_magnitude)
    out["MinAdjustmentMagnitude"] = *policy.min_adjustment_magnitude;
  if (policy.has_cooldown) out["Cooldown"] = policy.cooldown_s;
  if (policy.has_aggregation) out["MetricAggregationType"] = to_text(policy.aggregation);
  return out;
}

json tracking_configuration(const TrackingPolicy& policy) {
  json out{{"TargetValue", policy.target}};
  if (policy.custom)
    out["CustomizedMetricSpecification"] = custom_document(*policy.custom);
  else
    out["PredefinedMetricSpecification"] = {{"PredefinedMetricType", kPredefinedMetric}};
  if (policy.scale_out_cooldown_s) out["ScaleOutCooldown"] = *policy.scale_out_cooldown_s;
  if (policy.scale_in_cooldown_s) out["ScaleInCooldown"] = *policy.scale_in_cooldown_s;
  if (policy.disable_scale_in) out["DisableScaleIn"] = *policy.disable_scale_in;
  return out;
}

Result<StepPolicy> read_step_configuration(const json& document) {
  std::string problem;
  const Members in(document, problem);
  StepPolicy policy;
  const std::string type = in.text("AdjustmentType");
  const std::string aggregation = in.text("MetricAggregationType");
  for (const json& each : in.list("StepAdjustments")) {
    const Members step(each, problem);
    const auto adjustment = step.integer("ScalingAdjustment");
    if (!adjustment && problem.empty()) return validation_error("A step needs a ScalingAdjustment");
    policy.steps.push_back({step.number("MetricIntervalLowerBound"),
                            step.number("MetricIntervalUpperBound"), adjustment.value_or(0)});
  }
  policy.min_adjustment_magnitude = in.integer("MinAdjustmentMagnitude");
  policy.has_cooldown = in.has("Cooldown");
  policy.cooldown_s = in.integer("Cooldown").value_or(StepPolicy::kDefaultCooldownS);
  policy.has_aggregation = !aggregation.empty();
  if (!problem.empty()) return serialization(problem);
  const auto parsed = parse_adjustment_type(type);
  if (!parsed)
    return validation_error(
        "AdjustmentType is '" + type +
        "'; it must be ChangeInCapacity, PercentChangeInCapacity or ExactCapacity");
  policy.type = *parsed;
  if (!policy.has_aggregation) return policy;
  const auto by = parse_aggregation(aggregation);
  if (!by)
    return validation_error("MetricAggregationType is '" + aggregation +
                            "'; it must be Average, Minimum or Maximum");
  policy.aggregation = *by;
  return policy;
}

Result<TrackingPolicy> read_tracking_configuration(const json& document,
                                                   const std::string& region) {
  std::string problem;
  const Members in(document, problem);
  TrackingPolicy policy;
  const auto target = in.number("TargetValue");
  const bool custom = in.has("CustomizedMetricSpecification");
  const bool predefined = in.has("PredefinedMetricSpecification");
  const Members spec(in.object("PredefinedMetricSpecification"), problem);
  const std::string type = spec.text("PredefinedMetricType");
  policy.scale_out_cooldown_s = in.integer("ScaleOutCooldown");
  policy.scale_in_cooldown_s = in.integer("ScaleInCooldown");
  policy.disable_scale_in = in.boolean("DisableScaleIn");
  if (problem.empty() && custom) {
    auto read = read_custom(in.object("CustomizedMetricSpecification"), region, problem);
    if (!read) return read.error();
    policy.custom = std::move(*read);
  }
  if (!problem.empty()) return serialization(problem);
  if (!target)
    return validation_error("TargetTrackingScalingPolicyConfiguration needs a TargetValue");
  policy.target = *target;
  if (custom == predefined)
    return validation_error(
        "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be "
        "specified");
  if (predefined && type != kPredefinedMetric)
    return validation_error("PredefinedMetricType is '" + type +
                            "'; for service namespace lambda it must "
                            "be " +
                            std::string(kPredefinedMetric));
  return policy;
}

}  // namespace kiln::scaling
