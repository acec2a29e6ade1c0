#include "services/logs/operations.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/arn.h"
#include "services/logs/errors.h"
#include "services/logs/input.h"

namespace kiln::services {

using nlohmann::json;

enum class Effect { kReads, kChanges };

struct LogsOperations::Operation {
  std::string_view name;
  Effect effect;
  Answer (LogsOperations::*run)(LogsInput&);
};

const LogsOperations::Operation* LogsOperations::find(const std::string& name) {
  using Self = LogsOperations;
  static constexpr std::array kOperations = {
      Operation{"CreateLogGroup", Effect::kChanges, &Self::create_log_group},
      Operation{"CreateLogStream", Effect::kChanges, &Self::create_log_stream},
      Operation{"DeleteLogGroup", Effect::kChanges, &Self::delete_log_group},
      Operation{"DeleteLogStream", Effect::kChanges, &Self::delete_log_stream},
      Operation{"DeleteMetricFilter", Effect::kChanges, &Self::delete_metric_filter},
      Operation{"DeleteResourcePolicy", Effect::kChanges, &Self::delete_resource_policy},
      Operation{"DeleteRetentionPolicy", Effect::kChanges, &Self::delete_retention_policy},
      Operation{"DeleteSubscriptionFilter", Effect::kChanges, &Self::delete_subscription_filter},
      Operation{"DescribeLogGroups", Effect::kReads, &Self::describe_log_groups},
      Operation{"DescribeLogStreams", Effect::kReads, &Self::describe_log_streams},
      Operation{"DescribeMetricFilters", Effect::kReads, &Self::describe_metric_filters},
      Operation{"DescribeResourcePolicies", Effect::kReads, &Self::describe_resource_policies},
      Operation{"DescribeSubscriptionFilters", Effect::kReads,
                &Self::describe_subscription_filters},
      Operation{"FilterLogEvents", Effect::kReads, &Self::filter_log_events},
      Operation{"GetLogEvents", Effect::kReads, &Self::get_log_events},
      Operation{"ListLogGroups", Effect::kReads, &Self::list_log_groups},
      Operation{"ListTagsForResource", Effect::kReads, &Self::list_tags_for_resource},
      Operation{"ListTagsLogGroup", Effect::kReads, &Self::list_tags_log_group},
      Operation{"PutLogEvents", Effect::kReads, &Self::put_log_events},
      Operation{"PutLogGroupDeletionProtection", Effect::kChanges,
                &Self::put_log_group_deletion_protection},
      Operation{"PutMetricFilter", Effect::kChanges, &Self::put_metric_filter},
      Operation{"PutResourcePolicy", Effect::kChanges, &Self::put_resource_policy},
      Operation{"PutRetentionPolicy", Effect::kChanges, &Self::put_retention_policy},
      Operation{"PutSubscriptionFilter", Effect::kChanges, &Self::put_subscription_filter},
      Operation{"TagLogGroup", Effect::kChanges, &Self::tag_log_group},
      Operation{"TagResource", Effect::kChanges, &Self::tag_resource},
      Operation{"TestMetricFilter", Effect::kReads, &Self::test_metric_filter},
      Operation{"UntagLogGroup", Effect::kChanges, &Self::untag_log_group},
      Operation{"UntagResource", Effect::kChanges, &Self::untag_resource},
  };
  const auto found = std::find_if(kOperations.begin(), kOperations.end(),
                                  [&](const Operation& o) { return o.name == name; });
  return found == kOperations.end() ? nullptr : &*found;
}

bool LogsOperations::changes(const std::string& operation) {
  const Operation* found = find(operation);
  return found && found->effect == Effect::kChanges;
}

Result<json> LogsOperations::run(const std::string& operation, const json& input) {
  const Operation* found = find(operation);
  if (!found) {
    return Error{ErrorKind::kInvalid, "UnknownOperationException",
                 "Kiln's CloudWatch Logs has no operation " + operation};
  }
  LogsInput in(input);
  return (this->*found->run)(in);
}

std::string LogsOperations::group_arn(const std::string& group) const {
  return arn_start("logs", region_) + account_ + ":log-group:" + group;
}

Result<std::string> LogsOperations::name_of(const std::string& identifier) const {
  if (!identifier.starts_with("arn:")) return identifier;
  constexpr std::string_view kMark = ":log-group:";
  const size_t at = identifier.find(kMark);
  if (at == std::string::npos) {
    return invalid_parameter_exception(
        "'" + identifier + "' is not the ARN of a log group; one looks like " + group_arn("NAME"));
  }
  std::string name = identifier.substr(at + kMark.size());
  if (name.ends_with(":*")) name.resize(name.size() - 2);
  return identifier.starts_with(group_arn("")) ? name : std::string();
}

Result<std::string> LogsOperations::named_group(LogsInput& in) const {
  const std::string name = in.group_name();
  if (!in.status()) return in.status().error();
  if (!groups_.has(region_, name)) return no_such_group();
  return name;
}

Result<std::string> LogsOperations::group_of(LogsInput& in) const {
  const std::string identifier = in.group_identifier();
  if (!in.status()) return in.status().error();
  if (identifier.empty()) return named_group(in);
  if (in.has("logGroupName")) {
    return Error{ErrorKind::kInvalid, "ValidationException",
                 "LogGroup name and LogGroup ARN are mutually exclusive parameters."};
  }
  auto name = name_of(identifier);
  if (!name) return name;
  if (name->empty() || !groups_.has(region_, *name)) return no_such_group();
  return name;
}

logs::LogRange LogsOperations::visible(const std::string& group, int64_t start_ms,
                                       int64_t end_ms) const {
  return {std::max(start_ms, groups_.oldest_kept_ms(region_, group, now_ms_)), end_ms,
          std::nullopt};
}

}  // namespace kiln::services
