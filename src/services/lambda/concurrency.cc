// PutFunctionConcurrency, GetFunctionConcurrency, DeleteFunctionConcurrency.
#include "engine/provisioned_config.h"
#include "services/lambda/call.h"
#include "services/lambda/fields.h"
#include "services/lambda/settings.h"

namespace kiln::services {
namespace {

// AWS says ":$LATEST" where this function is missing, whatever else is wrong.
Result<Target> find_whole_function(const LambdaCall& call) {
  auto ref = model::parse_function_ref(call.function, {}, call.region, call.registry.account(),
                                       model::Operation::kGet);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function)
    return not_found("Function not found: " + target_arn(call, *ref, std::string(model::kLatest)));
  return find_unqualified_target(call);
}

// Whether the account can reserve that much beside what `others` claim. The error is its answer.
std::optional<net::Response> below_minimum(const LambdaCall& call, int64_t reserved,
                                           int64_t others) {
  const model::AccountQuota& quota = call.accounts.quota();
  if (reserved == 0 || quota.concurrency - others - reserved >= quota.min_unreserved)
    return std::nullopt;
  return limit_exceeded(
      "Specified ReservedConcurrentExecutions for function decreases account's "
      "UnreservedConcurrentExecution below its minimum value of [" +
      std::to_string(quota.min_unreserved) + "].");
}

}  // namespace

net::Response limit_exceeded(const std::string& message) {
  net::Response response = json_response(400, {{"message", message}});
  response.headers.emplace_back("x-amzn-ErrorType", "InvalidParameterValueException");
  return response;
}

OperationResult put_function_concurrency(LambdaCall& call) {
  Fields fields(call.body);
  const auto reserved = fields.integer("ReservedConcurrentExecutions");
  if (auto read = fields.result(); !read) return read.error();
  if (!reserved)
    return validation_error(
        "1 validation error detected: Value null at 'reservedConcurrentExecutions' failed to "
        "satisfy constraint: Member must not be null");
  if (*reserved < 0)
    return validation_error("1 validation error detected: Value '" + std::to_string(*reserved) +
                            "' at 'reservedConcurrentExecutions' failed to satisfy constraint: "
                            "Member must have value greater than or equal to 0");
  // A plan asks before there is the function, and what others claim may change until then.
  if (call.effects == engine::Effects::kNone) {
    auto beyond = below_minimum(call, *reserved, 0);
    return beyond ? std::move(*beyond) : empty_response(204);
  }
  auto target = find_whole_function(call);
  if (!target) return target.error();
  if (target->ref.qualifier == model::kLatest) return unqualified_only();
  const int provisioned = model::provisioned_total(*target->function);
  // AWS's text has these blanks.
  if (*reserved < provisioned)
    return limit_exceeded(" ReservedConcurrentExecutions  " + std::to_string(*reserved) +
                          " should not be lower than function's total provisioned concurrency [" +
                          std::to_string(provisioned) + "].");
  const int others =
      engine::claimed_concurrency(call.registry, target->ref.region, target->ref.name);
  if (auto beyond = below_minimum(call, *reserved, others)) return std::move(*beyond);
  auto next = std::make_shared<model::Function>(*target->function);
  next->reserved_concurrency = *reserved;
  if (auto put = call.registry.put(next); !put) return put.error();
  return json_response(200, {{"ReservedConcurrentExecutions", *reserved}});
}

OperationResult get_function_concurrency(LambdaCall& call) {
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  nlohmann::json document = nlohmann::json::object();
  if (const auto& reserved = target->function->reserved_concurrency)
    document["ReservedConcurrentExecutions"] = *reserved;
  return json_response(200, document);
}

OperationResult delete_function_concurrency(LambdaCall& call) {
  auto target = find_unqualified_target(call);
  if (!target) return target.error();
  if (!target->function->reserved_concurrency) return empty_response(204);
  // What was provisioned within the reserve now counts by itself: never more than the reserve did.
  auto next = std::make_shared<model::Function>(*target->function);
  next->reserved_concurrency.reset();
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
