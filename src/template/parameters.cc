#include "template/parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json_access.h"
#include "template/evaluate.h"
#include "template/parameter_type.h"
#include "template/pattern.h"
#include "template/problem_text.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;

Error validation(std::string message) {
  return {ErrorKind::kInvalid, "ValidationError", std::move(message)};
}

std::optional<double> finite_number_of(const std::string& text) {
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

// Characters, not bytes.
size_t length_of(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
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

// Checks the values of one parameter: the pattern is compiled once.
class Constraints {
 public:
  explicit Constraints(const Parameter& parameter, bool numeric)
      : parameter_(parameter), numeric_(numeric), pattern_(parameter.allowed_pattern) {}

  Result<void> check(const std::string& value) const {
    const auto& allowed = parameter_.allowed_values;
    if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), value) == allowed.end())
      return broken("must be one of AllowedValues");
    if (numeric_)
      if (auto done = check_number(value); !done) return done;
    const size_t length = length_of(value);
    if (parameter_.min_length && length < *parameter_.min_length)
      return broken("must contain at least " + std::to_string(*parameter_.min_length) +
                    " characters");
    if (parameter_.max_length && length > *parameter_.max_length)
      return broken("must contain at most " + std::to_string(*parameter_.max_length) +
                    " characters");
    if (parameter_.allowed_pattern.empty()) return {};
    if (!pattern_.ok())
      return validation("Template error: the AllowedPattern of '" + parameter_.name +
                        "' is not a regular expression: " + pattern_.error());
    const auto matches = pattern_.matches(value);
    if (!matches)
      return validation("Template error: the AllowedPattern of '" + parameter_.name +
                        "' can't be matched against its value: " + matches.error().message);
    if (!*matches) return broken("must match pattern " + parameter_.allowed_pattern);
    return {};
  }

 private:
  Error broken(const std::string& what) const {
    if (parameter_.constraint_description.empty())
      return validation("Parameter '" + parameter_.name + "' " + what);
    return validation("Parameter '" + parameter_.name +
                      "' failed to satisfy constraint: " + parameter_.constraint_description);
  }

  Result<void> check_number(const std::string& value) const {
    const auto number = finite_number_of(value);
    if (!number) return validation("Parameter '" + parameter_.name + "' must be a number.");
    if (parameter_.min_value && *number < *parameter_.min_value)
      return broken("must be a number not less than " + json_dump(json(*parameter_.min_value)));
    if (parameter_.max_value && *number > *parameter_.max_value)
      return broken("must be a number not greater than " + json_dump(json(*parameter_.max_value)));
    return {};
  }

  const Parameter& parameter_;
  const bool numeric_;
  const Pattern pattern_;
};

// "" for one that isn't there, which `absent` then names.
Result<std::string> from_store(const std::string& name, bool list, const SsmLookup& ssm,
                               std::vector<std::string>& absent) {
  const auto found = ssm ? ssm(name) : std::nullopt;
  if (!found) {
    if (std::find(absent.begin(), absent.end(), name) == absent.end()) absent.push_back(name);
    return std::string();
  }
  if (found->type == "SecureString")
    return validation("Parameters [" + name +
                      "] referenced by template have types not supported by CloudFormation.");
  if (!found->type.empty() && (found->type == "StringList") != list)
    return validation("Types for SSM parameters [" + name +
                      "] defined in CFN template and SSM are incompatible");
  return found->value;
}

// The value of a parameter as Ref gives it.
Result<json> value_of(const Parameter& parameter, std::string text, const SsmLookup& ssm,
                      std::vector<std::string>& absent) {
  const auto type = parameter_type(parameter.type).value_or(ParameterType{});
  if (text.size() > kMaxParameterBytes)
    return validation("Parameter '" + parameter.name + "' has " + std::to_string(text.size()) +
                      " bytes; at most " + std::to_string(kMaxParameterBytes) + " are allowed");
  // Of a nested stack that is planned: what it will be is not known yet.
  if (text.find(kUnknown) != std::string::npos)
    return type.list ? json::array({std::move(text)}) : json(std::move(text));
  const Constraints constraints(parameter, type.numeric);
  if (type.from_ssm) {
    // What is constrained is the name, not what stands behind it.
    if (auto fine = constraints.check(text); !fine) return fine.error();
    auto found = from_store(text, type.list, ssm, absent);
    if (!found) return found.error();
    if (!type.list) return json(std::move(*found));
    return json(split_list(*found));
  }
  if (!type.list) {
    if (auto fine = constraints.check(text); !fine) return fine.error();
    return json(std::move(text));
  }
  json out = json::array();
  for (std::string& item : split_list(text)) {
    if (auto fine = constraints.check(item); !fine) return fine.error();
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace

Result<ParameterValues> resolve_parameters(const Template& parsed,
                                           const std::map<std::string, std::string>& given,
                                           const SsmLookup& ssm) {
  std::vector<std::string> unknown, missing, absent;
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
    auto value = value_of(
        parameter, found == given.end() ? *parameter.default_value : found->second, ssm, absent);
    if (!value) return value.error();
    out[parameter.name] = std::move(*value);
  }
  if (!missing.empty()) return validation("Parameters: [" + joined(missing) + "] must have values");
  if (!absent.empty())
    return validation("Unable to fetch parameters [" + joined(absent) +
                      "] from parameter store for this account.");
  return out;
}

}  // namespace kiln::cfn
