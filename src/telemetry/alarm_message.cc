#include "telemetry/alarm_message.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "base/ascii.h"
#include "base/json_access.h"
#include "base/time_format.h"
#include "telemetry/alarm_document.h"

namespace kiln::telemetry {
namespace {

using nlohmann::ordered_json;

// Sum → SUM, SampleCount → SAMPLE_COUNT.
std::string upper_statistic(std::string_view stat) {
  std::string out;
  for (const char c : stat) {
    const bool lower = ascii::is_lower(c);
    if (!lower && !out.empty()) out.push_back('_');
    out.push_back(lower ? static_cast<char>(c - 'a' + 'A') : c);
  }
  return out;
}

ordered_json dimensions_list(const Dimensions& dimensions) {
  ordered_json out = ordered_json::array();
  for (const auto& [name, value] : dimensions) out.push_back({{"value", value}, {"name", name}});
  return out;
}

ordered_json metric_of_query(const MetricStat& stat) {
  ordered_json out{{"Metric",
                    {{"Dimensions", dimensions_list(stat.metric.dimensions)},
                     {"MetricName", stat.metric.name},
                     {"Namespace", stat.metric.metric_namespace}}},
                   {"Period", stat.period_s},
                   {"Stat", stat.stat}};
  if (!stat.unit.empty()) out["Unit"] = stat.unit;
  return out;
}

ordered_json trigger(const AlarmConfig& config) {
  ordered_json out;
  if (config.metric) {
    const MetricStat& stat = *config.metric;
    out["MetricName"] = stat.metric.name;
    out["Namespace"] = stat.metric.metric_namespace;
    const bool simple = is_simple_statistic(stat.stat);
    out["StatisticType"] = simple ? "Statistic" : "ExtendedStatistic";
    out[simple ? "Statistic" : "ExtendedStatistic"] =
        simple ? upper_statistic(stat.stat) : stat.stat;
    out["Unit"] = stat.unit.empty() ? ordered_json(nullptr) : ordered_json(stat.unit);
    out["Dimensions"] = dimensions_list(stat.metric.dimensions);
  }
  out["Period"] = config.period_s();
  out["EvaluationPeriods"] = config.evaluation_periods;
  if (config.datapoints_to_alarm) out["DatapointsToAlarm"] = *config.datapoints_to_alarm;
  out["ComparisonOperator"] = to_text(config.comparison);
  out["Threshold"] = config.threshold;
  out["TreatMissingData"] = config.has_missing ? to_text(config.missing) : "";
  out["EvaluateLowSampleCountPercentile"] = config.low_sample_count_percentile;
  if (config.metric) return out;
  ordered_json metrics = ordered_json::array();
  for (const MetricQuery& query : config.metrics) {
    ordered_json item{{"Id", query.id}};
    if (query.metric_stat) {
      item["MetricStat"] = metric_of_query(*query.metric_stat);
    } else {
      item["Expression"] = query.expression;
    }
    if (!query.label.empty()) item["Label"] = query.label;
    item["ReturnData"] = query.return_data;
    metrics.push_back(std::move(item));
  }
  out["Metrics"] = std::move(metrics);
  return out;
}

// The alarms that reason_data names, in the form of the message.
ordered_json triggering_children(const std::string& reason_data) {
  ordered_json out = ordered_json::array();
  const auto data = json_parse<ordered_json>(reason_data);
  if (!data.is_object() || !data.contains("triggeringAlarms")) return out;
  // The data may come from SetAlarmState, so it may be anything.
  for (const auto& alarm : data["triggeringAlarms"]) {
    const ordered_json& state = json_member(alarm, "state");
    const ordered_json &arn = json_member(alarm, "arn"), &value = json_member(state, "value"),
                       &time = json_member(state, "timestamp");
    if (arn.is_null() || value.is_null() || time.is_null()) break;
    out.push_back({{"Arn", arn}, {"State", {{"Value", value}, {"Timestamp", time}}}});
  }
  return out;
}

// An id for the metric of an alarm that has none: the same in each event of the alarm.
std::string stable_id(const std::string& arn) {
  const auto hash = [&](uint64_t value) {
    for (const char c : arn) value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return value;
  };
  const uint64_t high = hash(14695981039346656037U);
  const uint64_t low = hash(high);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                     high & 0xffff, low >> 48, low & 0xffff'ffff'ffff);
}

ordered_json event_metric(const MetricStat& stat) {
  ordered_json dimensions = ordered_json::object();
  for (const auto& [name, value] : stat.metric.dimensions) dimensions[name] = value;
  ordered_json out{{"metric",
                    {{"namespace", stat.metric.metric_namespace},
                     {"name", stat.metric.name},
                     {"dimensions", std::move(dimensions)}}},
                   {"period", stat.period_s},
                   {"stat", stat.stat}};
  if (!stat.unit.empty()) out["unit"] = stat.unit;
  return out;
}

ordered_json event_configuration(const AlarmSnapshot& alarm, const std::string& arn) {
  ordered_json out = ordered_json::object();
  const AlarmConfig& config = alarm.config;
  if (alarm.rule) out["alarmRule"] = *alarm.rule;
  if (config.has_description) out["description"] = config.description;
  if (const auto& suppressor = alarm.suppressor) {
    out["actionsSuppressor"] = suppressor->alarm;
    out["actionsSuppressorWaitPeriod"] = suppressor->wait_s;
    out["actionsSuppressorExtensionPeriod"] = suppressor->extension_s;
  }
  if (alarm.rule) return out;
  ordered_json metrics = ordered_json::array();
  if (config.metric) {
    metrics.push_back({{"id", stable_id(arn)},
                       {"metricStat", event_metric(*config.metric)},
                       {"returnData", true}});
  }
  for (const MetricQuery& query : config.metrics) {
    ordered_json item{{"id", query.id}};
    if (query.metric_stat) {
      item["metricStat"] = event_metric(*query.metric_stat);
    } else {
      item["expression"] = query.expression;
    }
    if (!query.label.empty()) item["label"] = query.label;
    item["returnData"] = query.return_data;
    metrics.push_back(std::move(item));
  }
  out["metrics"] = std::move(metrics);
  return out;
}

ordered_json event_state(const AlarmStatus& status) {
  ordered_json out{{"value", to_text(status.state)}, {"reason", status.reason}};
  if (!status.reason_data.empty()) out["reasonData"] = status.reason_data;
  out["timestamp"] = format_lambda_time(status.updated);
  if (status.suppressed_by != SuppressedBy::kNothing) {
    out["actionsSuppressedBy"] = to_text(status.suppressed_by);
    out["actionsSuppressedReason"] = suppressed_reason(status.suppressed_by);
  }
  return out;
}

}  // namespace

