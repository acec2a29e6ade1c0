#include "wire/json_protocol.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/json_access.h"
#include "wire/fault_code.h"
#include "wire/rest_json_error.h"

namespace kiln::wire {
namespace {

constexpr size_t kMaxJsonDepth = 100;

bool is_operation_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::all_of(name.begin(), name.end(), [](char c) {
    return ascii::is_alnum(c) || c == '_';
  });
}

const char* content_type(JsonVersion version) {
  return version == JsonVersion::k10 ? "application/x-amz-json-1.0" : "application/x-amz-json-1.1";
}

// Whether arrays and objects are nested deeper than any AWS document: nlohmann frees its tree
// recursively.
bool is_too_deep(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxJsonDepth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::optional<JsonTarget> JsonTarget::parse(std::string_view target) {
  const size_t dot = target.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view prefix = target.substr(0, dot), operation = target.substr(dot + 1);
  if (!is_operation_name(prefix) || !is_operation_name(operation)) return std::nullopt;
  return JsonTarget{std::string(prefix), std::string(operation)};
}

Result<nlohmann::json> parse_json_body(std::string_view body) {
  const auto refuse = [](const std::string& why) {
    return Error{ErrorKind::kInvalid, "SerializationException",
                 "The request body is not a JSON object: " + why};
  };
  if (body.find_first_not_of(" \t\r\n") == std::string_view::npos) return nlohmann::json::object();
  if (is_too_deep(body)) return refuse("it is nested too deeply");
  nlohmann::json document = json_parse(body);
  if (document.is_discarded()) return refuse(json_parse_fault(body));
  if (!document.is_object()) return refuse(std::string("it is of type ") + document.type_name());
  return document;
}

net::Response json_answer(const nlohmann::json& document, const std::string& request_id,
                          JsonVersion version) {
  net::Response response;
  response.content_type = content_type(version);
  response.headers = {{"x-amzn-RequestId", request_id}};
  response.body = to_json_text(document);
  return response;
}

net::Response json_error(const Error& error, const std::string& request_id, JsonVersion version) {
  const std::string type = fault_code(error, "InternalFailure");
  nlohmann::json body = {{"__type", type}};
  if (!error.message.empty()) body["message"] = error.message;
  net::Response response = json_answer(body, request_id, version);
  const unsigned status = http_status(error.kind);
  const bool is_sizes_or_faults = status >= 500 || status == 413 || status == 403;
  response.status = is_sizes_or_faults ? status : 400;
  response.headers.emplace_back("x-amzn-ErrorType", type);
  return response;
}

}  // namespace kiln::wire
