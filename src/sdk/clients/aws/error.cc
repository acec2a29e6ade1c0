#include "sdk/clients/aws/error.h"

#include <nlohmann/json.hpp>

#include "sdk/clients/aws/xml.h"

namespace kiln::aws {
namespace {

constexpr size_t kMaxShown = 500;  // of what a service says

std::string shown(const Error::Parts& parts) {
  std::string out = parts.service + " " + parts.operation + ": " + parts.code;
  if (!parts.message.empty()) out += ": " + parts.message;
  std::string details;
  if (parts.status != 0) details = "status " + std::to_string(parts.status);
  if (!parts.request_id.empty()) {
    details += (details.empty() ? "" : ", ") + std::string("request id ") + parts.request_id;
  }
  return details.empty() ? out : out + " (" + details + ")";
}

std::string shortened(std::string text) {
  if (text.size() > kMaxShown) text = text.substr(0, kMaxShown) + "…";
  return text;
}

std::string text_at(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

void read_json(const std::string& body, Error::Parts& parts) {
  const nlohmann::json document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object()) return;
  if (parts.code.empty()) parts.code = text_at(document, "__type");
  if (parts.code.empty()) parts.code = text_at(document, "code");
  for (const char* name : {"message", "Message", "errorMessage"}) {
    if (parts.message.empty()) parts.message = text_at(document, name);
  }
}

void read_xml(const std::string& body, Error::Parts& parts) {
  const auto root = xml::parse(body);
  if (!root) return;
  // <Error>, or <ErrorResponse><Error>.
  const xml::Element* error = root->name == "Error" ? &*root : root->child("Error");
  if (!error) return;
  parts.code = error->text_of("Code");
  parts.message = error->text_of("Message");
  for (const xml::Element* place : {error, &*root}) {
    if (parts.request_id.empty()) parts.request_id = place->text_of("RequestId");
  }
}

}  // namespace

Error::Error(Parts parts) : std::runtime_error(shown(parts)), parts_(std::move(parts)) {}

Error error_of(std::string_view service, std::string_view operation,
               const http::Response& response) {
  Error::Parts parts{std::string(service), std::string(operation), "", "", response.status, ""};
  for (const char* name : {"x-amzn-requestid", "x-amz-request-id"}) {
    if (parts.request_id.empty()) parts.request_id = response.header(name);
  }
  parts.code = response.header("x-amzn-errortype");
  const size_t first = response.body.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && response.body[first] == '{') read_json(response.body, parts);
  if (first != std::string::npos && response.body[first] == '<') read_xml(response.body, parts);
  // "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException:http://…"
  if (const size_t colon = parts.code.find(':'); colon != std::string::npos)
    parts.code.erase(colon);
  if (const size_t hash = parts.code.rfind('#'); hash != std::string::npos)
    parts.code.erase(0, hash + 1);
  if (parts.code.empty()) {
    parts.code = response.status == 404 ? "NotFound" : "HTTP " + std::to_string(response.status);
  }
  parts.code = shortened(std::move(parts.code));
  parts.message = shortened(std::move(parts.message));
  parts.request_id = shortened(std::move(parts.request_id));
  return Error(std::move(parts));
}

Error error_of(std::string_view service, std::string_view operation, const http::Error& error) {
  using Kind = http::Error::Kind;
  const char* code = error.kind() == Kind::kTimeout       ? "Timeout"
                     : error.kind() == Kind::kInvalid     ? "InvalidRequest"
                     : error.kind() == Kind::kTooLarge    ? "TooLarge"
                     : error.kind() == Kind::kStopped     ? "Stopped"
                     : error.kind() == Kind::kUnavailable ? "MissingLibrary"
                                                          : "ConnectionError";
  return Error({std::string(service), std::string(operation), code, error.what(), 0, ""});
}

Error bad_answer(std::string_view service, std::string_view operation,
                 const http::Response& response, std::string_view problem) {
  Error::Parts parts{
      std::string(service), std::string(operation),
      "BadAnswer",          std::string(problem) + "; is it an endpoint of this service?",
      response.status,      ""};
  return Error(std::move(parts));
}

}  // namespace kiln::aws
