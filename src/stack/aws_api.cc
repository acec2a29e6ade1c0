#include "stack/aws_api.h"

#include "base/ascii.h"
#include "base/json_access.h"
#include "base/system_tags.h"
#include "base/trial.h"
#include "wire/xml_document.h"

namespace kiln::stack {
namespace {

using nlohmann::json;

// What of a character may stand in a form as it is.
bool is_unreserved(unsigned char c) {
  return ascii::is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '~';
}

}  // namespace

std::string url_encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(byte)) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

namespace {

ErrorKind kind_of(unsigned status) {
  switch (status) {
    case 403:
      return ErrorKind::kForbidden;
    case 404:
      return ErrorKind::kNotFound;
    case 409:
      return ErrorKind::kConflict;
    case 412:
      return ErrorKind::kPreconditionFailed;
    case 413:
      return ErrorKind::kTooLarge;
    case 429:
      return ErrorKind::kThrottled;
    case 502:
      return ErrorKind::kBadGateway;
    case 503:
      return ErrorKind::kUnavailable;
    default:
      return status >= 500 ? ErrorKind::kInternal : ErrorKind::kInvalid;
  }
}

Error json_failure(const net::Response& response) {
  Error error{kind_of(response.status), "", ""};
  for (const auto& [name, value] : response.headers)
    if (name == "x-amzn-ErrorType") error.type = value.substr(0, value.find(':'));
  const json body = json_parse(response.body);
  if (body.is_object()) {
    error.message = json_text(body, body.contains("message") ? "message" : "Message");
    if (error.type.empty()) error.type = json_text(body, "__type");
    error.type = error.type.substr(error.type.find('#') + 1);  // npos + 1 is 0
  }
  if (error.message.empty()) error.message = response.body;
  // The services differ in the status that they give this.
  if (error.type.find("AlreadyExists") != std::string::npos) error.kind = ErrorKind::kConflict;
  return error;
}

Result<json> json_answer(const net::Response& response) {
  if (response.status >= 300) return json_failure(response);
  json body = json_parse(response.body);
  return body.is_object() ? std::move(body) : json::object();  // some answers are empty
}

}  // namespace

AwsApi AwsApi::on_trial() const { return {send_, region_, host_, Effects::kNone}; }

AwsApi AwsApi::in_region(std::string region) const {
  return {send_, std::move(region), host_, effects_};
}

Result<void> verdict(const Result<json>& answer) {
  if (answer || answer.error().type == trial::kNotKept) return {};
  const ErrorKind kind = answer.error().kind;
  const bool of_the_request = kind == ErrorKind::kInvalid || kind == ErrorKind::kTooLarge;
  const auto& [of, type, message] = answer.error();
  if (!of_the_request || type.find("NotFound") != std::string::npos ||
      type.find("AlreadyExists") != std::string::npos ||
      message.find("already exists") != std::string::npos)
    return {};
  return answer.error();
}

net::Request AwsApi::request(const std::string& method, const std::string& path,
                             const std::string& service) const {
  net::Request request{net::http::string_to_verb(method), path, 11};
  request.set("Host", host_);
  request.set("Authorization", "AWS4-HMAC-SHA256 Credential=cloudformation/20000101/" + region_ +
                                   "/" + service + "/aws4_request");
  request.set(system_tags::kHeader, system_tags::kStack);
  if (effects_ == Effects::kNone) request.set(trial::kEffectsHeader, trial::kNoEffects);
  return request;
}

Result<json> AwsApi::rest(const std::string& method, const std::string& path,
                          const json& body) const {
  net::Request call = request(method, path, "lambda");
  if (!body.is_null()) {
    call.set("Content-Type", "application/json");
    call.body() = json_dump(body);
  }
  return json_answer(send_(std::move(call)));
}

Result<json> AwsApi::rpc(const std::string& service, const std::string& target,
                         const json& body) const {
  net::Request call = request("POST", "/", service);
  call.set("Content-Type", "application/x-amz-json-1.0");
  call.set("X-Amz-Target", target);
  call.body() = json_dump(body);
  return json_answer(send_(std::move(call)));
}

Result<json> AwsApi::query(const std::string& service, const std::string& action,
                           const Form& parameters) const {
  net::Request call = request("POST", "/", service);
  call.set("Content-Type", "application/x-www-form-urlencoded");
  call.body() = "Action=" + action + "&Version=2010-03-31";
  for (const auto& [name, value] : parameters)
    call.body() += "&" + url_encoded(name) + "=" + url_encoded(value);
  const net::Response response = send_(std::move(call));
  if (response.status >= 300) return wire::xml_error(kind_of(response.status), response.body);
  return wire::query_result(action, response.body);
}

Result<json> AwsApi::s3(const std::string& method, const std::string& bucket,
                        const std::string& query, const std::string& body) const {
  net::Request call = request(method, "/" + url_encoded(bucket) + query, "s3");
  call.set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD");
  call.body() = body;
  const net::Response response = send_(std::move(call));
  if (response.status >= 300) return wire::xml_error(kind_of(response.status), response.body);
  return json::object();
}

}  // namespace kiln::stack
