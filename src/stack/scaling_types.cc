// Application Auto Scaling: targets with their scheduled actions, policies.
#include <algorithm>
#include <array>

#include "base/json_access.h"
#include "stack/resource_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

Result<json> call_scaling(const Scope& scope, const std::string& operation, const json& body) {
  return scope.api.rpc("application-autoscaling", "AnyScaleFrontendService." + operation, body);
}

json which(const json& properties) {
  return pick(properties, {"ResourceId", "ScalableDimension", "ServiceNamespace"});
}

// A time as templates write it, "2026-01-31T08:00:00Z", stays a text; the API takes it so.
constexpr Property kTargetProperties[] = {
    {"MaxCapacity", OnChange::kUpdate, kRequired}, {"MinCapacity", OnChange::kUpdate, kRequired},
    {"ResourceId", kReplace, kRequired},           {"RoleARN"},
    {"ScalableDimension", kReplace, kRequired},    {"ScheduledActions"},
    {"ServiceNamespace", kReplace, kRequired},     {"SuspendedState"},
};

class ScalableTargetType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::ApplicationAutoScaling::ScalableTarget"; }
  std::span<const Property> properties() const override { return kTargetProperties; }
  std::vector<std::string_view> attributes() const override { return {"Id"}; }

  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    json ask = which(properties);
    ask["ResourceIds"] = json::array({ask["ResourceId"]});
    ask.erase("ResourceId");
    const auto there = call_scaling(scope, "DescribeScalableTargets", ask);
    if (!there) return there.error();
    if (!json_list(*there, "ScalableTargets").empty() && !scope.repairing)
      return already_exists(name(), id_of(properties));
    auto made = put(scope, json::object(), properties);
    if (!made) (void)remove(scope, "", properties);
    return made;
  }
  Result<Made> update(const Scope& scope, const std::string&, const json& before,
                      const json& after) const override {
    return put(scope, before, after);
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    return gone(call_scaling(scope, "DeregisterScalableTarget", which(properties)));
  }

 private:
  static std::string id_of(const json& properties) {
    return text_of(properties, "ResourceId") + "|" + text_of(properties, "ScalableDimension") +
           "|" + text_of(properties, "ServiceNamespace");
  }
  static Result<Made> put(const Scope& scope, const json& before, const json& after) {
    json body = after;
    body.erase("ScheduledActions");
    // What a request leaves out keeps its value.
    if (before.contains("SuspendedState") && !body.contains("SuspendedState"))
      body["SuspendedState"] = json::object();
    if (json_member(body, "SuspendedState").is_object())
      for (const char* name :
           {"DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"})
        if (!body["SuspendedState"].contains(name)) body["SuspendedState"][name] = false;
    if (const auto done = call_scaling(scope, "RegisterScalableTarget", body); !done)
      return done.error();
    if (auto done = schedule(scope, before, after); !done) return done.error();
    const std::string id = id_of(after);
    return Made{id, {{"Id", id}}};
  }

  // An action that changes is made anew: putting it would keep what its new form leaves out.
  static Result<void> schedule(const Scope& scope, const json& before, const json& after) {
    const json& old = json_list(before, "ScheduledActions");
    const json& now = json_list(after, "ScheduledActions");
    for (const json& action : old) {
      if (std::find(now.begin(), now.end(), action) != now.end()) continue;
      json request = which(after);
      request["ScheduledActionName"] = text_of(action, "ScheduledActionName");
      if (auto done = gone(call_scaling(scope, "DeleteScheduledAction", request)); !done)
        return done;
    }
    for (const json& action : now) {
      json request = action;
      request.update(which(after));
      if (const auto done = call_scaling(scope, "PutScheduledAction", request); !done)
        return done.error();
    }
    return {};
  }
};

constexpr Property kScalingPolicyProperties[] = {
    {"PolicyName", kReplace, kRequired},
    {"PolicyType", OnChange::kUpdate, kRequired},
    {"ResourceId", kReplace},
    {"ScalableDimension", kReplace},
    {"ScalingTargetId", kReplace},
    {"ServiceNamespace", kReplace},
    {"StepScalingPolicyConfiguration"},
    {"TargetTrackingScalingPolicyConfiguration"},
};

class ScalingPolicyType final : public ResourceType {
 public:
  std::string_view name() const override { return "AWS::ApplicationAutoScaling::ScalingPolicy"; }
  std::span<const Property> properties() const override { return kScalingPolicyProperties; }
  std::vector<std::string_view> attributes() const override { return {"Arn"}; }
  std::string_view name_property() const override { return "PolicyName"; }

  Result<Made> create(const Scope& scope, const std::string&,
                      const json& properties) const override {
    const json request = document(properties);
    json ask = which(request);
    ask["PolicyNames"] = json::array({text_of(request, "PolicyName")});
    const auto there = call_scaling(scope, "DescribeScalingPolicies", ask);
    if (!there) return there.error();
    if (!json_list(*there, "ScalingPolicies").empty() && !scope.repairing)
      return already_exists(name(), text_of(properties, "PolicyName"));
    return put(scope, request);
  }
  Result<Made> update(const Scope& scope, const std::string&, const json&,
                      const json& after) const override {
    return put(scope, document(after));
  }
  Result<void> remove(const Scope& scope, const std::string&,
                      const json& properties) const override {
    const json request = document(properties);
    json body = which(request);
    body["PolicyName"] = text_of(request, "PolicyName");
    return gone(call_scaling(scope, "DeleteScalingPolicy", body));
  }

 private:
  // ScalingTargetId is the target's Ref: resource, dimension and namespace in one.
  static json document(const json& properties) {
    json out = properties;
    const std::string target = text_of(properties, "ScalingTargetId");
    out.erase("ScalingTargetId");
    const size_t dimension = target.find('|');
    const size_t space = target.rfind('|');
    if (dimension != std::string::npos && space > dimension) {
      out["ResourceId"] = target.substr(0, dimension);
      out["ScalableDimension"] = target.substr(dimension + 1, space - dimension - 1);
      out["ServiceNamespace"] = target.substr(space + 1);
    }
    return out;
  }
  static Result<Made> put(const Scope& scope, const json& request) {
    const auto done = call_scaling(scope, "PutScalingPolicy", request);
    if (!done) return done.error();
    const std::string arn = text_of(*done, "PolicyARN");
    return Made{arn, {{"Arn", arn}}};
  }
};

}  // namespace

std::span<const ResourceType* const> scaling_types() {
  static const ScalableTargetType target{};
  static const ScalingPolicyType policy{};
  static constexpr std::array<const ResourceType*, 2> all = {&target, &policy};
  return all;
}

}  // namespace kiln::stack
