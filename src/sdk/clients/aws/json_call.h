// Calls of services that speak JSON 1.x: POST / with X-Amz-Target.
#pragma once

#include <nlohmann/json.hpp>

#include "sdk/clients/aws/service_client.h"

namespace kiln::aws {

struct JsonProtocol {
  std::string_view target;  // "DynamoDB_20120810"
  std::string_view content_type = "application/x-amz-json-1.0";
};

// The answer's document, an object. Throws Error.
nlohmann::json json_call(ServiceClient& service, const JsonProtocol& protocol,
                         std::string_view operation, const nlohmann::json& input,
                         Repeat repeat = Repeat::kTwice);

// An answer's body as an object; an empty one is {}. Throws Error.
nlohmann::json json_object(const ServiceClient& service, std::string_view operation,
                           const http::Response& response);

}  // namespace kiln::aws
