#include "services/autoscaling/input.h"

#include <limits>
#include <utility>
#include <vector>

#include "base/json_access.h"
#include "scaling/policy_document.h"
#include "scaling/scaling_error.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using scaling::ActionInput;
using scaling::PolicyInput;
using scaling::ResourceId;
using scaling::TargetInput;
using scaling::validation_error;
using Need = InputChecks::Need;

constexpr int64_t kMinInt = std::numeric_limits<int>::min();
constexpr int64_t kMaxInt = std::numeric_limits<int>::max();
const char* const kStepMember = "StepScalingPolicyConfiguration";
const char* const kTrackingMember = "TargetTrackingScalingPolicyConfiguration";

std::optional<int> small(const std::optional<int64_t>& value) {
  if (!value) return std::nullopt;
  return static_cast<int>(*value);
}

const json& member(const json& input, const char* name) {
  static const json kNull;
  if (!input.is_object()) return kNull;
  const auto found = input.find(name);
  return found == input.end() ? kNull : *found;
}

// A structure inside the request; its members are read on their own.
Result<void> check_structure(const json& value, const char* name) {
  if (value.is_null() || value.is_object()) return {};
  return Error{ErrorKind::kInvalid, "SerializationException",
               std::string(name) + " must be a structure"};
}

Error unsupported(const std::string& service, const std::string& dimension) {
  return validation_error(
      "Unsupported service namespace, resource type or scalable dimension: " + service + ", " +
      dimension + ". Kiln scales service namespace lambda, scalable dimension " +
      scaling::kScalableDimension + ".");
}

// ServiceNamespace, ResourceId and ScalableDimension, beside what is already checked.
Result<ResourceId> read_resource(InputChecks& checks) {
  const std::string service = check_service_namespace(checks);
  const std::string text = checks.text("ResourceId", 1, kMaxScalingText, Need::kRequired);
  const std::string dimension = check_scalable_dimension(checks, Need::kRequired);
  if (const auto checked = scaling_checked(checks); !checked) return checked.error();
  if (service != scaling::kServiceNamespace || dimension != scaling::kScalableDimension)
    return unsupported(service, dimension);
  auto resource = ResourceId::parse(text);
  if (!resource)
    return validation_error(
        "Unsupported service namespace, resource type or scalable dimension: "
        "the resource ID is '" +
        text +
        "'; it must be function:NAME:ALIAS or function:NAME:VERSION, and "
        "$LATEST has no provisioned concurrency.");
  return std::move(*resource);
}

}  // namespace

Result<void> scaling_checked(const InputChecks& checks) {
  const auto checked = checks.result();
  if (checked || checked.error().type != "ValidationError") return checked;
  return validation_error(checked.error().message);
}

Result<ResourceId> read_scaling_resource(const json& input) {
  InputChecks checks(input);
  return read_resource(checks);
}

Result<NamedScaling> read_policy_key(InputChecks& checks, Naming naming) {
  std::string name = check_policy_name(checks, naming);
  auto resource = read_resource(checks);
  if (!resource) return resource.error();
  return NamedScaling{std::move(*resource), std::move(name)};
}

Result<NamedScaling> read_action_key(InputChecks& checks, Naming naming) {
  std::string name = check_action_name(checks, naming);
  auto resource = read_resource(checks);
  if (!resource) return resource.error();
  return NamedScaling{std::move(*resource), std::move(name)};
}

Result<scaling::Tags> read_scaling_tags(const json& input) {
  scaling::Tags tags;
  const json& given = member(input, "Tags");
  if (const auto checked = check_structure(given, "Tags"); !checked) return checked.error();
  for (const auto& [key, value] : given.items()) {
    if (!value.is_string())
      return Error{ErrorKind::kInvalid, "SerializationException",
                   "The tag " + key + " must have a string"};
    std::string text = json_text(value);
    if (key.empty() || key.size() > 128 || text.size() > 256)
      return validation_error("The tag '" + key.substr(0, 128) +
                              "' must have a key of 1 to 128 characters and a value of at most "
                              "256.");
    tags.emplace(key, std::move(text));
  }
  return tags;
}

