#include "sdk/clients/aws/json_call.h"

#include "sdk/clients/aws/error.h"

namespace kiln::aws {

nlohmann::json json_call(ServiceClient& service, const JsonProtocol& protocol,
                         std::string_view operation, const nlohmann::json& input, Repeat repeat) {
  const std::string body = input.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  Call call{.operation = operation, .body = body, .repeat = repeat};
  call.headers = {{"content-type", std::string(protocol.content_type)},
                  {"x-amz-target", std::string(protocol.target) + "." + std::string(operation)}};
  return json_object(service, operation, service.call(call));
}

nlohmann::json json_object(const ServiceClient& service, std::string_view operation,
                           const http::Response& response) {
  if (response.body.empty()) return nlohmann::json::object();
  nlohmann::json document = nlohmann::json::parse(response.body, nullptr, false);
  if (!document.is_object()) {
    throw bad_answer(service.name(), operation, response, "the answer is no JSON object");
  }
  return document;
}

}  // namespace kiln::aws
