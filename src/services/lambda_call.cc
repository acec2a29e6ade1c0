#include "services/lambda_call.h"

#include <charconv>

#include "base/digest.h"
#include "base/ids.h"
#include "wire/rest_json_error.h"

namespace kiln::services {

net::Response json_response(unsigned status, const nlohmann::json& document) {
  net::Response response;
  response.status = status;
  response.body = wire::to_json_text(document);
  return response;
}

net::Response empty_response(unsigned status) {
  net::Response response;
  response.status = status;
  response.content_type.clear();
  return response;
}

Error invalid_parameter(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException", std::move(message)};
}
Error validation_error(std::string message) {
  return {ErrorKind::kInvalid, "ValidationException", std::move(message)};
}
Error not_found(std::string message) {
  return {ErrorKind::kNotFound, "ResourceNotFoundException", std::move(message)};
}
Error conflict(std::string message) {
  return {ErrorKind::kConflict, "ResourceConflictException", std::move(message)};
}

Result<Target> find_target(LambdaCall& call, model::Operation operation) {
  auto ref = model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                       call.registry.account(), operation);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function)
    return not_found("Function not found: " +
                     model::function_arn(ref->region, call.registry.account(), ref->name, ref->qualifier));
  return Target{std::move(*ref), std::move(*function)};
}

Result<void> check_revision(const nlohmann::json& body, const std::string& current) {
  const auto given = body.find("RevisionId");
  if (given == body.end() || !given->is_string() || *given == current) return {};
  return Error{ErrorKind::kPreconditionFailed, "PreconditionFailedException",
               "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to "
               "retrieve the latest Revision Id"};
}

Result<Page> read_page(const LambdaCall& call) {
  constexpr size_t kMost = 50, kModelMost = 10'000;
  Page page;
  if (const auto text = call.query.find("MaxItems")) {
    size_t n = 0;
    const auto [end, ec] = std::from_chars(text->data(), text->data() + text->size(), n);
    if (ec != std::errc() || end != text->data() + text->size() || n < 1 || n > kModelMost)
      return validation_error("1 validation error detected: Value '" + std::string(*text) +
                              "' at 'maxItems' failed to satisfy constraint: Member must have value " +
                              (n > kModelMost ? "less than or equal to 10000" : "greater than or equal to 1"));
    page.max_items = std::min(n, kMost);
  }
  if (const auto marker = call.query.find("Marker"); marker && !marker->empty()) {
    auto after = base64_decode(*marker);
    if (!after) return invalid_parameter("Marker '" + std::string(*marker) + "' is not one that a list returned");
    page.after = std::move(*after);
  }
  return page;
}

std::string make_marker(const std::string& last) { return base64_encode(last); }

std::pair<std::shared_ptr<model::Function>, model::ConfigPtr> with_new_version(
    const model::Function& function, const std::optional<std::string>& description) {
  auto next = std::make_shared<model::Function>(function);
  auto version = std::make_shared<model::FunctionConfig>(*function.latest);
  const int64_t number = next->next_version++;
  version->version = std::to_string(number);
  version->revision_id = new_uuid();
  if (description) version->description = *description;
  next->versions[number] = version;
  return {std::move(next), std::move(version)};
}

}  // namespace kiln::services
