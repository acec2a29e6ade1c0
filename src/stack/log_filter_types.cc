// CloudWatch Logs: metric filters and subscription filters of log groups.
#include <array>

#include "base/json_access.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

Result<json> call_filters(const Scope& scope, const std::string& operation, const json& body) {
  return scope.api.rpc("logs", "Logs_20140328." + operation, body);
}

// Both kinds of filters: the API's Put replaces a filter of the same name.
class LogFilterType : public ResourceType {
 public:
  std::string_view name_property() const override { return "FilterName"; }
  size_t max_name() const override { return 512; }
  bool id_is_name() const override { return true; }

  Result<void> check(const AwsApi& trial, const std::string& name,
                     const json& properties) const override {
    const json known = known_part(properties, {{"LogGroupName", "later"}});
    if (lacks(known, properties)) return {};
    return verdict(trial.rpc("logs", "Logs_20140328.Put" + kind(), creation(name, known)));
  }
  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    if (!scope.repairing) {
      const auto there = is_there(scope, name, properties);
      if (!there) return there.error();
      if (*there) return already_exists(this->name(), name);
    }
    return put(scope, name, properties);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json& after) const override {
    return put(scope, id, after);
  }
  Result<void> remove(const Scope& scope, const std::string& id,
                      const json& properties) const override {
    return gone(
        call_filters(scope, "Delete" + kind(),
                     {{"logGroupName", text_of(properties, "LogGroupName")}, {"filterName", id}}));
  }

 protected:
  // As the API's operations say it.
  virtual std::string kind() const = 0;
  // The members of the API's Put besides the name, the group and the pattern.
  virtual void add_members(const json& properties, json& body) const = 0;

 private:
  Result<Made> put(const Scope& scope, const std::string& name, const json& properties) const {
    if (const auto done = call_filters(scope, "Put" + kind(), creation(name, properties)); !done)
      return done.error();
    return Made{name, json::object()};
  }

  json creation(const std::string& name, const json& properties) const {
    json body = {{"logGroupName", text_of(properties, "LogGroupName")},
                 {"filterName", name},
                 {"filterPattern", text_of(properties, "FilterPattern")}};
    add_members(properties, body);
    return body;
  }

  Result<bool> is_there(const Scope& scope, const std::string& name, const json& properties) const {
    const auto page = call_filters(
        scope, "Describe" + kind() + "s",
        {{"logGroupName", text_of(properties, "LogGroupName")}, {"filterNamePrefix", name}});
    if (!page) return page.error();
    for (const auto& list : page->items())
      for (const json& filter : list.value())
        if (filter.is_object() && text_of(filter, "filterName") == name) return true;
    return false;
  }
};

constexpr Property kMetricFilterProperties[] = {
    {"FilterName", kReplace},
    {"FilterPattern", OnChange::kUpdate, kRequired},
    {"LogGroupName", kReplace, kRequired},
    {"MetricTransformations", OnChange::kUpdate, kRequired},
};

class MetricFilterType final : public LogFilterType {
 public:
  std::string_view name() const override { return "AWS::Logs::MetricFilter"; }
  std::span<const Property> properties() const override { return kMetricFilterProperties; }

 protected:
  std::string kind() const override { return "MetricFilter"; }
  void add_members(const json& properties, json& body) const override {
    json transformations = json::array();
    for (const json& each : json_list(properties, "MetricTransformations")) {
      json one = json::object();
      for (const auto& [name, member] :
           {std::pair("MetricName", "metricName"), std::pair("MetricNamespace", "metricNamespace"),
            std::pair("MetricValue", "metricValue"), std::pair("DefaultValue", "defaultValue"),
            std::pair("Unit", "unit")})
        if (const auto found = each.find(name); found != each.end()) one[member] = *found;
      for (const json& dimension : json_list(each, "Dimensions"))
        one["dimensions"][text_of(dimension, "Key")] = text_of(dimension, "Value");
      transformations.push_back(std::move(one));
    }
    body["metricTransformations"] = std::move(transformations);
  }
};

constexpr Property kSubscriptionFilterProperties[] = {
    {"DestinationArn", OnChange::kUpdate, kRequired},
    {"Distribution"},
    {"FilterName", kReplace},
    {"FilterPattern", OnChange::kUpdate, kRequired},
    {"LogGroupName", kReplace, kRequired},
    {"RoleArn"},
};

class SubscriptionFilterType final : public LogFilterType {
 public:
  std::string_view name() const override { return "AWS::Logs::SubscriptionFilter"; }
  std::span<const Property> properties() const override { return kSubscriptionFilterProperties; }

 protected:
  std::string kind() const override { return "SubscriptionFilter"; }
  void add_members(const json& properties, json& body) const override {
    for (const auto& [name, member] :
         {std::pair("DestinationArn", "destinationArn"), std::pair("Distribution", "distribution"),
          std::pair("RoleArn", "roleArn")})
      if (const auto found = properties.find(name); found != properties.end())
        body[member] = *found;
  }
};

}  // namespace

std::span<const ResourceType* const> log_filter_types() {
  static const MetricFilterType metric{};
  static const SubscriptionFilterType subscription{};
  static constexpr std::array<const ResourceType*, 2> all = {&metric, &subscription};
  return all;
}

}  // namespace kiln::stack
