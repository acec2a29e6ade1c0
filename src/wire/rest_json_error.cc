#include "wire/rest_json_error.h"

#include <algorithm>
#include <array>

#include "base/json_access.h"
#include "wire/fault_code.h"

namespace kiln::wire {
namespace {

using std::string_view_literals::operator""sv;

// The exceptions of the Lambda model whose member is `message`; every other modelled one has
// `Message`.
constexpr std::array kLowerCaseMessage = {
    "CapacityProviderLimitExceededException"sv,
    "CodeStorageExceededException"sv,
    "FunctionVersionsPerCapacityProviderLimitExceededException"sv,
    "InvalidParameterValueException"sv,
    "InvalidRequestContentException"sv,
    "PolicyLengthExceededException"sv,
    "PreconditionFailedException"sv,
    "ProvisionedConcurrencyConfigNotFoundException"sv,
    "RequestTooLargeException"sv,
    "ResourceConflictException"sv,
    "ResourceNotReadyException"sv,
    "SerializedRequestEntityTooLargeException"sv,
    "TooManyRequestsException"sv,
    "UnsupportedMediaTypeException"sv,
};

// Answers of AWS's front end rather than of Lambda: not in the model, `message`, and no `Type`.
constexpr std::array kFrontEnd = {
    "ValidationException"sv,
    "RequestEntityTooLargeException"sv,
    "UnknownOperationException"sv,
    "SerializationException"sv,
};

// As recorded: this one comes without a `Type`, too.
constexpr std::string_view kAliasOfLatest =
    "$LATEST is not supported for an alias pointing to more than 1 version";

// Recorded, too: of another account's function AWS says nothing. The text is for Kiln's own log.
constexpr std::string_view kForeignFunction = "Functions of account ";

bool contains(const auto& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

unsigned http_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalid:
      return 400;
    case ErrorKind::kForbidden:
      return 403;
    case ErrorKind::kNotFound:
      return 404;
    case ErrorKind::kConflict:
      return 409;
    case ErrorKind::kPreconditionFailed:
      return 412;
    case ErrorKind::kTooLarge:
      return 413;
    case ErrorKind::kUnsupportedMedia:
      return 415;
    case ErrorKind::kThrottled:
      return 429;
    case ErrorKind::kInternal:
      return 500;
    case ErrorKind::kBadGateway:
      return 502;
    case ErrorKind::kUnavailable:
      return 503;
  }
  return 500;
}

net::Response rest_json_error(const Error& error, const std::string& request_id,
                              const nlohmann::json& extra) {
  const std::string type = fault_code(error, "ServiceException");
  const bool is_service_fault =
      error.kind == ErrorKind::kInternal || error.kind == ErrorKind::kUnavailable;
  nlohmann::json body = nlohmann::json::object();
  if (type == "AccessDeniedException" && error.message.starts_with(kForeignFunction)) {
    body["Message"] = nullptr;
  } else if (contains(kFrontEnd, type)) {
    body["message"] = error.message;
  } else {
    body[contains(kLowerCaseMessage, type) ? "message" : "Message"] = error.message;
    if (error.message != kAliasOfLatest) body["Type"] = is_service_fault ? "Service" : "User";
  }
  if (extra.is_object()) body.update(extra);

  net::Response response;
  // The one status that no kind stands for.
  response.status = error.type == "SnapStartTimeoutException" ? 408 : http_status(error.kind);
  response.headers = {{"x-amzn-ErrorType", type}, {"x-amzn-RequestId", request_id}};
  response.body = to_json_text(body);
  return response;
}

std::string to_json_text(const nlohmann::json& document) { return json_dump(document); }

}  // namespace kiln::wire
