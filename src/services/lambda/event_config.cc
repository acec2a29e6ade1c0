// PutFunctionEventInvokeConfig, UpdateFunctionEventInvokeConfig, GetFunctionEventInvokeConfig,
// ListFunctionEventInvokeConfigs, DeleteFunctionEventInvokeConfig.
#include "base/arn.h"
#include "base/json_access.h"
#include "model/destination.h"
#include "model/violations.h"
#include "services/lambda/call.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr const char* kNoFunction = "The function doesn't exist.";

std::string qualifier_of(const model::FunctionRef& ref) {
  return ref.qualifier.empty() ? std::string(model::kLatest) : ref.qualifier;
}

Result<model::FunctionRef> read_config_ref(const LambdaCall& call) {
  return model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                   call.registry.account(), model::Operation::kGet);
}

// Before anything else is looked at, as on AWS.
Result<void> check_constraints(const LambdaCall& call) {
  model::Violations violations;
  Fields fields(call.body);
  const auto retries = fields.integer("MaximumRetryAttempts"),
             age = fields.integer("MaximumEventAgeInSeconds");
  if (auto read = fields.result(); !read) return read;
  if (retries) violations.check_range(*retries, "maximumRetryAttempts", 0, 2);
  if (age) violations.check_range(*age, "maximumEventAgeInSeconds", 60, 21'600);
  const auto destinations = call.body.find("DestinationConfig");
  if (destinations == call.body.end() || !destinations->is_object()) return violations.result();
  for (const auto& [name, where] :
       {std::pair("OnSuccess", "destinationConfig.onSuccess.destination"),
        std::pair("OnFailure", "destinationConfig.onFailure.destination")}) {
    const auto one = destinations->find(name);
    if (one == destinations->end() || !one->is_object()) continue;
    const auto arn = one->find("Destination");
    if (arn == one->end() || !arn->is_string()) continue;
    const std::string& text = json_text(*arn);
    if (!model::is_destination(text))
      violations.add(text, where,
                     "Member must satisfy regular expression pattern: " +
                         std::string(model::kDestinationPattern));
  }
  return violations.result();
}

// Before the function is looked for, as on AWS.
Result<void> check_says_something(const LambdaCall& call) {
  if (auto fits = check_constraints(call); !fits) return fits;
  for (const char* member :
       {"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"})
    if (const auto found = call.body.find(member); found != call.body.end() && !found->is_null())
      return {};
  return invalid_parameter(
      "You must specify at least one of error handling or destination setting.");
}

Result<model::FunctionPtr> find_with_qualifier(const LambdaCall& call,
                                               const model::FunctionRef& ref) {
  auto function = call.registry.find(ref.region, ref.name);
  if (!function || !model::resolve_qualifier(**function, ref.qualifier, 1))
    return not_found(kNoFunction);
  return function;
}

Error no_config(const LambdaCall& call, const model::FunctionRef& ref) {
  return not_found("The function " + target_arn(call, ref, qualifier_of(ref)) +
                   " doesn't have an EventInvokeConfig");
}

json config_document(const std::string& arn, const model::EventInvokeConfig& config) {
  const auto destination = [](const std::string& target) {
    return target.empty() ? json::object() : json{{"Destination", target}};
  };
  json document = {{"FunctionArn", arn},
                   {"LastModified", static_cast<double>(epoch_ms(config.last_modified)) / 1000},
                   {"DestinationConfig",
                    {{"OnSuccess", destination(config.on_success)},
                     {"OnFailure", destination(config.on_failure)}}}};
  if (config.maximum_retry_attempts)
    document["MaximumRetryAttempts"] = *config.maximum_retry_attempts;
  if (config.maximum_event_age_s)
    document["MaximumEventAgeInSeconds"] = *config.maximum_event_age_s;
  return document;
}

// Where a record can be sent: a topic, a queue, another function.
Result<void> check_destination(const LambdaCall& call, const model::FunctionRef& ref,
                               const std::string& arn, const std::string& given) {
  if (arn.empty()) return {};
  if (is_arn_of(arn, "lambda")) {
    auto other = model::parse_function_ref(arn, {}, ref.region, call.registry.account(),
                                           model::Operation::kGet);
    if (!other || !call.registry.find(other->region, other->name))
      return invalid_parameter("The destination ARN " + arn + " is invalid.");
    if (other->name == ref.name)
      return invalid_parameter("You can't specify the function as a destination for itself.");
    return {};
  }
  if (is_arn_of(arn, "sns") || is_arn_of(arn, "sqs")) return {};
  if (is_arn_of(arn, "events") || is_arn_of(arn, "s3"))
    return invalid_parameter(
        "Kiln delivers to SNS topics, SQS queues and Lambda functions, not to " + arn + ".");
  return invalid_parameter("The provided destination config " + given + " is invalid.");
}

// Members that the request has go into `config`.
Result<void> read_config(const LambdaCall& call, const model::FunctionRef& ref,
                         model::EventInvokeConfig& config) {
  Fields fields(call.body);
  const auto retries = fields.integer("MaximumRetryAttempts");
  const auto age = fields.integer("MaximumEventAgeInSeconds");
  const json* destinations = fields.object("DestinationConfig");
  if (auto read = fields.result(); !read) return read;
  if (retries) config.maximum_retry_attempts = retries;
  if (age) config.maximum_event_age_s = age;
  if (!destinations) return {};
  const auto read_one = [](const json& parent, const char* name) -> Result<std::string> {
    Fields members(parent);
    const json* one = members.object(name);
    std::string arn;
    if (one) {
      Fields inner(*one);
      arn = inner.text("Destination").value_or("");
      if (auto read = inner.result(); !read) return read.error();
    }
    if (auto read = members.result(); !read) return read.error();
    return arn;
  };
  auto success = read_one(*destinations, "OnSuccess");
  if (!success) return success.error();
  auto failure = read_one(*destinations, "OnFailure");
  if (!failure) return failure.error();
  const auto shown = [](const char* name, const std::string& arn) {
    return arn.empty() ? std::string("null") : std::string(name) + "(destination=" + arn + ")";
  };
  const std::string given = "DestinationConfig(onSuccess=" + shown("OnSuccess", *success) +
                            ", onFailure=" + shown("OnFailure", *failure) + ")";
  if (auto ok = check_destination(call, ref, *success, given); !ok) return ok;
  if (auto ok = check_destination(call, ref, *failure, given); !ok) return ok;
  config.on_success = std::move(*success);
  config.on_failure = std::move(*failure);
  return {};
}

OperationResult put_config(LambdaCall& call, const model::FunctionRef& ref,
                           const model::Function& function, model::EventInvokeConfig config) {
  config.last_modified = call.registry.clock().wall_now();
  auto next = std::make_shared<model::Function>(function);
  next->event_invoke[qualifier_of(ref)] = config;
  if (auto put = call.registry.put(next); !put) return put.error();
  return json_response(200, config_document(target_arn(call, ref, qualifier_of(ref)), config));
}

}  // namespace

