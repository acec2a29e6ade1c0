// Subscription filters: what they are. How events are handed over: logs/tap.h.
#include "base/arn.h"
#include "logs/filter_pattern.h"
#include "services/logs/errors.h"
#include "services/logs/filter_lists.h"
#include "services/logs/input.h"
#include "services/logs/operations.h"

namespace kiln::services {
namespace {

using logs::SubscriptionFilter;
using nlohmann::json;

constexpr size_t kMaxSubscriptionFilters = 2;  // of a group

json subscription_document(const std::string& group, const std::string& name,
                           const SubscriptionFilter& filter) {
  json document = {{"filterName", name},
                   {"filterPattern", filter.pattern},
                   {"logGroupName", group},
                   {"destinationArn", filter.destination_arn},
                   {"distribution", filter.distribution},
                   {"creationTime", filter.created_ms},
                   {"applyOnTransformedLogs", false}};
  if (!filter.role_arn.empty()) document["roleArn"] = filter.role_arn;
  return document;
}

// Field `index` of an ARN, from 0: arn, partition, service, Region, account, what is left.
std::string arn_field(const std::string& arn, int index) {
  size_t at = 0;
  for (int i = 0; i < index; ++i) {
    at = arn.find(':', at);
    if (at == std::string::npos) return {};
    ++at;
  }
  return arn.substr(at, arn.find(':', at) - at);
}

}  // namespace

Result<void> LogsOperations::check_destination(const std::string& arn, const std::string& role,
                                               const std::string& group) const {
  constexpr int kService = 2, kAccount = 4, kFunction = 6;
  const std::string service = arn_field(arn, kService);
  if (service != "lambda") {
    if ((service == "kinesis" || service == "firehose") && role.empty())
      return invalid_parameter_exception("destinationArn for vendor " + service +
                                         " cannot be used without roleArn");
    return invalid_parameter_exception("Kiln hands log events to functions alone; '" + arn +
                                       "' is the ARN of none.");
  }
  if (!role.empty())
    return invalid_parameter_exception(
        "destinationArn for vendor lambda cannot be used with roleArn");
  if (arn_field(arn, kAccount) != account_)
    return Error{ErrorKind::kInvalid, "AccessDeniedException",
                 "Cross-account lambda invocation passing is not allowed. You must use "
                 "DestinationPolicies to create cross account lambda triggers."};
  if (!groups_.has(region_, group)) return no_such_group();
  if (group == "/aws/lambda/" + arn_field(arn, kFunction))
    return invalid_parameter_exception(
        "The log group provided is reserved for the function logs of the destination function.");
  if (check_function_ && !check_function_(arn))
    return invalid_parameter_exception(
        "Could not execute the lambda function. Make sure you have given CloudWatch Logs "
        "permission to execute your function.");
  return {};
}

Result<json> LogsOperations::put_subscription_filter(LogsInput& in) {
  const std::string group_name = in.group_name();
  const std::string name = in.filter_name();
  SubscriptionFilter filter;
  filter.pattern = in.bounded_text("filterPattern", 0, kMaxFilterPattern);
  filter.destination_arn = in.filled_text("destinationArn");
  filter.role_arn = in.filled_text("roleArn");
  if (in.has("distribution"))
    filter.distribution = in.choice("distribution", "Random, ByLogStream");
  for (const char* member : {"filterPattern", "destinationArn"})
    if (!in.has(member)) in.fail(constraint_error("null", member, "Member must not be null"));
  if (!in.status()) return in.status().error();
  if (auto fits = check_destination(filter.destination_arn, filter.role_arn, group_name); !fits)
    return fits.error();
  if (auto pattern = logs::FilterPattern::parse(filter.pattern); !pattern) return pattern.error();
  auto group = groups_.find(region_, group_name);
  if (!group) return no_such_group();
  auto& filters = group->filters.subscriptions;
  const auto before = filters.find(name);
  if (before == filters.end() && filters.size() >= kMaxSubscriptionFilters) return limit_exceeded();
  filter.created_ms = before == filters.end() ? now_ms_ : before->second.created_ms;
  filters[name] = std::move(filter);
  if (auto put = groups_.put(region_, group_name, std::move(*group)); !put) return put.error();
  return json::object();
}

Result<json> LogsOperations::describe_subscription_filters(LogsInput& in) {
  const std::string prefix = in.name_prefix("filterNamePrefix");
  const int64_t limit = in.number("limit", kMaxDescribedLogs, 1, kMaxDescribedLogs);
  const std::string token = in.filled_text("nextToken");
  const auto group = named_group(in);
  if (!group) return group.error();
  FilterDocuments documents;
  for (const auto& [name, filter] :
       groups_.find(region_, *group).value_or(logs::LogGroup()).filters.subscriptions)
    if (name.starts_with(prefix))
      documents[{name, *group}] = subscription_document(*group, name, filter);
  return filter_page("subscriptionFilters", std::move(documents), token, limit);
}

Result<json> LogsOperations::delete_subscription_filter(LogsInput& in) {
  const std::string name = in.filter_name();
  const auto group_name = named_group(in);
  if (!group_name) return group_name.error();
  auto group = groups_.find(region_, *group_name);
  if (!group) return no_such_group();
  if (group->filters.subscriptions.erase(name) == 0) return no_such_filter("subscription");
  if (auto put = groups_.put(region_, *group_name, std::move(*group)); !put) return put.error();
  return json::object();
}

}  // namespace kiln::services
