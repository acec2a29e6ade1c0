#include "model/validation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/ascii.h"
#include "base/characters.h"
#include "base/system_tags.h"
#include "model/names.h"
#include "model/snapshot_state.h"
#include "model/variable_name.h"
#include "model/violations.h"

namespace kiln::model {
namespace {

using ascii::all;
using ascii::is_digit;
using ascii::is_letter;
using std::string_view_literals::operator""sv;

constexpr size_t kMaxEnvironmentBytes = 4096;
constexpr size_t kMaxDescription = 256;
constexpr int kMaxMemoryMb = 10'240;
// What the service model says; AWS answers with another text between the two.
constexpr int kMaxModelMemoryMb = 32'768;
constexpr size_t kMaxTags = 50;
constexpr size_t kMaxTagKey = 128;
constexpr size_t kMaxTagValue = 256;

constexpr std::array kReservedVariables = {
    "_HANDLER"sv,
    "_X_AMZN_TRACE_ID"sv,
    "AWS_ACCESS_KEY"sv,
    "AWS_ACCESS_KEY_ID"sv,
    "AWS_DEFAULT_REGION"sv,
    "AWS_EXECUTION_ENV"sv,
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"sv,
    "AWS_LAMBDA_FUNCTION_NAME"sv,
    "AWS_LAMBDA_FUNCTION_VERSION"sv,
    "AWS_LAMBDA_INITIALIZATION_TYPE"sv,
    "AWS_LAMBDA_LOG_GROUP_NAME"sv,
    "AWS_LAMBDA_LOG_STREAM_NAME"sv,
    "AWS_LAMBDA_MAX_CONCURRENCY"sv,
    "AWS_LAMBDA_METADATA_API"sv,
    "AWS_LAMBDA_METADATA_TOKEN"sv,
    "AWS_LAMBDA_RUNTIME_API"sv,
    "AWS_REGION"sv,
    "AWS_SECRET_ACCESS_KEY"sv,
    "AWS_SESSION_TOKEN"sv,
    "LAMBDA_RUNTIME_DIR"sv,
    "LAMBDA_TASK_ROOT"sv,
};

bool contains(const auto& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool eat(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Takes "arn:" and a partition (aws[a-zA-Z-]*)?, with the colon after it.
bool eat_arn(std::string_view& text) {
  if (!eat(text, "arn:")) return false;
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto partition = text.substr(0, colon);
  if (!partition.empty() && !(partition.starts_with("aws") &&
                              all(partition, [](char c) { return is_letter(c) || c == '-'; })))
    return false;
  text.remove_prefix(colon + 1);
  return true;
}

// arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+
bool is_role(std::string_view text) {
  if (!eat_arn(text) || !eat(text, "iam::") || text.size() < 12 ||
      !all(text.substr(0, 12), is_digit))
    return false;
  text.remove_prefix(12);
  return eat(text, ":role") && !text.empty() && all(text, [](char c) {
           return is_letter(c) || is_digit(c) || "+=,.@-_/"sv.find(c) != std::string_view::npos;
         });
}

// (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()
bool is_arn_or_empty(std::string_view text) {
  if (text.empty()) return true;
  if (!eat_arn(text)) return false;
  const size_t colon = text.find(':');
  return colon != std::string_view::npos && colon > 0 && all(text.substr(0, colon), [](char c) {
           return ascii::is_lower(c) || is_digit(c) || c == '-' || c == '.';
         });
}

void check_pattern(bool matches, std::string_view value, std::string_view member,
                   std::string_view pattern, Violations& violations) {
  if (!matches)
    violations.add(value, member,
                   "Member must satisfy regular expression pattern: " + std::string(pattern));
}

template <size_t N>
void check_enum(std::string_view value, std::string_view member,
                const std::array<std::string_view, N>& values, Violations& violations) {
  if (contains(values, value)) return;
  std::string constraint = "Member must satisfy enum value set: [";
  for (size_t i = 0; i < N; ++i) constraint.append(i == 0 ? "" : ", ").append(values[i]);
  violations.add(value, member, constraint + "]");
}

// {KEY=value, KEY=value}: how AWS prints a map.
std::string map_text(const std::map<std::string, std::string>& map) {
  std::string text = "{";
  for (const auto& [key, value] : map)
    text.append(text.size() == 1 ? "" : ", ").append(key).append("=").append(value);
  return text + "}";
}

void check_architectures(const std::vector<std::string>& architectures, Violations& violations) {
  std::string text = "[";
  for (const auto& one : architectures) text.append(text.size() == 1 ? "" : ", ").append(one);
  text += "]";
  if (architectures.empty())
    violations.add(text, "architectures", "Member must have length greater than or equal to 1");
  if (architectures.size() > 1)
    violations.add(text, "architectures", "Member must have length less than or equal to 1");
  if (!std::all_of(architectures.begin(), architectures.end(),
                   [](const std::string& one) { return one == "x86_64" || one == "arm64"; }))
    violations.add(text, "architectures",
                   "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, "
                   "arm64], Member must "
                   "not be null]");
}

void check_description(std::string_view description, Violations& violations) {
  if (characters(description) > kMaxDescription)
    violations.add(description, "description", "Member must have length less than or equal to 256");
}

void check_logging(const LoggingConfig& logging, Violations& violations) {
  if (!logging.log_group.empty()) {
    violations.check_length(logging.log_group, "loggingConfig.logGroup", 1, 512);
    check_pattern(all(logging.log_group,
                      [](char c) {
                        return is_letter(c) || is_digit(c) ||
                               ".-_/#"sv.find(c) != std::string_view::npos;
                      }),
                  logging.log_group, "loggingConfig.logGroup", "[\\.\\-_/#A-Za-z0-9]+", violations);
  }
  if (logging.format == LogFormat::kText) return;
  check_enum(logging.application_level, "loggingConfig.applicationLogLevel",
             std::array{"TRACE"sv, "DEBUG"sv, "INFO"sv, "WARN"sv, "ERROR"sv, "FATAL"sv},
             violations);
  check_enum(logging.system_level, "loggingConfig.systemLogLevel",
             std::array{"DEBUG"sv, "INFO"sv, "WARN"sv}, violations);
}

enum class Request { kCreate, kUpdate };

void check_members(const FunctionConfig& c, Request request, Violations& violations) {
  if (c.role.empty() && request == Request::kCreate) {
    violations.add_missing("role");
  } else {
    check_pattern(is_role(c.role), c.role, "role",
                  "arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+", violations);
  }
  if (!c.handler.empty() || request == Request::kUpdate) {
    violations.check_length(c.handler, "handler", 0, 128);
    check_pattern(!c.handler.empty() && !std::any_of(c.handler.begin(), c.handler.end(), is_space),
                  c.handler, "handler", "[^\\s]+", violations);
  }
  check_description(c.description, violations);
  violations.check_range(c.timeout_s, "timeout", 1, 900);
  violations.check_range(c.memory_mb, "memorySize", 128, kMaxModelMemoryMb);
  violations.check_range(c.ephemeral_mb, "ephemeralStorage.size", 512, 10'240);
  check_architectures(c.architectures, violations);
  if (!std::all_of(c.environment.begin(), c.environment.end(), [](const auto& variable) {
        return is_variable_name(variable.first) || contains(kReservedVariables, variable.first);
      }))
    violations.add(
        map_text(c.environment), "environment.variables",
        "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: "
        "[a-zA-Z]([a-zA-Z0-9_])+, Member must not be null]");
  check_enum(c.tracing_mode, "tracingConfig.mode", std::array{"Active"sv, "PassThrough"sv},
             violations);
  check_enum(c.snap_start, "snapStart.applyOn", std::array{"PublishedVersions"sv, "None"sv},
             violations);
  check_logging(*c.logging, violations);
  check_pattern(is_arn_or_empty(c.kms_key_arn), c.kms_key_arn, "kMSKeyArn",
                "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()", violations);
  check_pattern(is_arn_or_empty(c.dead_letter_target_arn), c.dead_letter_target_arn,
                "deadLetterConfig.targetArn", "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()",
                violations);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  out += '"';
}

// In the order of a Java HashMap, as AWS's text has them: recorded with SMALL_VAR before LARGE_VAR.
std::vector<std::string> in_order_of_aws(const std::map<std::string, std::string>& environment) {
  uint32_t buckets = 16;
  while (environment.size() > buckets / 4 * 3) buckets *= 2;
  std::vector<std::pair<uint32_t, std::string>> order;
  for (const auto& [name, value] : environment) {
    uint32_t hash = 0;
    for (const char c : name) hash = hash * 31 + static_cast<unsigned char>(c);
    order.emplace_back((hash ^ hash >> 16) & (buckets - 1), name);
  }
  std::sort(order.begin(), order.end());
  std::vector<std::string> names;
  for (auto& [bucket, name] : order) names.push_back(std::move(name));
  return names;
}

Result<void> check_environment(const std::map<std::string, std::string>& environment) {
  std::string reserved;
  for (const auto& [name, value] : environment)
    if (contains(kReservedVariables, name))
      reserved.append(reserved.empty() ? "" : ", ").append(name);
  if (!reserved.empty())
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
        "contains reserved keys that are currently not supported for modification. Reserved keys "
        "used in this request: " +
        reserved);
  std::string measured = "{";
  for (const std::string& name : in_order_of_aws(environment)) {
    if (measured.size() > 1) measured += ',';
    append_json_string(measured, name);
    measured += ':';
    append_json_string(measured, environment.at(name));
  }
  measured += '}';
  if (measured.size() > kMaxEnvironmentBytes)
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment "
        "variables you have provided "
        "exceeded the 4KB limit. String measured: " +
        measured);
  return {};
}

Result<void> validate_snap_start(const FunctionConfig& config) {
  if (config.snap_start != "PublishedVersions") return {};
  const auto refused = [](const std::string& what) {
    return invalid_parameter(what + " is not supported for SnapStart enabled functions.");
  };
  if (!can_have_snapshots(config.runtime)) return refused(config.runtime);
  if (config.ephemeral_mb > 512) return refused("Ephemeral storage greater than 512 MB");
  if (!config.file_systems.empty()) return refused("A file system");
  return {};
}

Result<void> validate(const FunctionConfig& config, Request request) {
  Violations violations;
  check_members(config, request, violations);
  if (auto error = violations.error()) return *std::move(error);
  if (config.memory_mb > kMaxMemoryMb)
    return invalid_parameter(
        "'MemorySize' value failed to satisfy constraint: Member must have value less than or "
        "equal to " +
        std::to_string(kMaxMemoryMb));
  if (config.logging->format == LogFormat::kText &&
      !(config.logging->application_level.empty() && config.logging->system_level.empty()))
    return invalid_parameter(
        "Log level is not supported when LogFormat is Text. Remove it, or use LogFormat JSON.");
  if (config.runtime.empty() || config.handler.empty())
    return invalid_parameter(
        "Runtime and Handler are mandatory parameters for functions created with deployment "
        "packages.");
  if (auto known = validate_runtime(config.runtime); !known) return known;
  if (auto possible = validate_snap_start(config); !possible) return possible;
  return check_environment(config.environment);
}

bool may_name(std::string_view key, TagAuthor author) {
  return !system_tags::is_reserved(key) ||
         (author == TagAuthor::kStack && key.starts_with(system_tags::kStackPrefix));
}

Error reserved_tag(std::string_view key) {
  return invalid_parameter("Tag key '" + std::string(key) +
                           "' begins with 'aws:', which is reserved; use another prefix.");
}

// As Java prints a double, as far as weights go: 2.0, 0.25.
std::string weight_text(double weight) {
  char text[64];
  if (weight == std::floor(weight) && std::abs(weight) < 1e7) {
    std::snprintf(text, sizeof text, "%.1f", weight);
  } else {
    std::snprintf(text, sizeof text, "%.15g", weight);
  }
  return text;
}

}  // namespace

Result<void> validate_create(const FunctionConfig& config) {
  return validate(config, Request::kCreate);
}
Result<void> validate_update(const FunctionConfig& config) {
  return validate(config, Request::kUpdate);
}

Result<void> validate_update_members(const FunctionConfig& config) {
  Violations violations;
  check_members(config, Request::kUpdate, violations);
  return violations.result();
}

Result<void> validate_tags(const std::map<std::string, std::string>& tags, TagAuthor author) {
  for (const auto& [key, value] : tags) {
    if (key.empty() || characters(key) > kMaxTagKey)
      return invalid_parameter("Tag key '" + key + "' must have 1 to 128 characters.");
    if (!may_name(key, author)) return reserved_tag(key);
    if (characters(value) > kMaxTagValue)
      return invalid_parameter("The value of tag '" + key + "' must have at most 256 characters.");
  }
  return {};
}

Result<void> validate_tag_count(const std::map<std::string, std::string>& tags) {
  const auto counted = std::count_if(tags.begin(), tags.end(), [](const auto& tag) {
    return !system_tags::is_reserved(tag.first);
  });
  if (static_cast<size_t>(counted) <= kMaxTags) return {};
  return invalid_parameter("Number of tags exceeds resource tag limit.");
}

Result<void> validate_tag_removal(std::string_view key, TagAuthor author) {
  if (may_name(key, author)) return {};
  return reserved_tag(key);
}

Result<void> validate_alias_name(std::string_view name) {
  Violations violations;
  if (name.empty()) {
    violations.add_missing("name");
  } else {
    violations.check_length(name, "name", 1, 128);
    check_pattern(is_valid_alias_name(name) || name.size() > 128, name, "name",
                  "(?!^[0-9]+$)([a-zA-Z0-9-_]+)", violations);
  }
  return violations.result();
}

Result<void> validate_description(std::string_view description) {
  Violations violations;
  check_description(description, violations);
  return violations.result();
}

Result<void> validate_alias_routing(std::string_view function_version,
                                    const std::map<std::string, double>& weights) {
  Violations violations;
  if (function_version.empty()) {
    violations.add_missing("functionVersion");
  } else {
    violations.check_length(function_version, "functionVersion", 1, 1024);
    check_pattern(is_version(function_version), function_version, "functionVersion",
                  "(\\$LATEST|[0-9]+)", violations);
  }
  std::string text = "{";
  bool keys_fit = true, values_fit = true;
  for (const auto& [version, weight] : weights) {
    text.append(text.size() == 1 ? "" : ", ")
        .append(version)
        .append("=")
        .append(weight_text(weight));
    keys_fit &= !version.empty() && version.size() <= 1024 && all(version, is_digit);
    values_fit &= weight >= 0.0 && weight <= 1.0;
  }
  text += "}";
  if (!keys_fit)
    violations.add(text, "routingConfig.additionalVersionWeights",
                   "Map keys must satisfy constraint: [Member must have length less than or equal "
                   "to 1024, Member must "
                   "have length greater than or equal to 1, Member must satisfy regular expression "
                   "pattern: [0-9]+]");
  if (!values_fit)
    violations.add(text, "routingConfig.additionalVersionWeights",
                   "Map value must satisfy constraint: [Member must have value less than or equal "
                   "to 1.0, Member must "
                   "have value greater than or equal to 0.0, Member must not be null]");
  if (auto error = violations.error()) return *std::move(error);
  if (weights.size() > 1)
    return invalid_parameter(
        "Number of items in AdditionalVersionWeights cannot be greater than 1");
  if (weights.empty()) return {};
  if (function_version == kLatest)
    return invalid_parameter(
        "$LATEST is not supported for an alias pointing to more than 1 version");
  if (weights.contains(std::string(function_version)))
    return invalid_parameter("Invalid function version " + std::string(function_version) +
                             ". Function version " + std::string(function_version) +
                             " is already included in routing configuration.");
  return {};
}

}  // namespace kiln::model