OperationResult put_event_invoke_config(LambdaCall& call) {
  auto ref = read_config_ref(call);
  if (!ref) return ref.error();
  if (auto says = check_says_something(call); !says) return says.error();
  auto function = find_with_qualifier(call, *ref);
  if (!function) return function.error();
  model::EventInvokeConfig config;
  if (auto read = read_config(call, *ref, config); !read) return read.error();
  return put_config(call, *ref, **function, std::move(config));
}

OperationResult update_event_invoke_config(LambdaCall& call) {
  auto ref = read_config_ref(call);
  if (!ref) return ref.error();
  if (auto says = check_says_something(call); !says) return says.error();
  auto function = find_with_qualifier(call, *ref);
  if (!function) return function.error();
  const auto found = (*function)->event_invoke.find(qualifier_of(*ref));
  if (found == (*function)->event_invoke.end()) return no_config(call, *ref);
  model::EventInvokeConfig config = found->second;
  if (auto read = read_config(call, *ref, config); !read) return read.error();
  return put_config(call, *ref, **function, std::move(config));
}

OperationResult get_event_invoke_config(LambdaCall& call) {
  auto ref = read_config_ref(call);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function) return no_config(call, *ref);
  const auto found = (*function)->event_invoke.find(qualifier_of(*ref));
  if (found == (*function)->event_invoke.end()) return no_config(call, *ref);
  return json_response(200,
                       config_document(target_arn(call, *ref, qualifier_of(*ref)), found->second));
}

OperationResult list_event_invoke_configs(LambdaCall& call) {
  auto ref = read_config_ref(call);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function) return not_found(kNoFunction);
  auto page = read_page(call);
  if (!page) return page.error();
  json list = json::array();
  json answer = json::object();
  std::string last;
  const auto& configs = (*function)->event_invoke;
  for (auto it = configs.upper_bound(page->after); it != configs.end(); ++it) {
    if (list.size() == page->max_items) {
      answer["NextMarker"] = make_marker(last);
      break;
    }
    list.push_back(config_document(target_arn(call, *ref, it->first), it->second));
    last = it->first;
  }
  answer["FunctionEventInvokeConfigs"] = std::move(list);
  return json_response(200, answer);
}

OperationResult delete_event_invoke_config(LambdaCall& call) {
  auto ref = read_config_ref(call);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function || !(*function)->event_invoke.contains(qualifier_of(*ref)))
    return no_config(call, *ref);
  auto next = std::make_shared<model::Function>(**function);
  next->event_invoke.erase(qualifier_of(*ref));
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
