// What the operations of CloudWatch Logs answer: documents in, documents out, over a LogStore and
// the LogGroups and ResourcePolicies. Blocking.
//
// Threading: an object belongs to one thread; operations that change(s) the groups run on the
// control thread, the others on any.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "logs/groups.h"
#include "logs/resource_policies.h"
#include "logs/store.h"

namespace kiln::services {

class LogsInput;

class LogsOperations {
 public:
  // Keeps references to `groups`, `policies` and `store`.
  LogsOperations(logs::LogGroups& groups, logs::ResourcePolicies& policies, logs::LogStore& store,
                 std::string region, std::string account, WallTime now)
      : groups_(groups),
        policies_(policies),
        store_(store),
        region_(std::move(region)),
        account_(std::move(account)),
        now_ms_(epoch_ms(now)) {}

  // Is given each event that PutLogEvents has written: some hold metrics.
  void on_event(std::function<void(std::string_view)> visit) { on_event_ = std::move(visit); }

  // Whether a function can be invoked by its ARN; all can, if nothing is given.
  using CheckFunction = std::function<Result<void>(const std::string& arn)>;
  void check_function(CheckFunction check) { check_function_ = std::move(check); }

  // Whether the operation changes groups or streams, other than by events.
  static bool changes(const std::string& operation);

  // Errors are AWS's: ResourceNotFoundException, ResourceAlreadyExistsException,
  // InvalidParameterException, LimitExceededException, TooManyTagsException,
  // ServiceUnavailableException (the disk did not
  // take the events); UnknownOperationException names the operation.
  Result<nlohmann::json> run(const std::string& operation, const nlohmann::json& input);

 private:
  using Answer = Result<nlohmann::json>;
  struct Operation;
  static const Operation* find(const std::string& name);

  Answer create_log_group(LogsInput& in);
  Answer delete_log_group(LogsInput& in);
  Answer describe_log_groups(LogsInput& in);
  Answer put_log_group_deletion_protection(LogsInput& in);
  Answer put_retention_policy(LogsInput& in);
  Answer delete_retention_policy(LogsInput& in);
  Answer create_log_stream(LogsInput& in);
  Answer delete_log_stream(LogsInput& in);
  Answer describe_log_streams(LogsInput& in);
  Answer put_log_events(LogsInput& in);
  Answer get_log_events(LogsInput& in);
  Answer filter_log_events(LogsInput& in);
  Answer tag_resource(LogsInput& in);
  Answer untag_resource(LogsInput& in);
  Answer list_tags_for_resource(LogsInput& in);
  Answer tag_log_group(LogsInput& in);
  Answer untag_log_group(LogsInput& in);
  Answer list_tags_log_group(LogsInput& in);
  Answer list_log_groups(LogsInput& in);
  Answer put_metric_filter(LogsInput& in);
  Answer describe_metric_filters(LogsInput& in);
  Answer delete_metric_filter(LogsInput& in);
  Answer test_metric_filter(LogsInput& in);
  Answer put_subscription_filter(LogsInput& in);
  Answer describe_subscription_filters(LogsInput& in);
  Answer delete_subscription_filter(LogsInput& in);
  Answer put_resource_policy(LogsInput& in);
  Answer describe_resource_policies(LogsInput& in);
  Answer delete_resource_policy(LogsInput& in);

  Answer set_retention(const std::string& group, int days);
  Answer put_tags(const std::string& group, const std::map<std::string, std::string>& tags);
  Answer remove_tags(const std::string& group, const std::vector<std::string>& keys);

  // Whether a subscription filter of the group may hand its events there.
  Result<void> check_destination(const std::string& arn, const std::string& role,
                                 const std::string& group) const;

  // The group that logGroupName, or a name or ARN in logGroupIdentifier, means: one that exists.
  Result<std::string> group_of(LogsInput& in) const;
  // logGroupName, which must exist.
  Result<std::string> named_group(LogsInput& in) const;
  // The group of a resourceArn.
  Result<std::string> tagged_group(LogsInput& in) const;
  // The name in an ARN of this Region and account, "" of another; what is no ARN is a name.
  Result<std::string> name_of(const std::string& identifier) const;
  std::string group_arn(const std::string& group) const;
  nlohmann::json group_document(const std::string& name) const;
  // What of a group may still be seen.
  logs::LogRange visible(const std::string& group, int64_t start_ms, int64_t end_ms) const;

  logs::LogGroups& groups_;
  logs::ResourcePolicies& policies_;
  logs::LogStore& store_;
  std::string region_;
  std::string account_;
  int64_t now_ms_;
  std::function<void(std::string_view)> on_event_;
  CheckFunction check_function_;
};

}  // namespace kiln::services
