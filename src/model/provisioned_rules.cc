#include "model/provisioned_rules.h"

#include "model/snapshot_state.h"

namespace kiln::model {
namespace {

Error invalid(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException", std::move(message)};
}
Error conflict(std::string message) {
  return {ErrorKind::kConflict, "ResourceConflictException", std::move(message)};
}
Error unpublished() {
  return invalid(
      "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
}

}  // namespace

int claimed_by_configuration(const Function& function) {
  return function.reserved_concurrency ? *function.reserved_concurrency
                                       : provisioned_total(function);
}

Result<void> check_provisioned_qualifier(const std::string& qualifier) {
  if (qualifier.empty() || qualifier == kLatest) return unpublished();
  return {};
}

Result<void> check_provisioned(const Function& function, const std::string& qualifier, int units,
                               const AccountQuota& quota, int claimed_by_others) {
  const auto alias = function.aliases.find(qualifier);
  const bool is_alias = alias != function.aliases.end();
  if (is_alias && alias->second.function_version == kLatest) return unpublished();
  if (is_alias && alias->second.additional_version)
    return invalid("Alias with weights can not be used with Provisioned Concurrency");
  const std::string version = provisioned_version(function, qualifier);
  if (const auto config = resolve_qualifier(function, version, 1);
      config && uses_snapshots(*config))
    return invalid("Provisioned concurrency is not supported for SnapStart enabled functions.");
  int others = 0;
  for (const auto& [other, config] : function.provisioned) {
    if (other == qualifier) continue;
    others += config.requested;
    if (provisioned_version(function, other) != version) continue;
    return conflict(is_alias
                        ? "Alias can't be used for Provisioned Concurrency configuration on an "
                          "already Provisioned version"
                        : "Version is pointed by a Provisioned Concurrency alias");
  }
  if (function.reserved_concurrency) {
    if (others + int64_t{units} > *function.reserved_concurrency)
      return invalid(
          "Requested Provisioned Concurrency should not be greater than the "
          "reservedConcurrentExecution for function");
  } else {
    const int64_t unreserved = int64_t{quota.concurrency} - claimed_by_others - others;
    if (units > unreserved)
      return Error{ErrorKind::kInvalid, kAccountLimitError,
                   "Specified ConcurrentExecutions for function is greater than account's "
                   "unreserved concurrency [" +
                       std::to_string(unreserved) + "]."};
    if (unreserved - units < quota.min_unreserved)
      return Error{ErrorKind::kInvalid, kAccountLimitError,
                   "Specified ConcurrentExecutions for function decreases account's "
                   "UnreservedConcurrentExecution below its minimum value of [" +
                       std::to_string(quota.min_unreserved) + "]."};
  }
  return {};
}

}  // namespace kiln::model
