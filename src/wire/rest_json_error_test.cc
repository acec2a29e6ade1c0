#include "wire/rest_json_error.h"

#include <gtest/gtest.h>

namespace kiln::wire {
namespace {

using nlohmann::json;

std::string header(const net::Response& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return std::string(value);
  }
  return "(absent)";
}

struct ErrorCase {
  ErrorKind kind;
  const char* type;
  unsigned status;
  const char* body;
};

TEST(RestJsonError, BodiesAreThoseThatAwsRecorded) {
  const ErrorCase cases[] = {
      {ErrorKind::kNotFound, "ResourceNotFoundException", 404, R"({"Message":"m","Type":"User"})"},
      {ErrorKind::kInvalid, "InvalidParameterValueException", 400,
       R"({"message":"m","Type":"User"})"},
      {ErrorKind::kPreconditionFailed, "PreconditionFailedException", 412,
       R"({"message":"m","Type":"User"})"},
      {ErrorKind::kConflict, "ResourceConflictException", 409, R"({"message":"m","Type":"User"})"},
      {ErrorKind::kTooLarge, "RequestTooLargeException", 413, R"({"message":"m","Type":"User"})"},
      {ErrorKind::kTooLarge, "RequestEntityTooLargeException", 413, R"({"message":"m"})"},
      {ErrorKind::kInvalid, "ValidationException", 400, R"({"message":"m"})"},
      {ErrorKind::kForbidden, "AccessDeniedException", 403, R"({"Message":"m","Type":"User"})"},
      {ErrorKind::kBadGateway, "InvalidZipFileException", 502, R"({"Message":"m","Type":"User"})"},
      {ErrorKind::kInternal, "ServiceException", 500, R"({"Message":"m","Type":"Service"})"},
      {ErrorKind::kUnavailable, "ServiceException", 503, R"({"Message":"m","Type":"Service"})"},
      {ErrorKind::kUnsupportedMedia, "UnsupportedMediaTypeException", 415,
       R"({"message":"m","Type":"User"})"},
  };
  for (const ErrorCase& c : cases) {
    SCOPED_TRACE(c.type);
    const net::Response response = rest_json_error({c.kind, c.type, "m"}, "id-1");
    EXPECT_EQ(response.status, c.status);
    EXPECT_EQ(json::parse(response.body), json::parse(c.body));
    EXPECT_EQ(header(response, "x-amzn-ErrorType"), c.type);
    EXPECT_EQ(header(response, "x-amzn-RequestId"), "id-1");
    EXPECT_EQ(response.content_type, "application/json");
  }
}

TEST(RestJsonError, ATypeOfKilnsOwnIsTheServicesFault) {
  const net::Response response = rest_json_error({ErrorKind::kInternal, "DatabaseError", "m"}, "i");
  EXPECT_EQ(response.status, 500u);
  EXPECT_EQ(header(response, "x-amzn-ErrorType"), "ServiceException");
}

TEST(RestJsonError, SomeAnswersHaveNoTypeAndNoText) {
  const auto body = [](ErrorKind kind, const char* type, const char* message) {
    return json::parse(rest_json_error({kind, type, message}, "id").body);
  };
  EXPECT_EQ(
      body(ErrorKind::kInvalid, "InvalidParameterValueException",
           "$LATEST is not supported for an alias pointing to more than 1 version"),
      (json{{"message", "$LATEST is not supported for an alias pointing to more than 1 version"}}));
  EXPECT_EQ(body(ErrorKind::kForbidden, "AccessDeniedException",
                 "Functions of account 123456789012 are not accessible: this is account 1"),
            (json{{"Message", nullptr}}));
}

TEST(RestJsonError, ThrottleCarriesItsReason) {
  const net::Response response =
      rest_json_error({ErrorKind::kThrottled, "TooManyRequestsException", "Rate Exceeded."}, "id",
                      {{"Reason", "ReservedFunctionConcurrentInvocationLimitExceeded"}});
  EXPECT_EQ(response.status, 429U);
  EXPECT_EQ(json::parse(response.body),
            json::parse(R"({"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded",)"
                        R"("Type":"User","message":"Rate Exceeded."})"));
}

TEST(RestJsonError, ErrorWithoutTypeIsAServiceException) {
  const net::Response response = rest_json_error({ErrorKind::kInternal, "", "disk full"}, "id");
  EXPECT_EQ(header(response, "x-amzn-ErrorType"), "ServiceException");
  EXPECT_EQ(json::parse(response.body)["Message"], "disk full");
}

TEST(RestJsonError, MessageThatIsNotUtf8StillMakesAValidDocument) {
  const net::Response response =
      rest_json_error({ErrorKind::kNotFound, "ResourceNotFoundException", "name \xff"}, "id");
  EXPECT_EQ(json::parse(response.body)["Message"], "name \xEF\xBF\xBD");
}

}  // namespace
}  // namespace kiln::wire