std::string sns_message(const AlarmSnapshot& alarm) {
  const AlarmConfig& config = alarm.config;
  ordered_json out{
      {"AlarmName", config.name},
      {"AlarmDescription",
       config.has_description ? ordered_json(config.description) : ordered_json(nullptr)},
      {"AWSAccountId", alarm.account},
      {"AlarmConfigurationUpdatedTimestamp", format_lambda_time(alarm.configuration_updated)},
      {"NewStateValue", to_text(alarm.status.state)},
      {"NewStateReason", alarm.status.reason},
      {"StateChangeTime", format_lambda_time(alarm.status.updated)},
      {"Region", region_long_name(config.region)},
      {"AlarmArn", alarm_arn(config.region, alarm.account, config.name)},
      {"OldStateValue", to_text(alarm.previous.state)},
      {"OKActions", config.actions.ok},
      {"AlarmActions", config.actions.alarm},
      {"InsufficientDataActions", config.actions.insufficient_data},
      {"ActionExecutedAfterMuteWindow", false}};
  if (alarm.rule) {
    out["AlarmRule"] = *alarm.rule;
    out["TriggeringChildren"] = triggering_children(alarm.status.reason_data);
  } else {
    out["Trigger"] = trigger(config);
  }
  return json_dump(out);
}

std::string sns_subject(const AlarmSnapshot& alarm) {
  return fmt::format("{}: \"{}\" in {}", to_text(alarm.status.state), alarm.config.name,
                     region_long_name(alarm.config.region));
}

std::string lambda_event(const AlarmSnapshot& alarm) {
  const std::string arn = alarm_arn(alarm.config.region, alarm.account, alarm.config.name);
  const ordered_json out{{"source", "aws.cloudwatch"},
                         {"alarmArn", arn},
                         {"accountId", alarm.account},
                         {"time", format_lambda_time(alarm.status.updated)},
                         {"region", alarm.config.region},
                         {"alarmData",
                          {{"alarmName", alarm.config.name},
                           {"state", event_state(alarm.status)},
                           {"previousState", event_state(alarm.previous)},
                           {"configuration", event_configuration(alarm, arn)}}}};
  return json_dump(out);
}

}  // namespace kiln::telemetry
