// TagResource, ListTags, UntagResource: on functions.
#include "base/ids.h"
#include "model/validation.h"
#include "services/lambda/call.h"
#include "services/lambda/fields.h"

namespace kiln::services {
namespace {

Result<model::FunctionPtr> find_tagged(LambdaCall& call) {
  auto ref = model::parse_function_arn(call.function, call.region, call.registry.account());
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function)
    return not_found("Function not found: " +
                     model::function_arn(ref->region, call.registry.account(), ref->name));
  return function;
}

// Stores the tags; on AWS that makes a new revision of the function.
OperationResult put_tags(LambdaCall& call, const model::Function& before,
                         std::map<std::string, std::string> tags) {
  auto next = std::make_shared<model::Function>(before);
  next->tags = std::move(tags);
  auto latest = std::make_shared<model::FunctionConfig>(*before.latest);
  latest->revision_id = new_uuid();
  next->latest = std::move(latest);
  if (auto put = call.registry.put(next); !put) return put.error();
  return empty_response(204);
}

}  // namespace

OperationResult tag_resource(LambdaCall& call) {
  Fields fields(call.body);
  const auto given = fields.text_map("Tags");
  if (auto read = fields.result(); !read) return read.error();
  if (!given) return missing_member("tags");
  auto function = find_tagged(call);
  if (!function) return function.error();
  if (given->empty()) {
    return invalid_parameter("An error occurred and the request cannot be processed.");
  }
  if (auto valid = model::validate_tags(*given, call.tags_by); !valid) return valid.error();
  auto tags = (*function)->tags.all();
  for (const auto& [name, value] : *given) tags[name] = value;
  if (auto valid = model::validate_tag_count(tags); !valid) return valid.error();
  return put_tags(call, **function, std::move(tags));
}

OperationResult list_tags(LambdaCall& call) {
  auto function = find_tagged(call);
  if (!function) return function.error();
  return json_response(200, {{"Tags", (*function)->tags.all()}});
}

OperationResult untag_resource(LambdaCall& call) {
  const auto keys = call.query.all("tagKeys");
  if (keys.empty()) {
    return validation_error(
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member "
        "must not be null");
  }
  auto function = find_tagged(call);
  if (!function) return function.error();
  auto tags = (*function)->tags.all();
  for (const auto key : keys) {
    if (auto valid = model::validate_tag_removal(key, call.tags_by); !valid) return valid.error();
    tags.erase(std::string(key));
  }
  return put_tags(call, **function, std::move(tags));
}

}  // namespace kiln::services
