// Smithy's RPC v2 CBOR protocol: POST /service/NAME/operation/OPERATION with a CBOR document each
// way. Times are epoch seconds with tag 1. Pure functions; thread-safe.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace kiln::wire {

// The document of a request; an empty body is {}. Tags are passed over. Error:
// SerializationException.
Result<nlohmann::json> parse_cbor_body(std::string_view body);

// `is_time`: members whose numbers are times.
std::string to_cbor_text(const nlohmann::json& document,
                         const std::function<bool(std::string_view)>& is_time);

net::Response cbor_answer(const nlohmann::json& document, const std::string& request_id,
                          const std::function<bool(std::string_view)>& is_time);
net::Response cbor_error(const Error& error, const std::string& request_id);

}  // namespace kiln::wire
