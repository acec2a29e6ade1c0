#include "telemetry/embedded_metrics.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/json.h"
#include "telemetry/metric_unit.h"

namespace kiln::telemetry {
namespace {

constexpr size_t kMaxEvent = 1024 * 1024;
constexpr size_t kMaxDimensions = 30;
constexpr size_t kMaxMetrics = 100;  // of a directive
constexpr size_t kMaxValues = 100;   // of a metric
constexpr size_t kMaxName = 1'024;
constexpr size_t kMaxNamespace = 256;
constexpr size_t kMaxDimensionName = 250;
constexpr size_t kMaxDimensionValue = 1'024;
constexpr int64_t kOldestMs = 14LL * 86'400'000;
constexpr int64_t kFutureMs = 2LL * 3'600'000;
const double kLargest = std::exp2(360);

bool is_length(const std::string& text, size_t most) {
  return !text.empty() && text.size() <= most;
}

// nullopt: not what a metric may be.
std::optional<std::vector<double>> values_of(const Json* target) {
  std::vector<double> out;
  const auto add = [&out](const Json& item) {
    const auto number = item.number();
    if (!item.is_number() || !number || !std::isfinite(*number) || std::abs(*number) > kLargest)
      return false;
    out.push_back(*number);
    return true;
  };
  if (target == nullptr) return std::nullopt;
  if (target->is_number()) {
    if (!add(*target)) return std::nullopt;
    return out;
  }
  if (!target->is_array() || target->elements().empty() || target->elements().size() > kMaxValues)
    return std::nullopt;
  for (const Json& item : *target)
    if (!add(item)) return std::nullopt;
  return out;
}

// nullopt: a member that it names is not there, or no text.
std::optional<Dimensions> dimensions_of(const Json& set, const Json& document) {
  if (!set.is_array() || set.elements().size() > kMaxDimensions) return std::nullopt;
  Dimensions out;
  for (const Json& item : set) {
    if (!item.is_text() || !is_length(item.text(), kMaxDimensionName)) return std::nullopt;
    const Json* value = document.find(item.text());
    if (value == nullptr || !value->is_text() || !is_length(value->text(), kMaxDimensionValue))
      return std::nullopt;
    out.emplace_back(item.text(), value->text());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

struct Definition {
  std::string name;
  std::string unit;
  int resolution_s;
  std::vector<double> values;
};

std::optional<Definition> definition_of(const Json& metric, const Json& document) {
  const Json* name = metric.find("Name");
  if (name == nullptr || !is_length(name->text(), kMaxName)) return std::nullopt;
  Definition out{name->text(), "None", 60, {}};
  if (const Json* unit = metric.find("Unit")) {
    if (!is_metric_unit(unit->text())) return std::nullopt;
    out.unit = unit->text();
  }
  if (const Json* resolution = metric.find("StorageResolution")) {
    const auto seconds = resolution->integer<int>();
    if (seconds != 1 && seconds != 60) return std::nullopt;
    out.resolution_s = *seconds;
  }
  auto values = values_of(document.find(out.name));
  if (!values) return std::nullopt;
  out.values = std::move(*values);
  return out;
}

void read_directive(const Json& directive, const Json& document, int64_t timestamp_ms,
                    std::vector<EmbeddedMetric>& out) {
  const Json *space = directive.find("Namespace"), *sets = directive.find("Dimensions"),
             *metrics = directive.find("Metrics");
  if (space == nullptr || !is_length(space->text(), kMaxNamespace) ||
      space->text().starts_with("AWS/"))
    return;
  if (metrics == nullptr || !metrics->is_array() || metrics->elements().size() > kMaxMetrics)
    return;
  if (sets == nullptr || !sets->is_array()) return;
  std::vector<Dimensions> dimension_sets;
  for (const Json& set : *sets)
    if (auto dimensions = dimensions_of(set, document))
      dimension_sets.push_back(std::move(*dimensions));
  // No sets at all are one without dimensions; sets that can't be read are none.
  if (sets->elements().empty()) dimension_sets.emplace_back();
  for (const Json& metric : *metrics) {
    const auto definition = definition_of(metric, document);
    if (!definition) continue;
    for (const Dimensions& dimensions : dimension_sets)
      out.push_back({space->text(), definition->name, dimensions, definition->unit,
                     definition->resolution_s, timestamp_ms, definition->values});
  }
}

}  // namespace

MetricPoint point_of(EmbeddedMetric&& metric, const std::string& region, int64_t shift_ms) {
  MetricPoint point;
  point.key = {region, std::move(metric.metric_namespace), std::move(metric.name),
               std::move(metric.dimensions)};
  point.unit = std::move(metric.unit);
  const int64_t time_s = (metric.timestamp_ms + shift_ms) / 1000;
  point.time_s = time_s - time_s % metric.resolution_s;
  for (const double value : metric.values) point.values.add(value);
  return point;
}

std::vector<EmbeddedMetric> embedded_metrics(std::string_view event, int64_t now_ms) {
  const size_t first = event.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || event[first] != '{' || event.size() > kMaxEvent ||
      event.find("\"_aws\"") == std::string_view::npos)
    return {};
  const Json document = Json::parse_or_null(event);
  const Json* metadata = document.find("_aws");
  if (metadata == nullptr || !metadata->is_object()) return {};
  const Json *time = metadata->find("Timestamp"), *directives = metadata->find("CloudWatchMetrics");
  if (time == nullptr || directives == nullptr || !directives->is_array()) return {};
  const auto timestamp_ms = time->integer<int64_t>();
  if (!time->is_number() || !timestamp_ms || *timestamp_ms < now_ms - kOldestMs ||
      *timestamp_ms > now_ms + kFutureMs)
    return {};
  std::vector<EmbeddedMetric> out;
  for (const Json& directive : *directives) read_directive(directive, document, *timestamp_ms, out);
  return out;
}

}  // namespace kiln::telemetry
