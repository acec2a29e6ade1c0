// The JSON 1.0 and 1.1 protocols: POST /, X-Amz-Target: PREFIX.OPERATION, a JSON document each way.
//
//   const auto target = JsonTarget::parse("Logs_20140328.DescribeLogGroups");
//   reply(json_answer({{"logGroups", groups}}, request_id));
//
// Pure functions; thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_message.h"

namespace kiln::wire {

struct JsonTarget {
  std::string prefix;     // "Logs_20140328"
  std::string operation;  // "DescribeLogGroups"

  // nullopt: not of the form PREFIX.OPERATION with names of letters, digits and '_'.
  static std::optional<JsonTarget> parse(std::string_view target);
};

enum class JsonVersion { k10, k11 };

// The document of a request; an empty body is {}. Error: SerializationException, with what is wrong
// and where.
Result<nlohmann::json> parse_json_body(std::string_view body);

net::Response json_answer(const nlohmann::json& document, const std::string& request_id,
                          JsonVersion version = JsonVersion::k11);
// {"__type":"…","message":"…"} and x-amzn-ErrorType, with the status of the error's kind; these
// protocols answer what is not found or in conflict with 400, too.
net::Response json_error(const Error& error, const std::string& request_id,
                         JsonVersion version = JsonVersion::k11);

}  // namespace kiln::wire
