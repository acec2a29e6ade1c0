#include "engine/provisioned_config.h"

#include "base/time_format.h"
#include "model/names.h"

namespace kiln::engine {
namespace {

Error invalid(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException", std::move(message)};
}
Error conflict(std::string message) {
  return {ErrorKind::kConflict, "ResourceConflictException", std::move(message)};
}

}  // namespace

int claimed_concurrency(const Registry& registry, const std::string& region,
                        const std::string& except) {
  int claimed = 0;
  for (const auto& function : registry.all()) {
    if (function->region() != region || function->name() == except) continue;
    claimed += function->reserved_concurrency ? *function->reserved_concurrency
                                              : model::provisioned_total(*function);
  }
  return claimed;
}

Result<model::FunctionPtr> find_provisionable(const Registry& registry, const std::string& region,
                                              const std::string& name,
                                              const std::string& qualifier) {
  auto function = registry.find(region, name);
  if (function && model::resolve_qualifier(**function, qualifier, 1)) return function;
  const std::string arn = model::function_arn(region, registry.account(), name, qualifier);
  return Error{
      ErrorKind::kNotFound, "ResourceNotFoundException",
      (model::is_version(qualifier) ? "Function not found: " : "Cannot find alias arn: ") + arn};
}

Result<void> put_provisioned(Registry& registry, const model::AccountQuota& quota,
                             const std::string& region, const std::string& name,
                             const std::string& qualifier, int units) {
  if (qualifier.empty() || qualifier == model::kLatest)
    return invalid(
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  auto found = find_provisionable(registry, region, name, qualifier);
  if (!found) return found.error();
  const model::Function& function = **found;
  const auto alias = function.aliases.find(qualifier);
  const bool is_alias = alias != function.aliases.end();
  if (is_alias && alias->second.function_version == model::kLatest)
    return invalid(
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  if (is_alias && alias->second.additional_version)
    return invalid("Alias with weights can not be used with Provisioned Concurrency");
  const std::string version = model::provisioned_version(function, qualifier);
  int others = 0;
  for (const auto& [other, config] : function.provisioned) {
    if (other == qualifier) continue;
    others += config.requested;
    if (model::provisioned_version(function, other) != version) continue;
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
    const int64_t unreserved =
        int64_t{quota.concurrency} - claimed_concurrency(registry, region, name) - others;
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
  auto next = std::make_shared<model::Function>(function);
  next->provisioned[qualifier] = {units, format_lambda_time(registry.clock().wall_now())};
  return registry.put(next);
}

Result<void> delete_provisioned(Registry& registry, const std::string& region,
                                const std::string& name, const std::string& qualifier) {
  auto found = find_provisionable(registry, region, name, qualifier);
  if (!found) return found.error();
  if (!(*found)->provisioned.contains(qualifier)) return {};
  auto next = std::make_shared<model::Function>(**found);
  next->provisioned.erase(qualifier);
  return registry.put(next);
}

}  // namespace kiln::engine
