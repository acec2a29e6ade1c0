#include "services/lambda/parameters.h"

#include <charconv>
#include <optional>

#include "base/ascii.h"
#include "base/word_list.h"
#include "model/name_checks.h"
#include "model/violations.h"
#include "services/lambda/layers.h"

namespace kiln::services {
namespace {

using Value = std::optional<std::string_view>;
using Rule = void (*)(Value value, model::Violations& violations);
using ascii::is_digit;
using ascii::is_lower;
using ascii::made_of;

constexpr size_t kMaxLayerArn = 140;

void add_pattern(std::string_view value, const char* member, std::string_view pattern,
                 model::Violations& violations) {
  violations.add(value, member,
                 "Member must satisfy regular expression pattern: " + std::string(pattern));
}

template <model::NameShape kShape>
void check_name(Value value, model::Violations& violations) {
  model::check_function_name(value.value_or(""), kShape, violations);
}

void check_any_qualifier(Value value, model::Violations& violations) {
  if (value) model::check_qualifier(*value, violations);
}

// ((?!^\d+$)^[0-9a-zA-Z-_]+$)
void check_url_qualifier(Value value, model::Violations& violations) {
  constexpr size_t kMost = 128;
  if (!value) return;
  violations.check_length(*value, "qualifier", 1, kMost);
  if (!made_of(*value, ascii::is_word) || made_of(*value, is_digit))
    add_pattern(*value, "qualifier", "((?!^\\d+$)^[0-9a-zA-Z-_]+$)", violations);
}

void check_needed_qualifier(Value value, model::Violations& violations) {
  constexpr size_t kMost = 128;
  if (!value) return violations.add_missing("qualifier");
  violations.check_length(*value, "qualifier", 1, kMost);
  if (!ascii::all(*value, [](char c) { return ascii::is_word(c) || c == '$'; }))
    add_pattern(*value, "qualifier", "(|[a-zA-Z0-9$_-]+)", violations);
}

template <int64_t kMost>
void check_max_items(Value value, model::Violations& violations) {
  if (!value) return;
  int64_t number = 0;
  const auto [end, ec] = std::from_chars(value->data(), value->data() + value->size(), number);
  const bool is_number = ec == std::errc() && end == value->data() + value->size();
  if (is_number) return violations.check_range(number, "maxItems", 1, kMost);
  violations.add(*value, "maxItems",
                 ec == std::errc::result_out_of_range && !value->starts_with('-')
                     ? "Member must have value less than or equal to " + std::to_string(kMost)
                     : "Member must have value greater than or equal to 1");
}

// `allowed`: with ", " between them, as AWS prints them.
void check_enum(Value value, const char* member, std::string_view allowed,
                model::Violations& violations) {
  if (!value || is_listed(allowed, ", ", *value)) return;
  violations.add(*value, member,
                 "Member must satisfy enum value set: [" + std::string(allowed) + "]");
}

void check_all_versions(Value value, model::Violations& violations) {
  check_enum(value, "functionVersion", "ALL", violations);
}

// (\$LATEST(\.PUBLISHED)?|[0-9]+)
void check_alias_version(Value value, model::Violations& violations) {
  constexpr size_t kMost = 1024;
  if (!value) return;
  violations.check_length(*value, "functionVersion", 1, kMost);
  if (*value != model::kLatest && *value != "$LATEST.PUBLISHED" && !made_of(*value, is_digit))
    add_pattern(*value, "functionVersion", "(\\$LATEST(\\.PUBLISHED)?|[0-9]+)", violations);
}

// ALL|[a-z]{2}(-gov)?-[a-z]+-\d{1}
void check_master_region(Value value, model::Violations& violations) {
  if (!value || *value == "ALL") return;
  std::string_view rest = *value;
  const bool begins = rest.size() > 2 && made_of(rest.substr(0, 2), is_lower);
  if (begins) rest.remove_prefix(2);
  if (rest.starts_with("-gov-")) rest.remove_prefix(4);
  const bool ends = rest.size() > 3 && rest.front() == '-' && rest[rest.size() - 2] == '-' &&
                    is_digit(rest.back()) && made_of(rest.substr(1, rest.size() - 3), is_lower);
  if (!begins || !ends)
    add_pattern(*value, "masterRegion", "ALL|[a-z]{2}(-gov)?-[a-z]+-\\d{1}", violations);
}

constexpr std::string_view kFilterRuntimes =
    "ruby3.5, ruby2.6, dotnetcore1.0, python3.7, nodejs8.10, nasa, ruby2.7, python2.7-greengrass, "
    "dotnetcore2.0, python3.8, java21, dotnet6, dotnetcore2.1, python3.9, java11, nodejs6.10, "
    "provided, dotnetcore3.1, dotnet8, java25, java17, nodejs, nodejs4.3, java8.al2, go1.x, "
    "dotnet10, nodejs20.x, go1.9, byol, nodejs10.x, provided.al2023, nodejs22.x, python3.10, "
    "java8, "
    "nodejs12.x, python3.11, nodejs24.x, nodejs8.x, python3.12, nodejs14.x, nodejs8.9, nodejs26.x, "
    "python3.13, python3.14, nodejs16.x, python3.15, provided.al2, nodejs4.3-edge, nodejs18.x, "
    "ruby3.2, python3.4, ruby3.3, ruby3.4, ruby2.5, python3.6, python2.7";

void check_runtime(Value value, model::Violations& violations) {
  check_enum(value, "compatibleRuntime", kFilterRuntimes, violations);
}

void check_architecture(Value value, model::Violations& violations) {
  check_enum(value, "compatibleArchitecture", "x86_64, arm64", violations);
}

void check_layer_version_arn(Value value, model::Violations& violations) {
  if (!value) return violations.add_missing("arn");
  violations.check_length(*value, "arn", 1, kMaxLayerArn);
  const auto ref = parse_layer_arn(*value);
  if (!ref || ref->number == 0) add_pattern(*value, "arn", kLayerVersionPattern, violations);
}

struct ParameterRule {
  std::string_view parameter;
  Rule rule;
  std::string_view operations;  // "": all others
};

constexpr std::string_view kFunctionName = "FunctionName";

// Of a parameter, the first that is for the operation.
constexpr ParameterRule kRules[] = {
    {"Qualifier", check_url_qualifier,
     " CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig"
     " UpdateFunctionUrlConfig "},
    {"Qualifier", check_needed_qualifier,
     " DeleteProvisionedConcurrencyConfig GetProvisionedConcurrencyConfig"
     " PutProvisionedConcurrencyConfig "},
    {"Qualifier", check_any_qualifier, ""},
    {kFunctionName, check_name<model::NameShape::kNamespaced>,
     " AddPermission DeleteFunction DeleteFunctionCodeSigningConfig"
     " DeleteFunctionEventInvokeConfig GetFunction GetFunctionCodeSigningConfig"
     " GetFunctionConfiguration GetFunctionEventInvokeConfig GetPolicy GetRuntimeManagementConfig"
     " ListFunctionEventInvokeConfigs ListVersionsByFunction PutFunctionCodeSigningConfig"
     " PutFunctionEventInvokeConfig PutRuntimeManagementConfig RemovePermission"
     " UpdateFunctionEventInvokeConfig "},
    {kFunctionName, check_name<model::NameShape::kUnqualified>,
     " GetFunctionRecursionConfig PutFunctionRecursionConfig "},
    {kFunctionName, check_name<model::NameShape::kPlain>, ""},
    {"MaxItems", check_max_items<10'000>, " ListAliases ListFunctions ListVersionsByFunction "},
    {"MaxItems", check_max_items<50>, ""},
    {"FunctionVersion", check_all_versions, " ListFunctions "},
    {"FunctionVersion", check_alias_version, " ListAliases "},
    {"MasterRegion", check_master_region, ""},
    {"CompatibleRuntime", check_runtime, ""},
    {"CompatibleArchitecture", check_architecture, ""},
    {"Arn", check_layer_version_arn, " GetLayerVersionByArn "},
};

}  // namespace

Result<void> check_parameter_values(const LambdaRoute& route, const wire::QueryParams& query) {
  model::Violations violations;
  std::string_view looked_at;
  for (const ParameterRule& rule : kRules) {
    const bool fits = rule.operations.empty() || is_listed(rule.operations, " ", route.name);
    if (!fits || rule.parameter == looked_at) continue;
    looked_at = rule.parameter;
    if (rule.parameter != kFunctionName)
      rule.rule(query.find(rule.parameter), violations);
    else if (route.names_function)
      rule.rule(route.function, violations);
  }
  return violations.result();
}

}  // namespace kiln::services
