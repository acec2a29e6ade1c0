// Errors in the REST-JSON protocol, as the Lambda API sends them: status by ErrorKind,
// x-amzn-ErrorType, and a body whose key is `message` or `Message` depending on the exception
// (AWS's service model mixes them).
//
//   {"Type":"User","Message":"Function not found:
//   arn:aws:lambda:us-east-1:000000000000:function:nope"}
//
// Pure functions; thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace kiln::wire {

unsigned http_status(ErrorKind kind);

// `request_id` goes out as x-amzn-RequestId. `extra`: further members of the body, such as
// {"Reason": "…"} of a throttle.
net::Response rest_json_error(const Error& error, const std::string& request_id,
                              const nlohmann::json& extra = nlohmann::json::object());

// Text of a document; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string to_json_text(const nlohmann::json& document);

}  // namespace kiln::wire
