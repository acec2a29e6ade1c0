#include "stack/coerce.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/json_access.h"
#include "stack/shapes.h"
#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;
using NameSet = std::set<std::string_view>;

constexpr double kMaxExact = 9007199254740992;  // 2^53: above, a double is no count

// By name alone: no two properties of the types that stacks can hold share a name and differ.
const NameSet kIntegers = {"ActionsSuppressorExtensionPeriod",
                           "ActionsSuppressorWaitPeriod",
                           "Cooldown",
                           "DatapointsToAlarm",
                           "EvaluationPeriods",
                           "MaxAge",
                           "MaxCapacity",
                           "MaximumEventAgeInSeconds",
                           "MaximumRetryAttempts",
                           "MaxSessionDuration",
                           "MemorySize",
                           "MinAdjustmentMagnitude",
                           "MinCapacity",
                           "Period",
                           "ProvisionedConcurrentExecutions",
                           "ReservedConcurrentExecutions",
                           "RetentionInDays",
                           "ScaleInCooldown",
                           "ScaleOutCooldown",
                           "ScalingAdjustment",
                           "Size",
                           "Timeout"};
const NameSet kNumbers = {
    "DefaultValue", "FunctionWeight", "MetricIntervalLowerBound", "MetricIntervalUpperBound",
    "TargetValue",  "Threshold"};
const NameSet kBooleans = {"ActionsEnabled",
                           "AllowCredentials",
                           "ContentBasedDeduplication",
                           "DeletionProtectionEnabled",
                           "DisableScaleIn",
                           "DynamicScalingInSuspended",
                           "DynamicScalingOutSuspended",
                           "FifoTopic",
                           "InvokedViaFunctionUrl",
                           "RawMessageDelivery",
                           "ReturnData",
                           "ScheduledScalingSuspended"};
// Their inside belongs to somebody else.
const NameSet kDocuments = {"AccelerateConfiguration",
                            "AlarmConfiguration",
                            "AnalyticsConfigurations",
                            "AssumeRolePolicyDocument",
                            "AutoRollbackConfiguration",
                            "BucketEncryption",
                            "CorsConfiguration",
                            "DataProtectionPolicy",
                            "DeliveryPolicy",
                            "DeploymentStyle",
                            "FilterPolicy",
                            "IntelligentTieringConfigurations",
                            "InventoryConfigurations",
                            "LifecycleConfiguration",
                            "LoggingConfiguration",
                            "MetadataConfiguration",
                            "MetadataTableConfiguration",
                            "MetricsConfigurations",
                            "NotificationConfiguration",
                            "ObjectLockConfiguration",
                            "OwnershipControls",
                            "Policies",
                            "PolicyDocument",
                            "PublicAccessBlockConfiguration",
                            "RedrivePolicy",
                            "ReplicationConfiguration",
                            "TriggerConfigurations",
                            "VersioningConfiguration",
                            "WebsiteConfiguration"};
// All names in them are the user's, all values texts.
const NameSet kTextMaps = {"Variables", "Tags"};

std::string as_text(const json& scalar) {
  return scalar.is_string() ? json_text(scalar) : json_dump(scalar);
}

