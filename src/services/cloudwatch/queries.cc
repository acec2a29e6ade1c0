#include "services/cloudwatch/queries.h"

#include <algorithm>
#include <limits>

#include "services/driver/input_checks.h"
#include "telemetry/metric_unit.h"
#include "telemetry/statistic.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using telemetry::MetricQuery;
using telemetry::MetricStat;
using Need = InputChecks::Need;

constexpr size_t kMaxDimensions = 30;
constexpr size_t kMaxMetricName = 255;
constexpr int64_t kMaxPeriod = std::numeric_limits<int32_t>::max();

Result<MetricStat> read_metric_stat(const json& input, const std::string& region) {
  InputChecks checks(input);
  MetricStat out;
  out.metric.region = region;
  out.period_s =
      static_cast<int>(checks.integer("Period", 1, kMaxPeriod, Need::kRequired).value_or(0));
  out.stat = checks.text("Stat", 1, kMaxMetricName, Need::kRequired);
  out.unit = checks.one_of("Unit", metric_units());
  if (const auto checked = checks.result(); !checked) return checked.error();
  const json* metric = checks.fields().find("Metric");
  if (!metric || !metric->is_object()) return constraint_error("Metric must not be null");
  InputChecks metric_checks(*metric);
  out.metric.name = metric_checks.text("MetricName", 1, kMaxMetricName, Need::kRequired);
  out.metric.metric_namespace = metric_checks.text("Namespace", 1, kMaxMetricName, Need::kRequired);
  if (const auto checked = metric_checks.result(); !checked) return checked.error();
  auto dimensions = read_dimensions(*metric);
  if (!dimensions) return dimensions.error();
  out.metric.dimensions = std::move(*dimensions);
  if (!telemetry::Statistic::parse(out.stat)) return unsupported_statistic(out.stat, "Stat");
  return out;
}

}  // namespace

const std::vector<std::string_view>& metric_units() { return telemetry::metric_units(); }

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

Error unsupported_statistic(const std::string& value, const char* parameter) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException",
          "The value " + value + " for parameter " + parameter + " is not supported."};
}

Result<telemetry::Dimensions> read_dimensions(const json& input) {
  InputChecks checks(input);
  checks.length("Dimensions", kMaxDimensions);
  if (const auto checked = checks.result(); !checked) return checked.error();
  telemetry::Dimensions out;
  for (const json& item : checks.fields().list("Dimensions")) {
    InputChecks each(item);
    std::string name = each.text("Name", 1, 255, Need::kRequired);
    std::string value = each.text("Value", 1, 1024, Need::kRequired);
    if (const auto checked = each.result(); !checked) return checked.error();
    out.emplace_back(std::move(name), std::move(value));
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<MetricQuery> read_metric_query(const json& input, const std::string& region) {
  InputChecks checks(input);
  MetricQuery query;
  query.id = checks.text("Id", 1, kMaxMetricName, Need::kRequired);
  query.expression = checks.text("Expression", 1, 2048);
  query.label = checks.fields().text("Label");
  query.return_data = checks.fields().boolean("ReturnData").value_or(true);
  query.period_s = static_cast<int>(checks.integer("Period", 1, kMaxPeriod).value_or(0));
  if (const auto checked = checks.result(); !checked) return checked.error();
  const json* stat = checks.fields().find("MetricStat");
  if (!stat) return query;
  auto read = read_metric_stat(*stat, region);
  if (!read) return read.error();
  query.metric_stat = std::move(*read);
  return query;
}

}  // namespace kiln::services
