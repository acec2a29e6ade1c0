#include "logs/filters.h"

#include <nlohmann/json.hpp>

#include "base/json_access.h"

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

// What can be read counts.
GroupFilters parse_group_filters(const json& document) {
  GroupFilters filters;
  for (const auto& [name, from] : json_member(document, "metrics").items()) {
    MetricFilter filter;
    filter.pattern = json_text(from, "pattern");
    filter.created_ms = json_integer(from, "created_ms");
    filter.metric_name = json_text(from, "metric");
    filter.metric_namespace = json_text(from, "namespace");
    filter.value = json_text(from, "value");
    filter.unit = json_text(from, "unit");
    filter.dimensions = json_texts(json_member(from, "dimensions"));
    if (const json& value = json_member(from, "default"); value.is_number())
      filter.default_value = json_number(value);
    filters.metrics[name] = std::move(filter);
  }
  for (const auto& [name, from] : json_member(document, "subscriptions").items()) {
    SubscriptionFilter filter;
    filter.pattern = json_text(from, "pattern");
    filter.created_ms = json_integer(from, "created_ms");
    filter.destination_arn = json_text(from, "destination");
    filter.role_arn = json_text(from, "role");
    filter.distribution = json_text(from, "distribution", filter.distribution);
    filters.subscriptions[name] = std::move(filter);
  }
  return filters;
}

}  // namespace kiln::logs
