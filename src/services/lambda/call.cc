#include "services/lambda/call.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time_format.h"
#include "services/lambda/documents.h"
#include "services/lambda/settings.h"
#include "wire/rest_json_error.h"

namespace kiln::services {

nlohmann::json describe(const LambdaCall& call, const model::FunctionConfig& config,
                        const std::string& arn_qualifier, StateView view) {
  nlohmann::json document = function_document(config, arn_qualifier, view);
  if (model::uses_snapshots(config))
    show_snapshot(call.board.snapshots().get(config), view, document);
  return document;
}

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

Error enum_violation(const std::string& value, const std::string& member,
                     const std::string& allowed) {
  return validation_error("1 validation error detected: Value '" + value + "' at '" + member +
                          "' failed to satisfy constraint: Member must satisfy enum value set: [" +
                          allowed + "]");
}

std::string target_arn(const LambdaCall& call, const model::FunctionRef& ref,
                       const std::string& qualifier) {
  return model::function_arn(ref.region, call.registry.account(), ref.name, qualifier);
}

Error function_not_found(const LambdaCall& call, const model::FunctionRef& ref) {
  return model::function_not_found(ref, call.registry.account(), model::Operation::kGet);
}

Result<Target> find_target(const LambdaCall& call, model::Operation operation) {
  auto ref = model::parse_function_ref(call.function, call.query.get("Qualifier"), call.region,
                                       call.registry.account(), operation);
  if (!ref) return ref.error();
  auto function = call.registry.find(ref->region, ref->name);
  if (!function) return model::function_not_found(*ref, call.registry.account(), operation);
  return Target{std::move(*ref), std::move(*function)};
}

Error unqualified_only() {
  return invalid_parameter(
      "This operation is permitted on Lambda functions only. Aliases and versions do not support "
      "this operation. Please specify either a function name or an unqualified function ARN.");
}

Result<Target> find_unqualified_target(const LambdaCall& call) {
  auto target = find_target(call);
  if (target && !target->ref.qualifier.empty() && target->ref.qualifier != model::kLatest) {
    return unqualified_only();
  }
  return target;
}

Result<void> check_revision(const std::optional<std::string>& given, const std::string& current) {
  if (!given || *given == current) return {};
  return Error{ErrorKind::kPreconditionFailed, "PreconditionFailedException",
               "The Revision Id provided does not match the latest Revision Id. Call the "
               "GetFunction/GetAlias API to "
               "retrieve the latest Revision Id"};
}

std::string next_last_modified(const Clock& clock, const std::string& previous) {
  // A clock that was set back by more is not caught up with.
  constexpr int kMostSteps = 1'000;
  WallTime time = clock.wall_now();
  std::string text = format_lambda_time(time);
  for (int i = 0; i < kMostSteps && text <= previous; ++i) {
    text = format_lambda_time(time += std::chrono::milliseconds(1));
  }
  return text;
}

Result<Page> read_page(const LambdaCall& call) {
  constexpr int64_t kMost = 50;  // whatever more is asked for
  Page page;
  int64_t wanted = 0;
  if (const auto text = call.query.find("MaxItems"); text && parse_number(*text, wanted))
    page.max_items = static_cast<size_t>(std::min(wanted, kMost));
  if (const auto marker = call.query.find("Marker"); marker && !marker->empty()) {
    auto after = base64_decode(*marker);
    if (!after)
      return invalid_parameter("Marker '" + std::string(*marker) +
                               "' is not one that a list returned");
    page.after = std::move(*after);
  }
  return page;
}

bool parse_number(std::string_view text, int64_t& number) {
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  return ec == std::errc() && end == text.data() + text.size() && number >= 0;
}

std::string make_marker(const std::string& last) { return base64_encode(last); }

model::ConfigPtr add_version(model::Function& function,
                             const std::optional<std::string>& description) {
  auto version = std::make_shared<model::FunctionConfig>(*function.latest);
  const int64_t number = function.next_version++;
  version->version = std::to_string(number);
  version->revision_id = new_uuid();
  if (description) version->description = *description;
  function.versions[number] = version;
  auto latest = std::make_shared<model::FunctionConfig>(*function.latest);
  latest->revision_id = new_uuid();
  function.latest = std::move(latest);
  return version;
}

}  // namespace kiln::services
