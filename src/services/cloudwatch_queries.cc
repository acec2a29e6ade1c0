#include "services/cloudwatch_queries.h"

#include <algorithm>
#include <limits>

#include "services/cloudwatch_alarm_checks.h"
#include "telemetry/statistic.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using telemetry::MetricQuery;
using telemetry::MetricStat;
using Need = AlarmChecks::Need;

constexpr size_t kMaxDimensions = 30;
constexpr size_t kMaxName = 255;
constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

Result<MetricStat> read_metric_stat(const json& input, const std::string& region) {
  AlarmChecks checks(input);
  MetricStat out;
  out.metric.region = region;
  out.period_s =
      static_cast<int>(checks.integer("Period", 1, kMaxInt, Need::kRequired).value_or(0));
  out.stat = checks.text("Stat", 1, kMaxName, Need::kRequired);
  out.unit = checks.one_of("Unit", metric_units());
  if (const auto checked = checks.result(); !checked) return checked.error();
  const json* metric = checks.fields().find("Metric");
  if (!metric || !metric->is_object()) return alarm_validation_error("Metric must not be null");
  AlarmChecks metric_checks(*metric);
  out.metric.name = metric_checks.text("MetricName", 1, kMaxName, Need::kRequired);
  out.metric.metric_namespace = metric_checks.text("Namespace", 1, kMaxName, Need::kRequired);
  if (const auto checked = metric_checks.result(); !checked) return checked.error();
  auto dimensions = read_dimensions(*metric);
  if (!dimensions) return dimensions.error();
  out.metric.dimensions = std::move(*dimensions);
  if (!telemetry::Statistic::parse(out.stat)) return unsupported_statistic(out.stat, "Stat");
  return out;
}

}  // namespace

const std::vector<std::string_view>& metric_units() {
  static const std::vector<std::string_view> kUnits = {"Seconds",
                                                       "Microseconds",
                                                       "Milliseconds",
                                                       "Bytes",
                                                       "Kilobytes",
                                                       "Megabytes",
                                                       "Gigabytes",
                                                       "Terabytes",
                                                       "Bits",
                                                       "Kilobits",
                                                       "Megabits",
                                                       "Gigabits",
                                                       "Terabits",
                                                       "Percent",
                                                       "Count",
                                                       "Bytes/Second",
                                                       "Kilobytes/Second",
                                                       "Megabytes/Second",
                                                       "Gigabytes/Second",
                                                       "Terabytes/Second",
                                                       "Bits/Second",
                                                       "Kilobits/Second",
                                                       "Megabits/Second",
                                                       "Gigabits/Second",
                                                       "Terabits/Second",
                                                       "Count/Second",
                                                       "None"};
  return kUnits;
}

Error unsupported_statistic(const std::string& value, const char* parameter) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException",
          "The value " + value + " for parameter " + parameter + " is not supported."};
}

Result<telemetry::Dimensions> read_dimensions(const json& input) {
  AlarmChecks checks(input);
  checks.length("Dimensions", kMaxDimensions);
  if (const auto checked = checks.result(); !checked) return checked.error();
  telemetry::Dimensions out;
  for (const json& item : checks.fields().list("Dimensions")) {
    AlarmChecks each(item);
    std::string name = each.text("Name", 1, 255, Need::kRequired);
    std::string value = each.text("Value", 1, 1024, Need::kRequired);
    if (const auto checked = each.result(); !checked) return checked.error();
    out.emplace_back(std::move(name), std::move(value));
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<MetricQuery> read_metric_query(const json& input, const std::string& region) {
  AlarmChecks checks(input);
  MetricQuery query;
  query.id = checks.text("Id", 1, kMaxName, Need::kRequired);
  query.expression = checks.text("Expression", 1, 2048);
  query.label = checks.fields().text("Label");
  query.return_data = checks.fields().boolean("ReturnData").value_or(true);
  query.period_s = static_cast<int>(checks.integer("Period", 1, kMaxInt).value_or(0));
  if (const auto checked = checks.result(); !checked) return checked.error();
  const json* stat = checks.fields().find("MetricStat");
  if (!stat) return query;
  auto read = read_metric_stat(*stat, region);
  if (!read) return read.error();
  query.metric_stat = std::move(*read);
  return query;
}

}  // namespace kiln::services
