#include "stack/coerce.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "template/evaluate.h"

namespace kiln::stack {
namespace {

using nlohmann::json;
using Names = std::set<std::string_view>;

constexpr double kMaxExact = 9007199254740992;  // 2^53: above, a double is no count

// By name alone: no two properties of the types that stacks can hold share a name and differ.
const Names kIntegers = {"ActionsSuppressorExtensionPeriod",
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
const Names kNumbers = {"FunctionWeight", "MetricIntervalLowerBound", "MetricIntervalUpperBound",
                        "TargetValue", "Threshold"};
const Names kBooleans = {
    "ActionsEnabled", "AllowCredentials",          "ContentBasedDeduplication",
    "DisableScaleIn", "DynamicScalingInSuspended", "DynamicScalingOutSuspended",
    "FifoTopic",      "InvokedViaFunctionUrl",     "RawMessageDelivery",
    "ReturnData",     "ScheduledScalingSuspended"};
// Their inside belongs to somebody else.
const Names kDocuments = {"AssumeRolePolicyDocument",
                          "DataProtectionPolicy",
                          "DeliveryPolicy",
                          "FilterPolicy",
                          "Policies",
                          "PolicyDocument",
                          "RedrivePolicy"};
// All names in them are the user's, all values texts.
const Names kTextMaps = {"Variables", "Tags"};

std::string as_text(const json& scalar) {
  return scalar.is_string() ? scalar.get<std::string>() : scalar.dump();
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

Result<json> value_of(const std::string& path, std::string_view name, const json& value,
                      bool all_texts);

Result<json> inside_of(const std::string& path, std::string_view name, const json& value,
                       bool all_texts) {
  json out = value.is_array() ? json::array() : json::object();
  size_t index = 0;
  for (const auto& item : value.items()) {
    const std::string at = path + "/" + (value.is_array() ? std::to_string(index++) : item.key());
    auto inner = value_of(at, value.is_array() ? name : std::string_view(item.key()), item.value(),
                          all_texts);
    if (!inner) return inner;
    if (value.is_array())
      out.push_back(std::move(*inner));
    else
      out[item.key()] = std::move(*inner);
  }
  return out;
}

Result<json> value_of(const std::string& path, std::string_view name, const json& value,
                      bool all_texts) {
  if (value.is_string() && cfn::is_unknown(value)) return value;
  const bool integer = !all_texts && kIntegers.contains(name);
  const bool number = !all_texts && kNumbers.contains(name);
  const bool boolean = !all_texts && kBooleans.contains(name);
  const char* expected = integer ? "Integer" : number ? "Number" : boolean ? "Boolean" : nullptr;
  if (value.is_structured()) {
    if (expected) return wrong(path, expected, value);
    if (!all_texts && kDocuments.contains(name)) return value;
    return inside_of(path, name, value, all_texts || kTextMaps.contains(name));
  }
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

Result<json> coerced(const json& properties) { return inside_of("#", "", properties, false); }

}  // namespace kiln::stack
