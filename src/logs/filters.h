// What is made of a log group's events beside keeping them: metric filters and subscription
// filters. Values only.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace kiln::logs {

struct MetricFilter {
  std::string pattern;
  int64_t created_ms = 0;
  std::string metric_namespace;
  std::string metric_name;
  std::string value;  // a number, or a selector: $.time, $size
  std::optional<double> default_value;
  std::string unit;                               // "": None
  std::map<std::string, std::string> dimensions;  // name to selector
};

struct SubscriptionFilter {
  std::string pattern;
  int64_t created_ms = 0;
  std::string destination_arn;
  std::string role_arn;
  std::string distribution = "ByLogStream";
};

// By name.
struct GroupFilters {
  std::map<std::string, MetricFilter> metrics;
  std::map<std::string, SubscriptionFilter> subscriptions;

  bool empty() const { return metrics.empty() && subscriptions.empty(); }
};

nlohmann::json to_document(const GroupFilters& filters);
// What can be read of it.
GroupFilters parse_group_filters(const nlohmann::json& document);

}  // namespace kiln::logs
