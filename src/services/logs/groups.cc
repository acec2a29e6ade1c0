// CreateLogGroup, DeleteLogGroup, DescribeLogGroups, and the retention of groups.
#include <algorithm>
#include <array>
#include <set>

#include "base/ascii.h"
#include "base/json_access.h"
#include "services/logs/errors.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"
#include "services/logs/tags.h"
#include "services/logs/tokens.h"

namespace kiln::services {
namespace {

using ascii::lower;
using logs::LogGroup;
using nlohmann::json;

constexpr std::array kRetentionDays = {1,    3,    5,    7,    14,   30,  60,  90,
                                       120,  150,  180,  365,  400,  545, 731, 1096,
                                       1827, 2192, 2557, 2922, 3288, 3653};

constexpr std::string_view kLogClasses = "STANDARD, INFREQUENT_ACCESS, DELIVERY";
constexpr int64_t kMaxListedGroups = 1'000;
constexpr size_t kMaxAccounts = 20;
constexpr size_t kMaxKmsKey = 256;
constexpr size_t kMinListPattern = 3, kMaxListPattern = 129;
constexpr const char* kListPattern =
    "(\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24})(\\|\\^?[\\.\\-_\\/#A-Za-z0-9]{3,24}){0,4}";

std::vector<std::string> parts_of(const std::string& pattern) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= pattern.size();) {
    const size_t end = std::min(pattern.find('|', at), pattern.size());
    parts.push_back(pattern.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// kListPattern
bool is_list_pattern(const std::vector<std::string>& parts) {
  constexpr size_t kMostParts = 5, kShortest = 3, kLongest = 24;
  const auto is_part = [](std::string_view part) {
    if (part.starts_with('^')) part.remove_prefix(1);
    return part.size() >= kShortest && part.size() <= kLongest && is_group_text(part);
  };
  return parts.size() <= kMostParts && std::all_of(parts.begin(), parts.end(), is_part);
}

Error enum_error(const std::string& value, const char* name, const std::string& set) {
  return constraint_error("'" + value + "'", name,
                          "Member must satisfy enum value set: [" + set + "]");
}

}  // namespace

Result<json> LogsOperations::create_log_group(LogsInput& in) {
  const std::string name = in.group_name();
  LogGroup group;
  group.created_ms = now_ms_;
  group.kms_key_id = in.bounded_text("kmsKeyId", 0, kMaxKmsKey);
  group.tags = read_log_tags(in);
  group.deletion_protected = in.flag("deletionProtectionEnabled");
  const std::string log_class = in.choice("logGroupClass", kLogClasses);
  if (!in.status()) return in.status().error();
  if (lower(name).starts_with("aws/"))
    return invalid_parameter_exception("Log groups starting with AWS/ are reserved for AWS.");
  if (!log_class.empty()) group.log_class = log_class;
  if (groups_.has(region_, name)) {
    return Error{ErrorKind::kConflict, "ResourceAlreadyExistsException",
                 "The specified log group already exists"};
  }
  if (auto put = groups_.put(region_, name, std::move(group)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::delete_log_group(LogsInput& in) {
  const auto group = named_group(in);
  if (!group) return group.error();
  if (groups_.find(region_, *group).value_or(LogGroup()).deletion_protected)
    return Error{ErrorKind::kInvalid, "ValidationException",
                 "The log group " + *group +
                     " has deletion protection; switch it off with PutLogGroupDeletionProtection "
                     "first."};
  if (auto erased = groups_.erase(region_, *group); !erased) return erased.error();
  return json::object();
}

Result<json> LogsOperations::put_log_group_deletion_protection(LogsInput& in) {
  for (const char* name : {"logGroupIdentifier", "deletionProtectionEnabled"})
    if (!in.has(name)) in.fail(constraint_error("null", name, "Member must not be null"));
  const bool enabled = in.flag("deletionProtectionEnabled");
  const auto name = group_of(in);
  if (!name) return name.error();
  if (!in.status()) return in.status().error();
  auto group = groups_.find(region_, *name);
  if (!group) return no_such_group();
  group->deletion_protected = enabled;
  if (auto put = groups_.put(region_, *name, std::move(*group)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::set_retention(const std::string& group, int days) {
  auto found = groups_.find(region_, group);
  if (!found) return no_such_group();
  found->retention_days = days;
  if (auto put = groups_.put(region_, group, std::move(*found)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::put_retention_policy(LogsInput& in) {
  const std::string name = in.group_name();
  if (!in.has("retentionInDays"))
    in.fail(constraint_error("null", "retentionInDays", "Member must not be null"));
  const auto days = static_cast<int>(in.number("retentionInDays", 0, -1'000'000, 1'000'000));
  if (!in.status()) return in.status().error();
  if (std::find(kRetentionDays.begin(), kRetentionDays.end(), days) == kRetentionDays.end()) {
    std::string set;
    for (const int each : kRetentionDays) set += (set.empty() ? "" : ", ") + std::to_string(each);
    return enum_error(std::to_string(days), "retentionInDays", set);
  }
  const auto group = named_group(in);
  if (!group) return group.error();
  return set_retention(*group, days);
}

Result<json> LogsOperations::delete_retention_policy(LogsInput& in) {
  const auto group = named_group(in);
  if (!group) return group.error();
  return set_retention(*group, 0);
}

json LogsOperations::group_document(const std::string& name) const {
  const LogGroup group = groups_.find(region_, name).value_or(LogGroup());
  json document = {{"logGroupName", name},
                   {"creationTime", group.created_ms},
                   {"metricFilterCount", group.filters.metrics.size()},
                   {"arn", group_arn(name) + ":*"},
                   {"logGroupArn", group_arn(name)},
                   {"logGroupClass", group.log_class},
                   {"deletionProtectionEnabled", group.deletion_protected},
                   {"storedBytes", store_.stored_bytes(region_, name)}};
  if (group.retention_days > 0) document["retentionInDays"] = group.retention_days;
  if (!group.kms_key_id.empty()) document["kmsKeyId"] = group.kms_key_id;
  return document;
}

// "error|^/aws/": some of the parts stands in the name, one with ^ at its beginning.
Result<json> LogsOperations::list_log_groups(LogsInput& in) {
  const std::string pattern =
      in.bounded_text("logGroupNamePattern", kMinListPattern, kMaxListPattern);
  const auto parts = parts_of(pattern);
  if (!pattern.empty() && !is_list_pattern(parts))
    in.fail(constraint_error(
        "'" + pattern + "'", "logGroupNamePattern",
        std::string("Member must satisfy regular expression pattern: ") + kListPattern));
  in.texts("accountIdentifiers", {.most = kMaxAccounts, .shortest = 12, .longest = 12});
  const std::string log_class = in.choice("logGroupClass", kLogClasses);
  const int64_t limit = in.number("limit", kMaxDescribedLogs, 1, kMaxListedGroups);
  const std::string token = in.filled_text("nextToken");
  if (!in.status()) return in.status().error();
  ListPlace after;
  if (!token.empty()) {
    auto place = parse_list_token(token);
    if (!place) return place.error();
    after = std::move(*place);
  }
  const auto wanted = [&](const std::string& name) {
    return std::any_of(parts.begin(), parts.end(), [&](const std::string& part) {
      return part.starts_with('^') ? name.starts_with(part.substr(1))
                                   : name.find(part) != name.npos;
    });
  };
  json documents = json::array();
  json output;
  for (const std::string& name : groups_.names(region_)) {
    if (name <= after.name || !wanted(name)) continue;
    const std::string of_class = groups_.find(region_, name).value_or(LogGroup()).log_class;
    if (!log_class.empty() && of_class != log_class) continue;
    if (documents.size() == static_cast<size_t>(limit)) {
      output["nextToken"] = list_token({0, json_text(documents.back(), "logGroupName")});
      break;
    }
    documents.push_back(
        {{"logGroupName", name}, {"logGroupArn", group_arn(name)}, {"logGroupClass", of_class}});
  }
  output["logGroups"] = std::move(documents);
  return output;
}

Result<json> LogsOperations::describe_log_groups(LogsInput& in) {
  const std::string prefix = in.group_prefix();
  const std::string part = lower(in.group_part());
  const std::string log_class = in.choice("logGroupClass", kLogClasses);
  const auto identifiers = in.texts("logGroupIdentifiers", {.least = 1, .most = kMaxDescribedLogs});
  const int64_t limit = in.number("limit", kMaxDescribedLogs, 1, kMaxDescribedLogs);
  const std::string token = in.filled_text("nextToken");
  if (!in.status()) return in.status().error();
  if (!prefix.empty() && !part.empty()) {
    return invalid_parameter_exception(
        "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
  }
  if (!identifiers.empty() && !(prefix.empty() && part.empty())) {
    return invalid_parameter_exception(
        "logGroupIdentifiers cannot be used with logGroupNamePrefix or logGroupNamePattern.");
  }
  ListPlace after;
  if (!token.empty()) {
    auto place = parse_list_token(token);
    if (!place) return place.error();
    after = std::move(*place);
  }
  std::set<std::string> listed;
  for (const std::string& identifier : identifiers) {
    if (const auto fault = LogsInput::identifier_fault(identifier, "logGroupIdentifiers"))
      return *fault;
    const auto name = name_of(identifier);
    if (!name) return name.error();
    listed.insert(*name);
  }

  json documents = json::array();
  json output;
  for (const std::string& name : groups_.names(region_)) {
    if (!name.starts_with(prefix) || lower(name).find(part) == std::string::npos ||
        name <= after.name || (!listed.empty() && !listed.contains(name)))
      continue;
    // One look beyond the page: a token is given only where there is something behind it.
    if (documents.size() == static_cast<size_t>(limit)) {
      const std::string last = json_text(documents.back(), "logGroupName");
      output["nextToken"] = list_token({0, last});
      break;
    }
    json document = group_document(name);
    // As AWS answers to a pattern.
    if (!part.empty())
      for (const char* member : {"storedBytes", "deletionProtectionEnabled"})
        document.erase(member);
    if (log_class.empty() || document["logGroupClass"] == log_class)
      documents.push_back(std::move(document));
  }
  // As AWS answers to a pattern: what it finds may not be all, and the next page says so.
  if (!part.empty() && !documents.empty() && !output.contains("nextToken"))
    output["nextToken"] = list_token({0, json_text(documents.back(), "logGroupName")});
  output["logGroups"] = std::move(documents);
  return output;
}

}  // namespace kiln::services
