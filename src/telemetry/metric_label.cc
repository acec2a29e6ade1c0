#include "telemetry/metric_label.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <utility>

#include "base/json_access.h"
#include "base/time_format.h"

namespace kiln::telemetry {
namespace {

using Point = std::pair<const int64_t, double>;

const std::string* value_of(const Dimensions& dimensions, const std::string& name) {
  for (const auto& [each, value] : dimensions)
    if (each == name) return &value;
  return nullptr;
}

bool same_name(const MetricKey& a, const MetricKey& b) {
  return a.metric_namespace == b.metric_namespace && a.name == b.name;
}

std::string default_label(const MetricStat& metric, const std::vector<const MetricStat*>& all) {
  bool other_name = false, other_stat = false, other_period = false;
  for (const MetricStat* other : all) {
    if (!same_name(other->metric, metric.metric)) {
      other_name = true;
      continue;
    }
    if (other->metric.dimensions != metric.metric.dimensions) continue;
    other_stat = other_stat || other->stat != metric.stat;
    other_period = other_period || other->period_s != metric.period_s;
  }
  std::string label;
  for (const auto& [name, value] : metric.metric.dimensions) {
    const bool differs = std::any_of(
        all.begin(), all.end(), [&, &name = name, &value = value](const MetricStat* other) {
          if (!same_name(other->metric, metric.metric)) return false;
          const std::string* theirs = value_of(other->metric.dimensions, name);
          return theirs == nullptr || *theirs != value;
        });
    if (differs) label += (label.empty() ? "" : " ") + value;
  }
  if (label.empty() || other_name) label += (label.empty() ? "" : " ") + metric.metric.name;
  if (other_stat) label += " " + metric.stat;
  if (other_period) label += " " + std::to_string(metric.period_s);
  return label;
}

std::string shown(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15)
    return std::to_string(static_cast<int64_t>(value));
  return json_dump(nlohmann::json(value));
}

std::string shown_time(int64_t time_s) {
  std::string text = format_iso_ms(WallTime(std::chrono::seconds(time_s)));
  return text.replace(text.find('.'), std::string::npos, "Z");
}

// "1h5m", "42s".
std::string shown_span(int64_t seconds) {
  seconds = std::abs(seconds);
  std::string out;
  for (const auto& [unit, size] :
       {std::pair{"d", int64_t{86'400}}, {"h", int64_t{3'600}}, {"m", int64_t{60}}}) {
    if (seconds >= size) out += std::to_string(seconds / size) + unit;
    seconds %= size;
  }
  if (seconds > 0 || out.empty()) out += std::to_string(seconds) + "s";
  return out;
}

std::optional<std::string> property(std::string_view name, const LabelFacts& facts) {
  if (name == "AccountId" || name == "AccountLabel") return std::string(facts.account);
  if (facts.metric == nullptr) return std::nullopt;
  const MetricStat& source = *facts.metric;
  if (name == "MetricName") return source.metric.name;
  if (name == "Namespace") return source.metric.metric_namespace;
  if (name == "Period") return std::to_string(source.period_s);
  if (name == "Region") return source.metric.region;
  if (name == "Stat") return source.stat;
  constexpr std::string_view kDimension = "Dim.";
  if (!name.starts_with(kDimension)) return std::nullopt;
  const std::string* value =
      value_of(source.metric.dimensions, std::string(name.substr(kDimension.size())));
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::optional<std::string> statistic(std::string_view name, const LabelFacts& facts) {
  const auto& points = facts.series->points;
  if (name == "DATAPOINT_COUNT") return std::to_string(points.size());
  if (points.empty()) return std::nullopt;
  const Point& first = *points.begin();
  const Point& last = *points.rbegin();
  const auto less = [](const Point& a, const Point& b) { return a.second < b.second; };
  const Point& min = *std::min_element(points.begin(), points.end(), less);
  const Point& max = *std::max_element(points.begin(), points.end(), less);
  const double sum =
      std::accumulate(points.begin(), points.end(), 0.0,
                      [](double so_far, const Point& p) { return so_far + p.second; });
  if (name == "SUM") return shown(sum);
  if (name == "AVG") return shown(sum / static_cast<double>(points.size()));
  const std::pair<std::string_view, const Point*> ends[] = {
      {"FIRST", &first}, {"LAST", &last}, {"MIN", &min}, {"MAX", &max}};
  for (const auto& [end, point] : ends) {
    if (!name.starts_with(end)) continue;
    const std::string_view rest = name.substr(end.size());
    if (rest.empty()) return shown(point->second);
    if (rest == "_TIME") return shown_time(point->first);
    if (rest == "_TIME_RELATIVE") return shown_span(facts.now_s - point->first);
  }
  if (name == "FIRST_LAST_RANGE") return shown(last.second - first.second);
  if (name == "FIRST_LAST_TIME_RANGE") return shown_span(last.first - first.first);
  if (name == "MIN_MAX_RANGE") return shown(max.second - min.second);
  if (name == "MIN_MAX_TIME_RANGE") return shown_span(max.first - min.first);
  return std::nullopt;
}

// What stands between ${ and }.
std::optional<std::string> value_of(std::string_view name, const LabelFacts& facts) {
  if (name == "LABEL") return std::string(facts.label);
  if (name.starts_with("PROP('") && name.ends_with("')"))
    return property(name.substr(6, name.size() - 8), facts);
  return statistic(name, facts);
}

}  // namespace

std::vector<std::string> default_labels(const std::vector<const MetricStat*>& metrics) {
  std::vector<std::string> labels;
  labels.reserve(metrics.size());
  for (const MetricStat* metric : metrics) labels.push_back(default_label(*metric, metrics));
  return labels;
}

std::string fill_label(std::string_view text, const LabelFacts& facts) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find("${", at), text.size());
    out += text.substr(at, open - at);
    at = open;
    if (at == text.size()) break;
    const size_t close = text.find('}', at);
    if (close == text.npos) return out += text.substr(at);
    const auto value = value_of(text.substr(at + 2, close - at - 2), facts);
    out += value ? *value : std::string(text.substr(at, close + 1 - at));
    at = close + 1;
  }
  return out;
}

}  // namespace kiln::telemetry
