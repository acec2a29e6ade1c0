// PutProvisionedConcurrencyConfig, GetProvisionedConcurrencyConfig,
// ListProvisionedConcurrencyConfigs, DeleteProvisionedConcurrencyConfig.
#include "engine/provisioned_config.h"
#include "services/lambda/call.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using engine::ProvisionedState;
using nlohmann::json;

Result<model::FunctionRef> read_provisioned_ref(const LambdaCall& call) {
  return model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                   call.registry.account(), model::Operation::kGet);
}

Result<void> refuse_latest(const model::FunctionRef& ref) {
  if (!ref.qualifier.empty() && ref.qualifier != model::kLatest) return {};
  return invalid_parameter(
      "The function resource provided must be an alias or a published version.");
}

// 2019-11-21T19:32:12+0000: here AWS shows no fraction.
std::string whole_seconds(std::string time) {
  if (const size_t dot = time.find('.'); dot != time.npos) time.erase(dot, time.find('+') - dot);
  return time;
}

json provisioned_document(const LambdaCall& call, const model::Function& function,
                          const std::string& qualifier, const model::ProvisionedConfig& config) {
  const auto status = call.board.get(function.region(), function.name(),
                                     model::provisioned_version(function, qualifier));
  json document = {{"RequestedProvisionedConcurrentExecutions", config.requested},
                   {"AvailableProvisionedConcurrentExecutions", status.available},
                   {"AllocatedProvisionedConcurrentExecutions", status.allocated},
                   {"Status", status.state == ProvisionedState::kReady    ? "READY"
                              : status.state == ProvisionedState::kFailed ? "FAILED"
                                                                          : "IN_PROGRESS"},
                   {"LastModified", whole_seconds(config.last_modified)}};
  if (!status.reason.empty()) document["StatusReason"] = status.reason;
  return document;
}

}  // namespace

OperationResult put_provisioned_concurrency(LambdaCall& call) {
  auto ref = read_provisioned_ref(call);
  if (!ref) return ref.error();
  Fields fields(call.body);
  const auto units = fields.integer("ProvisionedConcurrentExecutions");
  if (auto read = fields.result(); !read) return read.error();
  if (!units)
    return validation_error(
        "1 validation error detected: Value null at 'provisionedConcurrentExecutions' failed to "
        "satisfy constraint: Member must not be null");
  if (*units < 1)
    return validation_error("1 validation error detected: Value '" + std::to_string(*units) +
                            "' at 'provisionedConcurrentExecutions' failed to satisfy constraint: "
                            "Member must have value greater than or equal to 1");
  const auto put = engine::put_provisioned(call.registry, call.accounts.quota(), ref->region,
                                           ref->name, ref->qualifier, *units);
  if (!put) {
    if (put.error().type == model::kAccountLimitError) return limit_exceeded(put.error().message);
    return put.error();
  }
  const auto function = call.registry.find(ref->region, ref->name);
  if (!function) return function.error();
  json document = provisioned_document(call, **function, ref->qualifier,
                                       (*function)->provisioned.at(ref->qualifier));
  // As AWS answers: the work begins after the answer.
  document["Status"] = "IN_PROGRESS";
  document.erase("StatusReason");
  return json_response(202, document);
}

OperationResult get_provisioned_concurrency(LambdaCall& call) {
  auto ref = read_provisioned_ref(call);
  if (!ref) return ref.error();
  if (auto ok = refuse_latest(*ref); !ok) return ok.error();
  auto function = engine::find_provisionable(call.registry, ref->region, ref->name, ref->qualifier);
  if (!function) return function.error();
  const auto config = (*function)->provisioned.find(ref->qualifier);
  if (config == (*function)->provisioned.end())
    return Error{ErrorKind::kNotFound, "ProvisionedConcurrencyConfigNotFoundException",
                 "No Provisioned Concurrency Config found for this function"};
  return json_response(200, provisioned_document(call, **function, ref->qualifier, config->second));
}

OperationResult list_provisioned_concurrency(LambdaCall& call) {
  auto target = find_target(call);
  if (!target) return target.error();
  auto page = read_page(call);
  if (!page) return page.error();
  const model::Function& function = *target->function;
  json list = json::array();
  json answer = json::object();
  std::string last;
  for (auto it = function.provisioned.upper_bound(page->after); it != function.provisioned.end();
       ++it) {
    if (list.size() == page->max_items) {
      answer["NextMarker"] = make_marker(last);
      break;
    }
    json document = provisioned_document(call, function, it->first, it->second);
    document["FunctionArn"] = target_arn(call, target->ref, it->first);
    list.push_back(std::move(document));
    last = it->first;
  }
  answer["ProvisionedConcurrencyConfigs"] = std::move(list);
  return json_response(200, answer);
}

OperationResult delete_provisioned_concurrency(LambdaCall& call) {
  auto ref = read_provisioned_ref(call);
  if (!ref) return ref.error();
  if (auto ok = refuse_latest(*ref); !ok) return ok.error();
  const auto deleted =
      engine::delete_provisioned(call.registry, ref->region, ref->name, ref->qualifier);
  if (!deleted) return deleted.error();
  return empty_response(204);
}

}  // namespace kiln::services