Result<TargetInput> read_target(const json& input) {
  auto resource = read_scaling_resource(input);
  if (!resource) return resource.error();
  InputChecks checks(input);
  TargetInput out;
  out.resource = std::move(*resource);
  out.min = small(checks.integer("MinCapacity", kMinInt, kMaxInt));
  out.max = small(checks.integer("MaxCapacity", kMinInt, kMaxInt));
  if (checks.fields().has("RoleARN")) out.role_arn = checks.text("RoleARN", 1, kMaxScalingText);
  const json& state = member(input, "SuspendedState");
  InputChecks suspended(state);
  out.suspend_in = suspended.fields().boolean("DynamicScalingInSuspended");
  out.suspend_out = suspended.fields().boolean("DynamicScalingOutSuspended");
  out.suspend_scheduled = suspended.fields().boolean("ScheduledScalingSuspended");
  for (const auto& checked : {scaling_checked(checks), scaling_checked(suspended),
                              check_structure(state, "SuspendedState")})
    if (!checked) return checked.error();
  auto tags = read_scaling_tags(input);
  if (!tags) return tags.error();
  out.tags = std::move(*tags);
  return out;
}

Result<PolicyInput> read_policy(const json& input, const std::string& region, NamedScaling key,
                                const std::string& type) {
  PolicyInput out{std::move(key.resource), std::move(key.name), std::nullopt};
  const json& step = member(input, kStepMember);
  const json& tracking = member(input, kTrackingMember);
  for (const auto& checked :
       {check_structure(step, kStepMember), check_structure(tracking, kTrackingMember)})
    if (!checked) return checked.error();
  if (type != scaling::kStepScaling && type != scaling::kTargetTracking)
    return validation_error("PolicyType " + type +
                            " is not supported for service namespace lambda. Use "
                            "TargetTrackingScaling.");
  const bool is_step = type == scaling::kStepScaling;
  if (!(is_step ? tracking : step).is_null())
    return validation_error(std::string(is_step ? kTrackingMember : kStepMember) +
                            " cannot be specified with PolicyType " + type);
  if (is_step && !step.is_null()) {
    auto rule = scaling::read_step_configuration(step);
    if (!rule) return rule.error();
    out.rule = std::move(*rule);
  }
  if (!is_step && !tracking.is_null()) {
    auto rule = scaling::read_tracking_configuration(tracking, region);
    if (!rule) return rule.error();
    out.rule = std::move(*rule);
  }
  return out;
}

Result<ActionInput> read_action(const json& input) {
  InputChecks checks(input);
  wire::Fields& in = checks.fields();
  ActionInput out;
  if (in.has("Schedule")) out.schedule = checks.text("Schedule", 1, kMaxScalingText);
  if (in.has("Timezone")) out.time_zone = checks.text("Timezone", 1, kMaxScalingText);
  out.start = in.time("StartTime");
  out.end = in.time("EndTime");
  auto key = read_action_key(checks, Naming::kNew);
  if (!key) return key.error();
  out.resource = std::move(key->resource);
  out.name = std::move(key->name);
  const json& limits = member(input, "ScalableTargetAction");
  if (const auto checked = check_structure(limits, "ScalableTargetAction"); !checked)
    return checked.error();
  if (limits.is_null()) return out;
  InputChecks limit(limits);
  out.limits.emplace();
  out.limits->min = small(limit.integer("MinCapacity", kMinInt, kMaxInt));
  out.limits->max = small(limit.integer("MaxCapacity", kMinInt, kMaxInt));
  if (const auto checked = scaling_checked(limit); !checked) return checked.error();
  return out;
}

}  // namespace kiln::services
