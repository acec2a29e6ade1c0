// TagResource, ListTags, UntagResource: on functions.
#include "model/validation.h"
#include "services/lambda_call.h"

namespace kiln::services {
namespace {

using nlohmann::json;

Result<model::FunctionPtr> find_tagged(LambdaCall& call) {
  auto ref = model::parse_function_arn(call.function, call.region, call.registry.account());
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function)
    return not_found("Function not found: " +
                     model::function_arn(ref->region, call.registry.account(), ref->name));
  return function;
}

}  // namespace

OperationResult tag_resource(LambdaCall& call) {
  auto function = find_tagged(call);
  if (!function) return function.error();
  const auto given = call.body.find("Tags");
  if (given == call.body.end() || !given->is_object() || given->empty())
    return invalid_parameter("An error occurred and the request cannot be processed.");
  auto next = std::make_shared<model::Function>(**function);
  for (const auto& [name, value] : given->items()) {
    if (!value.is_string())
      return Error{ErrorKind::kInvalid, "SerializationException", "tag '" + name + "' is not a string"};
    next->tags[name] = value.get<std::string>();
  }
  if (auto valid = model::validate_tags(next->tags); !valid) return valid.error();
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

OperationResult list_tags(LambdaCall& call) {
  auto function = find_tagged(call);
  if (!function) return function.error();
  return json_response(200, {{"Tags", (*function)->tags}});
}

OperationResult untag_resource(LambdaCall& call) {
  const auto keys = call.query.all("tagKeys");
  if (keys.empty())
    return validation_error(
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null");
  auto function = find_tagged(call);
  if (!function) return function.error();
  auto next = std::make_shared<model::Function>(**function);
  for (const auto key : keys) next->tags.erase(std::string(key));
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace kiln::services
