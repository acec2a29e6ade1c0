#include "logs/filters.h"

#include <nlohmann/json.hpp>

namespace kiln::logs {

using nlohmann::json;

json to_document(const GroupFilters& filters) {
  json metrics = json::object(), subscriptions = json::object();
  for (const auto& [name, filter] : filters.metrics) {
    json document = {{"pattern", filter.pattern},      {"created_ms", filter.created_ms},
                     {"metric", filter.metric_name},   {"namespace", filter.metric_namespace},
                     {"value", filter.value},          {"unit", filter.unit},
                     {"dimensions", filter.dimensions}};
    if (filter.default_value) document["default"] = *filter.default_value;
    metrics[name] = std::move(document);
  }
  for (const auto& [name, filter] : filters.subscriptions)
    subscriptions[name] = {{"pattern", filter.pattern},
                           {"created_ms", filter.created_ms},
                           {"destination", filter.destination_arn},
                           {"role", filter.role_arn},
                           {"distribution", filter.distribution}};
  return {{"metrics", std::move(metrics)}, {"subscriptions", std::move(subscriptions)}};
}

GroupFilters parse_group_filters(const json& document) {
  GroupFilters filters;
  try {
    for (const auto& [name, from] : document.at("metrics").items()) {
      MetricFilter filter;
      filter.pattern = from.value("pattern", "");
      filter.created_ms = from.value("created_ms", int64_t{0});
      filter.metric_name = from.value("metric", "");
      filter.metric_namespace = from.value("namespace", "");
      filter.value = from.value("value", "");
      filter.unit = from.value("unit", "");
      filter.dimensions = from.value("dimensions", filter.dimensions);
      if (from.contains("default")) filter.default_value = from["default"].get<double>();
      filters.metrics[name] = std::move(filter);
    }
    for (const auto& [name, from] : document.at("subscriptions").items()) {
      SubscriptionFilter filter;
      filter.pattern = from.value("pattern", "");
      filter.created_ms = from.value("created_ms", int64_t{0});
      filter.destination_arn = from.value("destination", "");
      filter.role_arn = from.value("role", "");
      filter.distribution = from.value("distribution", filter.distribution);
      filters.subscriptions[name] = std::move(filter);
    }
  } catch (const json::exception&) {
    // What could be read counts.
  }
  return filters;
}

}  // namespace kiln::logs
