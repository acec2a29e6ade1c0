#include "template/parameters.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>

namespace kiln::cfn {
namespace {

using nlohmann::json;

Error validation(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

std::optional<double> number_of(const std::string& text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> out;
  if (text.empty()) return out;
  for (size_t start = 0;;) {
    const size_t comma = text.find(',', start);
    std::string item = text.substr(start, comma - start);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    out.push_back(std::move(item));
    if (comma == std::string::npos) return out;
    start = comma + 1;
  }
}

Error broken(const Parameter& parameter, const std::string& what) {
  if (!parameter.constraint_description.empty())
    return validation("Parameter '" + parameter.name + "' " + parameter.constraint_description);
  return validation("Parameter '" + parameter.name + "' " + what);
}

Result<void> check_one(const Parameter& parameter, const std::string& value, bool numeric) {
  const auto& allowed = parameter.allowed_values;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    return broken(parameter, "must be one of AllowedValues");
  if (numeric) {
    const auto number = number_of(value);
    if (!number) return validation("Parameter '" + parameter.name + "' must be a number.");
    if (parameter.min_value && *number < *parameter.min_value)
      return broken(parameter, "must be a number not less than " + json(*parameter.min_value).dump());
    if (parameter.max_value && *number > *parameter.max_value)
      return broken(parameter,
                    "must be a number not greater than " + json(*parameter.max_value).dump());
  }
  if (parameter.min_length && value.size() < *parameter.min_length)
    return broken(parameter, "must contain at least " + std::to_string(*parameter.min_length) +
                                 " characters");
  if (parameter.max_length && value.size() > *parameter.max_length)
    return broken(parameter, "must contain at most " + std::to_string(*parameter.max_length) +
                                 " characters");
  if (parameter.allowed_pattern.empty()) return {};
  const RE2 pattern(parameter.allowed_pattern, RE2::Quiet);
  if (!pattern.ok())
    return validation("Template error: the AllowedPattern of '" + parameter.name +
                      "' is not a regular expression: " + pattern.error());
  if (!RE2::FullMatch(value, pattern))
    return broken(parameter, "must match pattern " + parameter.allowed_pattern);
  return {};
}

constexpr std::string_view kSsmPrefix = "AWS::SSM::Parameter::Value<";

// The value of a parameter as Ref gives it.
Result<json> value_of(const Parameter& parameter, std::string text, const SsmLookup& ssm) {
  std::string type = parameter.type;
  if (type.starts_with(kSsmPrefix)) {
    const auto found = ssm ? ssm(text) : std::nullopt;
    if (!found)
      return validation("Unable to fetch parameters [" + text +
                        "] from parameter store for this account.");
    text = *found;
    type = type.substr(kSsmPrefix.size(), type.size() - kSsmPrefix.size() - 1);
  }
  const bool list = type == "CommaDelimitedList" || type.starts_with("List<");
  const bool numeric = type == "Number" || type == "List<Number>";
  if (!list) {
    if (auto fine = check_one(parameter, text, numeric); !fine) return fine.error();
    return json(std::move(text));
  }
  json out = json::array();
  for (std::string& item : split_list(text)) {
    if (auto fine = check_one(parameter, item, numeric); !fine) return fine.error();
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace

Result<ParameterValues> resolve_parameters(const Template& parsed,
                                           const std::map<std::string, std::string>& given,
                                           const SsmLookup& ssm) {
  std::vector<std::string> unknown, missing;
  for (const auto& [name, value] : given)
    if (!parsed.parameter(name)) unknown.push_back(name);
  if (!unknown.empty())
    return validation("Parameters: [" + joined(unknown) + "] do not exist in the template");
  ParameterValues out;
  for (const Parameter& parameter : parsed.parameters) {
    const auto found = given.find(parameter.name);
    if (found == given.end() && !parameter.default_value) {
      missing.push_back(parameter.name);
      continue;
    }
    auto value = value_of(parameter, found == given.end() ? *parameter.default_value : found->second,
                          ssm);
    if (!value) return value.error();
    out[parameter.name] = std::move(*value);
  }
  if (!missing.empty())
    return validation("Parameters: [" + joined(missing) + "] must have values");
  return out;
}

}  // namespace kiln::cfn
