#include "telemetry/alarm_document.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kiln::telemetry {
namespace {

using nlohmann::json;

Dimensions parse_dimensions(const json& document) {
  Dimensions dimensions;
  for (const json& item : document) dimensions.emplace_back(item.at("Name"), item.at("Value"));
  return dimensions;
}

json query_document(const MetricQuery& query) {
  json out{{"Id", query.id}, {"ReturnData", query.return_data}};
  if (query.metric_stat) {
    const MetricStat& stat = *query.metric_stat;
    out["MetricStat"] = {{"Metric",
                          {{"Namespace", stat.metric.metric_namespace},
                           {"MetricName", stat.metric.name},
                           {"Dimensions", dimensions_document(stat.metric.dimensions)}}},
                         {"Period", stat.period_s},
                         {"Stat", stat.stat}};
    if (!stat.unit.empty()) out["MetricStat"]["Unit"] = stat.unit;
  } else {
    out["Expression"] = query.expression;
    if (query.period_s > 0) out["Period"] = query.period_s;
  }
  if (!query.label.empty()) out["Label"] = query.label;
  return out;
}

MetricQuery parse_query(const std::string& region, const json& document) {
  MetricQuery query;
  query.id = document.at("Id");
  query.return_data = document.at("ReturnData");
  query.label = document.value("Label", "");
  if (document.contains("MetricStat")) {
    const json& in = document["MetricStat"];
    const json& metric = in.at("Metric");
    MetricStat stat;
    stat.metric = {region, metric.at("Namespace"), metric.at("MetricName"),
                   parse_dimensions(metric.at("Dimensions"))};
    stat.period_s = in.at("Period");
    stat.stat = in.at("Stat");
    stat.unit = in.value("Unit", "");
    query.metric_stat = std::move(stat);
  } else {
    query.expression = document.at("Expression");
    query.period_s = document.value("Period", 0);
  }
  return query;
}

void put_metric(json& out, const AlarmConfig& config) {
  if (config.metric) {
    const MetricStat& stat = *config.metric;
    out["MetricName"] = stat.metric.name;
    out["Namespace"] = stat.metric.metric_namespace;
    out["Dimensions"] = dimensions_document(stat.metric.dimensions);
    out[is_simple_statistic(stat.stat) ? "Statistic" : "ExtendedStatistic"] = stat.stat;
    out["Period"] = stat.period_s;
    if (!stat.unit.empty()) out["Unit"] = stat.unit;
  } else {
    json queries = json::array();
    for (const MetricQuery& query : config.metrics) queries.push_back(query_document(query));
    out["Metrics"] = std::move(queries);
  }
  out["EvaluationPeriods"] = config.evaluation_periods;
  if (config.datapoints_to_alarm) out["DatapointsToAlarm"] = *config.datapoints_to_alarm;
  out["Threshold"] = config.threshold;
  out["ComparisonOperator"] = to_text(config.comparison);
  if (config.has_missing) out["TreatMissingData"] = to_text(config.missing);
  if (!config.low_sample_count_percentile.empty())
    out["EvaluateLowSampleCountPercentile"] = config.low_sample_count_percentile;
}

void parse_metric(AlarmConfig& config, const json& in) {
  if (in.contains("MetricName")) {
    MetricStat stat;
    stat.metric = {config.region, in.at("Namespace"), in.at("MetricName"),
                   parse_dimensions(in.at("Dimensions"))};
    stat.stat = in.contains("Statistic") ? in["Statistic"] : in.at("ExtendedStatistic");
    stat.period_s = in.at("Period");
    stat.unit = in.value("Unit", "");
    config.metric = std::move(stat);
  } else {
    for (const json& query : in.at("Metrics"))
      config.metrics.push_back(parse_query(config.region, query));
  }
  config.evaluation_periods = in.at("EvaluationPeriods");
  if (in.contains("DatapointsToAlarm")) config.datapoints_to_alarm = in["DatapointsToAlarm"];
  config.threshold = in.at("Threshold");
  config.comparison = parse_comparison(in.at("ComparisonOperator").get<std::string>())
                          .value_or(Comparison::kGreaterThan);
  config.has_missing = in.contains("TreatMissingData");
  if (config.has_missing)
    config.missing = parse_missing_data(in["TreatMissingData"].get<std::string>())
                         .value_or(MissingData::kMissing);
  config.low_sample_count_percentile = in.value("EvaluateLowSampleCountPercentile", "");
}

WallTime from_epoch_ms(int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

Suppression parse_suppression(const json& in) {
  Suppression out;
  out.by = parse_suppressed_by(in.at("by").get<std::string>());
  out.until = from_epoch_ms(in.at("until_ms"));
  out.pending = in.at("pending");
  return out;
}

Result<Alarm> read_alarm(const std::string& region, const json& in) {
  Alarm alarm;
  AlarmConfig& config = alarm.config;
  const json& document = in.at("config");
  config.region = region;
  config.name = document.at("AlarmName");
  config.has_description = document.contains("AlarmDescription");
  config.description = document.value("AlarmDescription", "");
  config.actions = {document.at("ActionsEnabled"), document.at("OKActions"),
                    document.at("AlarmActions"), document.at("InsufficientDataActions")};
  if (document.contains("AlarmRule")) {
    auto rule = CompositeRule::parse(document["AlarmRule"].get<std::string>());
    if (!rule) return rule.error();
    alarm.rule = std::move(*rule);
    if (document.contains("ActionsSuppressor"))
      alarm.suppressor = {document["ActionsSuppressor"], document.at("ActionsSuppressorWaitPeriod"),
                          document.at("ActionsSuppressorExtensionPeriod")};
    if (in.contains("suppression")) alarm.suppression = parse_suppression(in["suppression"]);
  } else {
    parse_metric(config, document);
  }
  alarm.status = {
      parse_alarm_state(in.at("state").get<std::string>()).value_or(AlarmState::kInsufficientData),
      in.at("reason"), in.at("reason_data"), from_epoch_ms(in.at("state_updated_ms"))};
  alarm.transitioned = from_epoch_ms(in.at("transitioned_ms"));
  alarm.configuration_updated = from_epoch_ms(in.at("configuration_updated_ms"));
  alarm.tags = in.at("tags").get<Tags>();
  return alarm;
}

}  // namespace

bool is_simple_statistic(const std::string& stat) {
  static constexpr std::array<std::string_view, 5> kSimple = {"SampleCount", "Average", "Sum",
                                                              "Minimum", "Maximum"};
  return std::find(kSimple.begin(), kSimple.end(), stat) != kSimple.end();
}

json dimensions_document(const Dimensions& dimensions) {
  json out = json::array();
  for (const auto& [name, value] : dimensions) out.push_back({{"Name", name}, {"Value", value}});
  return out;
}

json config_document(const Alarm& alarm) {
  const AlarmConfig& config = alarm.config;
  json out{{"AlarmName", config.name},
           {"ActionsEnabled", config.actions.enabled},
           {"OKActions", config.actions.ok},
           {"AlarmActions", config.actions.alarm},
           {"InsufficientDataActions", config.actions.insufficient_data}};
  if (config.has_description) out["AlarmDescription"] = config.description;
  if (alarm.rule) {
    out["AlarmRule"] = alarm.rule->text();
    if (const auto& suppressor = alarm.suppressor) {
      out["ActionsSuppressor"] = suppressor->alarm;
      out["ActionsSuppressorWaitPeriod"] = suppressor->wait_s;
      out["ActionsSuppressorExtensionPeriod"] = suppressor->extension_s;
    }
  } else {
    put_metric(out, config);
  }
  return out;
}

std::string alarm_text(const Alarm& alarm) {
  json out{{"config", config_document(alarm)},
           {"state", to_text(alarm.status.state)},
           {"reason", alarm.status.reason},
           {"reason_data", alarm.status.reason_data},
           {"state_updated_ms", epoch_ms(alarm.status.updated)},
           {"transitioned_ms", epoch_ms(alarm.transitioned)},
           {"configuration_updated_ms", epoch_ms(alarm.configuration_updated)},
           {"tags", alarm.tags}};
  if (alarm.suppressor || alarm.suppression.pending)
    out["suppression"] = {{"by", to_text(alarm.suppression.by)},
                          {"until_ms", epoch_ms(alarm.suppression.until)},
                          {"pending", alarm.suppression.pending}};
  return out.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Alarm> parse_alarm(const std::string& region, const std::string& text) {
  const auto unreadable = [&](const std::string& why) {
    return Error{ErrorKind::kInternal, "InternalServiceFault",
                 "A stored alarm of " + region + " can't be read: " + why};
  };
  try {
    auto alarm = read_alarm(region, json::parse(text));
    if (!alarm) return unreadable(alarm.error().message);
    return alarm;
  } catch (const json::exception& e) {
    return unreadable(e.what());
  }
}

}  // namespace kiln::telemetry
