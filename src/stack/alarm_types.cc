// CloudWatch: alarms, composite alarms, dashboards.
#include <array>

#include "base/arn.h"
#include "base/json_access.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

const std::string kMonitoring = "GraniteServiceVersion20100801.";

Result<json> call_monitoring(const Scope& scope, const std::string& operation, const json& body) {
  return scope.api.rpc("monitoring", kMonitoring + operation, body);
}

constexpr Property kAlarmProperties[] = {
    {"ActionsEnabled"},
    {"AlarmActions"},
    {"AlarmDescription"},
    {"AlarmName", kReplace},
    {"ComparisonOperator", OnChange::kUpdate, kRequired},
    {"DatapointsToAlarm"},
    {"Dimensions"},
    {"EvaluateLowSampleCountPercentile"},
    {"EvaluationPeriods", OnChange::kUpdate, kRequired},
    {"ExtendedStatistic"},
    {"InsufficientDataActions"},
    {"MetricName"},
    {"Metrics"},
    {"Namespace"},
    {"OKActions"},
    {"Period"},
    {"Statistic"},
    {"Tags"},
    {"Threshold"},
    {"ThresholdMetricId"},
    {"TreatMissingData"},
    {"Unit"},
};

constexpr Property kCompositeProperties[] = {
    {"ActionsEnabled"},
    {"ActionsSuppressor"},
    {"ActionsSuppressorExtensionPeriod"},
    {"ActionsSuppressorWaitPeriod"},
    {"AlarmActions"},
    {"AlarmDescription"},
    {"AlarmName", kReplace},
    {"AlarmRule", OnChange::kUpdate, kRequired},
    {"InsufficientDataActions"},
    {"OKActions"},
    {"Tags"},
};

// Both kinds of alarm: they differ in the operation that puts them.
class AlarmType final : public ResourceType {
 public:
  AlarmType(std::string_view name, std::span<const Property> properties, const char* operation)
      : name_(name), properties_(properties), operation_(operation) {}

  std::string_view name() const override { return name_; }
  std::span<const Property> properties() const override { return properties_; }
  std::vector<std::string_view> attributes() const override { return {"Arn"}; }
  std::string_view name_property() const override { return "AlarmName"; }
  size_t max_name() const override { return 255; }
  bool id_is_name() const override { return true; }

  // A composite's rule is about alarms, of which some may not be there yet.
  Result<void> check(const AwsApi& trial, const std::string& name,
                     const json& properties) const override {
    if (operation_ != std::string_view("PutMetricAlarm")) return {};
    const json later = "later";
    json body = known_part(properties, {{"Namespace", later}, {"MetricName", later}});
    // Its numbers are judged with each other.
    if (lacks(body, properties)) return {};
    body["AlarmName"] = name;
    return verdict(trial.rpc("monitoring", kMonitoring + operation_, body));
  }
  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    const auto there =
        call_monitoring(scope, "DescribeAlarms",
                        {{"AlarmNames", json::array({name})},
                         {"AlarmTypes", json::array({"MetricAlarm", "CompositeAlarm"})}});
    if (!there) return there.error();
    for (const char* kind : {"MetricAlarms", "CompositeAlarms"})
      if (!json_list(*there, kind).empty()) return already_exists(name_, name);
    return put(scope, name, properties);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json& before,
                      const json& after) const override {
    auto made = put(scope, id, after);
    if (!made || !differs(before, after, "Tags")) return made;
    // Putting an alarm that is there leaves its tags as they are.
    const TagChange change = tag_change(before, after);
    const std::string arn = text_of(made->attributes, "Arn");
    if (!change.removed.empty())
      if (const auto done = call_monitoring(scope, "UntagResource",
                                            {{"ResourceARN", arn}, {"TagKeys", change.removed}});
          !done)
        return done.error();
    if (!change.wanted.empty())
      if (const auto done = call_monitoring(
              scope, "TagResource", {{"ResourceARN", arn}, {"Tags", tag_list(change.wanted)}});
          !done)
        return done.error();
    return made;
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return gone(call_monitoring(scope, "DeleteAlarms", {{"AlarmNames", json::array({id})}}));
  }

 private:
  Result<Made> put(const Scope& scope, const std::string& name, const json& properties) const {
    json body = properties;
    body["AlarmName"] = name;
    if (const auto done = call_monitoring(scope, operation_, body); !done) return done.error();
    return Made{
        name, {{"Arn", arn_start("cloudwatch", scope.region) + scope.account + ":alarm:" + name}}};
  }

  const std::string_view name_;
  const std::span<const Property> properties_;
  const char* const operation_;
};

constexpr Property kDashboardProperties[] = {
    {"DashboardBody", OnChange::kUpdate, kRequired},
    {"DashboardName", kReplace},
};

class DashboardType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::CloudWatch::Dashboard"; }
  std::span<const Property> properties() const override { return kDashboardProperties; }
  std::string_view name_property() const override { return "DashboardName"; }
  size_t max_name() const override { return 255; }
  bool id_is_name() const override { return true; }

  Result<Made> create(const Scope& scope, const std::string& name,
                      const json& properties) const override {
    if (call_monitoring(scope, "GetDashboard", {{"DashboardName", name}}))
      return already_exists(this->name(), name);
    return put(scope, name, properties);
  }
  Result<Made> update(const Scope& scope, const std::string& id, const json&,
                      const json& after) const override {
    return put(scope, id, after);
  }
  Result<void> remove(const Scope& scope, const std::string& id, const json&) const override {
    return gone(
        call_monitoring(scope, "DeleteDashboards", {{"DashboardNames", json::array({id})}}));
  }

 private:
  static Result<Made> put(const Scope& scope, const std::string& name, const json& properties) {
    const auto done = call_monitoring(
        scope, "PutDashboard",
        {{"DashboardName", name}, {"DashboardBody", text_of(properties, "DashboardBody")}});
    if (!done) return done.error();
    return Made{name, json::object()};
  }
};

}  // namespace

std::span<const ResourceType* const> alarm_types() {
  static const AlarmType metric("AWS::CloudWatch::Alarm", kAlarmProperties, "PutMetricAlarm");
  static const AlarmType composite("AWS::CloudWatch::CompositeAlarm", kCompositeProperties,
                                   "PutCompositeAlarm");
  static const DashboardType dashboard{};
  static constexpr std::array<const ResourceType*, 3> all = {&metric, &composite, &dashboard};
  return all;
}

}  // namespace kiln::stack
