#include "telemetry/alarm_document.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/document_reader.h"
#include "base/json_access.h"

namespace kiln::telemetry {
namespace {

using nlohmann::json;

Dimensions parse_dimensions(const DocumentReader& in) {
  Dimensions dimensions;
  for (const DocumentReader& item : in.list("Dimensions"))
    dimensions.emplace_back(item.get<std::string>("Name"), item.get<std::string>("Value"));
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

MetricQuery parse_query(const std::string& region, const DocumentReader& document) {
  MetricQuery query;
  document.read("Id", query.id);
  document.read("ReturnData", query.return_data);
  document.read_if("Label", query.label);
  if (document.has("MetricStat")) {
    const DocumentReader in = document.object("MetricStat");
    const DocumentReader metric = in.object("Metric");
    MetricStat stat;
    stat.metric = {region, metric.get<std::string>("Namespace"),
                   metric.get<std::string>("MetricName"), parse_dimensions(metric)};
    in.read("Period", stat.period_s);
    in.read("Stat", stat.stat);
    in.read_if("Unit", stat.unit);
    query.metric_stat = std::move(stat);
  } else {
    document.read("Expression", query.expression);
    document.read_if("Period", query.period_s);
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

void parse_metric(AlarmConfig& config, const DocumentReader& in) {
  if (in.has("MetricName")) {
    MetricStat stat;
    stat.metric = {config.region, in.get<std::string>("Namespace"),
                   in.get<std::string>("MetricName"), parse_dimensions(in)};
    in.read(in.has("Statistic") ? "Statistic" : "ExtendedStatistic", stat.stat);
    in.read("Period", stat.period_s);
    in.read_if("Unit", stat.unit);
    config.metric = std::move(stat);
  } else {
    for (const DocumentReader& query : in.list("Metrics"))
      config.metrics.push_back(parse_query(config.region, query));
  }
  in.read("EvaluationPeriods", config.evaluation_periods);
  in.read_if("DatapointsToAlarm", config.datapoints_to_alarm);
  in.read("Threshold", config.threshold);
  config.comparison = parse_comparison(in.get<std::string>("ComparisonOperator"))
                          .value_or(Comparison::kGreaterThan);
  config.has_missing = in.has("TreatMissingData");
  if (config.has_missing)
    config.missing =
        parse_missing_data(in.get<std::string>("TreatMissingData")).value_or(MissingData::kMissing);
  in.read_if("EvaluateLowSampleCountPercentile", config.low_sample_count_percentile);
}

Suppression parse_suppression(const DocumentReader& in) {
  Suppression out;
  out.by = parse_suppressed_by(in.get<std::string>("by"));
  in.read("until_ms", out.until);
  in.read("pending", out.pending);
  return out;
}

Result<Alarm> read_alarm(const std::string& region, const DocumentReader& in) {
  Alarm alarm;
  AlarmConfig& config = alarm.config;
  const DocumentReader document = in.object("config");
  config.region = region;
  document.read("AlarmName", config.name);
  config.has_description = document.has("AlarmDescription");
  document.read_if("AlarmDescription", config.description);
  document.read("ActionsEnabled", config.actions.enabled);
  document.read("OKActions", config.actions.ok);
  document.read("AlarmActions", config.actions.alarm);
  document.read("InsufficientDataActions", config.actions.insufficient_data);
  if (document.has("AlarmRule")) {
    auto rule = CompositeRule::parse(document.get<std::string>("AlarmRule"));
    if (!rule) return rule.error();
    alarm.rule = std::move(*rule);
    if (document.has("ActionsSuppressor")) {
      auto& suppressor = alarm.suppressor.emplace();
      document.read("ActionsSuppressor", suppressor.alarm);
      document.read("ActionsSuppressorWaitPeriod", suppressor.wait_s);
      document.read("ActionsSuppressorExtensionPeriod", suppressor.extension_s);
    }
    if (in.has("suppression")) alarm.suppression = parse_suppression(in.object("suppression"));
  } else {
    parse_metric(config, document);
  }
  alarm.status.state =
      parse_alarm_state(in.get<std::string>("state")).value_or(AlarmState::kInsufficientData);
  in.read("reason", alarm.status.reason);
  in.read("reason_data", alarm.status.reason_data);
  in.read("state_updated_ms", alarm.status.updated);
  in.read("transitioned_ms", alarm.transitioned);
  in.read("configuration_updated_ms", alarm.configuration_updated);
  in.read("tags", alarm.tags);
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
  return json_dump(out);
}

Result<Alarm> parse_alarm(const std::string& region, const std::string& text) {
  const auto unreadable = [&](const std::string& why) {
    return Error{ErrorKind::kInternal, "InternalServiceFault",
                 "A stored alarm of " + region + " can't be read: " + why};
  };
  std::string problem;
  const json document = json_parse(text);
  auto alarm = read_alarm(region, DocumentReader(document, problem));
  if (!problem.empty()) return unreadable(problem);
  if (!alarm) return unreadable(alarm.error().message);
  return alarm;
}

}  // namespace kiln::telemetry