template <class Number>
std::optional<Number> number_of(const json& scalar) {
  const std::string text = as_text(scalar);
  Number number{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Error wrong(const std::string& path, const char* expected, const json& found) {
  const char* type = found.is_string()    ? "String"
                     : found.is_boolean() ? "Boolean"
                     : found.is_number()  ? "Number"
                     : found.is_array()   ? "JSONArray"
                                          : "JSONObject";
  return {ErrorKind::kInvalid, "ValidationError",
          path + ": expected type: " + expected + ", found: " + type +
              (found.is_structured() ? "" : " (" + as_text(found) + ")")};
}

// What stands above a value.
enum class Above { kObject, kList };

// What `value`, of the property `name` or an element of its list, must be and isn't; else nullptr.
const char* wanted_shape(std::string_view name, const json& value, Above above) {
  const bool element = above == Above::kList;
  switch (shape_of(name)) {
    case Shape::kAny:
      return nullptr;
    case Shape::kText:
      return value.is_structured() ? "String" : nullptr;
    case Shape::kObject:
      return value.is_object() ? nullptr : "JSONObject";
    case Shape::kTexts:
      if (element) return value.is_structured() ? "String" : nullptr;
      return value.is_array() ? nullptr : "JSONArray";
    case Shape::kObjects:
      if (element) return value.is_object() ? nullptr : "JSONObject";
      return value.is_array() ? nullptr : "JSONArray";
  }
  return nullptr;
}

enum class Names { kProperties, kTheUsers };  // what the names inside an object are

// The same for names that are the user's. Tags are [{"Key": "a", "Value": "b"}], or {"a": "b"}
// where a type has them so.
const char* wanted_shape(std::string_view name, const json& value, Above above, Names names) {
  if (value.is_null()) return nullptr;  // refused whatever the shape
  const bool tags = name == "Tags";
  if (names == Names::kProperties && !tags) return wanted_shape(name, value, above);
  if (names == Names::kProperties) return value.is_structured() ? nullptr : "JSONArray";
  if (above == Above::kList) return value.is_object() ? nullptr : "JSONObject";
  return value.is_structured() ? "String" : nullptr;
}

Result<json> coerced_value(const std::string& path, std::string_view name, const json& value,
                           Above above, Names names);

Result<json> inside_of(const std::string& path, std::string_view name, const json& value,
                       Names names) {
  json out = value.is_array() ? json::array() : json::object();
  size_t index = 0;
  for (const auto& item : value.items()) {
    const std::string at = path + "/" + (value.is_array() ? std::to_string(index++) : item.key());
    auto inner = value.is_array()
                     ? coerced_value(at, name, item.value(), Above::kList, names)
                     : coerced_value(at, item.key(), item.value(), Above::kObject, names);
    if (!inner) return inner;
    if (value.is_array())
      out.push_back(std::move(*inner));
    else
      out[item.key()] = std::move(*inner);
  }
  return out;
}

Result<json> coerced_value(const std::string& path, std::string_view name, const json& value,
                           Above above, Names names) {
  if (value.is_string() && cfn::is_unknown(value)) return value;
  const bool users = names == Names::kTheUsers;
  const bool integer = !users && kIntegers.contains(name);
  const bool number = !users && kNumbers.contains(name);
  const bool boolean = !users && kBooleans.contains(name);
  const char* expected = integer ? "Integer" : number ? "Number" : boolean ? "Boolean" : nullptr;
  if (value.is_structured()) {
    if (expected) return wrong(path, expected, value);
    if (!users && kDocuments.contains(name)) return value;
  }
  if (const char* shape = wanted_shape(name, value, above, names)) return wrong(path, shape, value);
  if (value.is_structured())
    return inside_of(path, name, value,
                     users || kTextMaps.contains(name) ? Names::kTheUsers : Names::kProperties);
  if (value.is_null())
    return Error{ErrorKind::kInvalid, "ValidationError", path + ": null values are not allowed"};
  if (integer) {
    if (const auto n = number_of<int64_t>(value)) return json(*n);
    // 60.0 of a template in JSON is 60.
    if (const auto n = number_of<double>(value);
        n && std::abs(*n) <= kMaxExact && *n == std::trunc(*n))
      return json(static_cast<int64_t>(*n));
    return wrong(path, expected, value);
  }
  if (number) {
    if (const auto n = number_of<double>(value)) return json(*n);
    return wrong(path, expected, value);
  }
  if (boolean) {
    if (value.is_boolean()) return value;
    const std::string text = as_text(value);
    if (text == "true" || text == "True") return json(true);
    if (text == "false" || text == "False") return json(false);
    return wrong(path, expected, value);
  }
  return json(as_text(value));
}

}  // namespace

Result<json> coerced(const json& properties) {
  return inside_of("#", "", properties, Names::kProperties);
}

}  // namespace kiln::stack
