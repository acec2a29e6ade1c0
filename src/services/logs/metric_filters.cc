// Metric filters: what they are. What they make of events: logs/tap.h.
#include <charconv>

#include "base/json_access.h"
#include "logs/filter_pattern.h"
#include "services/logs/errors.h"
#include "services/logs/filter_lists.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"
#include "telemetry/metric_unit.h"

namespace kiln::services {
namespace {

using logs::MetricFilter;
using nlohmann::json;

constexpr size_t kMaxMetricFilters = 100;  // of a group
constexpr size_t kMaxMetricText = 255;     // a metric's name, namespace, dimension
constexpr size_t kMaxMetricValue = 100;
constexpr size_t kMaxFilterDimensions = 3;
constexpr size_t kMaxTestedMessages = 50;

std::string member_text(const json& structure, const char* name) {
  const auto found = structure.find(name);
  if (found == structure.end() || found->is_null()) return "null";
  return found->is_string() ? json_text(*found) : json_dump(*found);
}

// As AWS writes the list in the text of an error.
std::string transformations_text(const json& list) {
  std::string text;
  for (const json& each : list) {
    text += text.empty() ? "[MetricTransformation(" : "), MetricTransformation(";
    const char* between = "";
    for (const char* name :
         {"metricName", "metricNamespace", "metricValue", "defaultValue", "unit", "dimensions"}) {
      text +=
          between + std::string(name) + "=" + (each.is_object() ? member_text(each, name) : "null");
      between = ", ";
    }
  }
  return text + ")]";
}

bool is_plain_number(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// The one structure in metricTransformations.
Result<MetricFilter> read_transformation(LogsInput& in) {
  const json* list = in.find("metricTransformations");
  constexpr const char* kWhere = "metricTransformations";
  if (!list) return constraint_error("null", kWhere, "Member must not be null");
  if (!list->is_array())
    return invalid_parameter_exception(std::string(kWhere) + " must be a list of structures.");
  if (list->empty())
    return constraint_error("'[]'", kWhere, "Member must have length greater than or equal to 1");
  if (list->size() > 1)
    return constraint_error("'" + transformations_text(*list) + "'", kWhere,
                            "Member must have length less than or equal to 1");
  const json& document = list->front();
  if (!document.is_object())
    return invalid_parameter_exception(std::string(kWhere) + " must be a list of structures.");
  LogsInput member(document);
  MetricFilter filter;
  const auto text = [&](const char* name, size_t most) {
    const std::string where = std::string(kWhere) + ".1.member." + name;
    std::string value = member.text(name);
    if (!member.status()) return value;
    if (!member.has(name)) {
      member.fail(constraint_error("null", where, "Member must not be null"));
    } else if (value.size() > most) {
      member.fail(constraint_error(
          "'" + value + "'", where,
          "Member must have length less than or equal to " + std::to_string(most)));
    }
    return value;
  };
  filter.metric_name = text("metricName", kMaxMetricText);
  filter.metric_namespace = text("metricNamespace", kMaxMetricText);
  filter.value = text("metricValue", kMaxMetricValue);
  filter.unit = member.text("unit");
  filter.dimensions = member.text_map("dimensions");
  if (!member.status()) return member.status().error();
  if (filter.metric_namespace.starts_with("AWS/"))
    return invalid_parameter_exception(
        "Invalid metric transformation: a metric namespace may not begin with AWS/.");
  if (!filter.value.starts_with('$') && !is_plain_number(filter.value))
    return invalid_parameter_exception(
        "Invalid metric transformation: the metric value '" + filter.value +
        "' is neither a number nor a part of the event, such as $.size or $size.");
  if (!filter.unit.empty() && !telemetry::is_metric_unit(filter.unit))
    return invalid_parameter_exception("Invalid metric transformation: '" + filter.unit +
                                       "' is no unit.");
  if (const json* value = member.find("defaultValue")) {
    if (!value->is_number()) return invalid_parameter_exception("defaultValue must be a number.");
    filter.default_value = json_number(*value);
  }
  if (filter.dimensions.size() > kMaxFilterDimensions)
    return invalid_parameter_exception(
        "Invalid metric transformation: a metric filter has at most " +
        std::to_string(kMaxFilterDimensions) + " dimensions.");
  if (!filter.dimensions.empty() && filter.default_value)
    return invalid_parameter_exception(
        "Invalid metric transformation: dimensions and default value are mutually exclusive "
        "properties.");
  for (const auto& [name, selector] : filter.dimensions)
    if (name.empty() || name.size() > kMaxMetricText || !selector.starts_with('$'))
      return invalid_parameter_exception(
          "Invalid metric transformation: the dimension '" + name + "' needs a name of up to " +
          std::to_string(kMaxMetricText) +
          " characters, and a part of the event, such as $.server or $server.");
  return filter;
}

json metric_filter_document(const std::string& group, const std::string& name,
                            const MetricFilter& filter) {
  json transformation = {{"metricName", filter.metric_name},
                         {"metricNamespace", filter.metric_namespace},
                         {"metricValue", filter.value}};
  if (filter.default_value) transformation["defaultValue"] = *filter.default_value;
  if (!filter.unit.empty()) transformation["unit"] = filter.unit;
  if (!filter.dimensions.empty()) transformation["dimensions"] = filter.dimensions;
  return {{"filterName", name},
          {"filterPattern", filter.pattern},
          {"logGroupName", group},
          {"creationTime", filter.created_ms},
          {"applyOnTransformedLogs", false},
          {"metricTransformations", json::array({std::move(transformation)})}};
}

// filterPattern, which must be there and may be empty.
Result<std::string> read_pattern(LogsInput& in) {
  const std::string pattern = in.bounded_text("filterPattern", 0, kMaxFilterPattern);
  if (!in.has("filterPattern"))
    in.fail(constraint_error("null", "filterPattern", "Member must not be null"));
  if (!in.status()) return in.status().error();
  if (auto parsed = logs::FilterPattern::parse(pattern); !parsed) return parsed.error();
  return pattern;
}

}  // namespace

Result<json> LogsOperations::put_metric_filter(LogsInput& in) {
  const std::string name = in.filter_name();
  const std::string group_name = in.group_name();
  const auto pattern = read_pattern(in);
  if (!pattern) return pattern.error();
  auto filter = read_transformation(in);
  if (!filter) return filter.error();
  auto group = groups_.find(region_, group_name);
  if (!group) return no_such_group();
  auto& filters = group->filters.metrics;
  const auto before = filters.find(name);
  if (before == filters.end() && filters.size() >= kMaxMetricFilters) return limit_exceeded();
  filter->pattern = *pattern;
  filter->created_ms = before == filters.end() ? now_ms_ : before->second.created_ms;
  filters[name] = std::move(*filter);
  if (auto put = groups_.put(region_, group_name, std::move(*group)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::describe_metric_filters(LogsInput& in) {
  const std::string prefix = in.name_prefix("filterNamePrefix");
  const std::string metric = in.bounded_text("metricName", 0, kMaxMetricText);
  const std::string space = in.bounded_text("metricNamespace", 0, kMaxMetricText);
  const int64_t limit = in.number("limit", kMaxDescribedLogs, 1, kMaxDescribedLogs);
  const std::string token = in.filled_text("nextToken");
  std::string only;
  if (in.has("logGroupName")) {
    const auto group = named_group(in);
    if (!group) return group.error();
    only = *group;
  }
  if (!in.status()) return in.status().error();
  if (metric.empty() != space.empty())
    return invalid_parameter_exception(
        "metricName and metricNamespace must be given together, or neither of them.");
  FilterDocuments documents;
  for (const auto& [group, filters] : groups_.filters(region_)) {
    if (!only.empty() && group != only) continue;
    for (const auto& [name, filter] : filters.metrics) {
      const bool wanted =
          name.starts_with(prefix) &&
          (metric.empty() || (filter.metric_name == metric && filter.metric_namespace == space));
      if (wanted) documents[{name, group}] = metric_filter_document(group, name, filter);
    }
  }
  return filter_page("metricFilters", std::move(documents), token, limit);
}

Result<json> LogsOperations::delete_metric_filter(LogsInput& in) {
  const std::string name = in.filter_name();
  const auto group_name = named_group(in);
  if (!group_name) return group_name.error();
  auto group = groups_.find(region_, *group_name);
  if (!group) return no_such_group();
  if (group->filters.metrics.erase(name) == 0) return no_such_filter("metric");
  if (auto put = groups_.put(region_, *group_name, std::move(*group)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::test_metric_filter(LogsInput& in) {
  const auto text = read_pattern(in);
  if (!text) return text.error();
  const auto messages =
      in.texts("logEventMessages", {.least = 1, .most = kMaxTestedMessages, .shortest = 1});
  if (!in.has("logEventMessages"))
    in.fail(constraint_error("null", "logEventMessages", "Member must not be null"));
  if (!in.status()) return in.status().error();
  const auto pattern = logs::FilterPattern::parse(*text);
  if (!pattern) return pattern.error();
  json matches = json::array();
  for (size_t i = 0; i < messages.size(); ++i)
    if (pattern->matches(messages[i]))
      matches.push_back({{"eventNumber", i},
                         {"eventMessage", messages[i]},
                         {"extractedValues", pattern->fields(messages[i])}});
  return json{{"matches", std::move(matches)}};
}

}  // namespace kiln::services
