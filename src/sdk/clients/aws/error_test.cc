#include "sdk/clients/aws/error.h"

#include <gtest/gtest.h>

namespace kiln::aws {
namespace {

http::Response answer(int status, http::Headers headers, std::string body) {
  http::Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.body = std::move(body);
  return response;
}

TEST(AwsError, ReadsWhatServicesSay) {
  const struct {
    http::Response response;
    const char* code;
    const char* message;
    const char* request_id;
  } cases[] = {
      {answer(
           400, {{"x-amzn-requestid", "r1"}},
           R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"no table"})"),
       "ResourceNotFoundException", "no table", "r1"},
      {answer(404, {{"x-amzn-errortype", "ResourceNotFoundException:http://internal/"}},
              R"({"Type":"User","Message":"Function not found: f"})"),
       "ResourceNotFoundException", "Function not found: f", ""},
      {answer(404, {{"x-amz-request-id", "r2"}},
              "<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>It's "
              "&lt;gone&gt;.</Message></Error>"),
       "NoSuchKey", "It's <gone>.", "r2"},
      {answer(
           400, {},
           "<ErrorResponse "
           "xmlns='x'><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>m</Message>"
           "</Error><RequestId>r3</RequestId></ErrorResponse>"),
       "InvalidParameter", "m", "r3"},
      {answer(404, {}, ""), "NotFound", "", ""},
      {answer(403, {}, ""), "HTTP 403", "", ""},
      {answer(502, {{"content-type", "text/html"}}, "<html><body>Bad gateway</html>"), "HTTP 502",
       "", ""},
      {answer(500, {}, "{\"__type\":7,\"message\":{}}"), "HTTP 500", "", ""},
      {answer(500, {}, "{\"__type\":\"X\""), "HTTP 500", "", ""},
      {answer(500, {}, "[[[["), "HTTP 500", "", ""},
      {answer(500, {}, "<Error><Code>"), "HTTP 500", "", ""},
  };
  for (const auto& c : cases) {
    const Error error = error_of("s", "Op", c.response);
    EXPECT_EQ(error.code(), c.code);
    EXPECT_EQ(error.message(), c.message);
    EXPECT_EQ(error.request_id(), c.request_id);
    EXPECT_EQ(error.status(), c.response.status);
  }
}

TEST(AwsError, TheTextNamesServiceOperationAndRequest) {
  EXPECT_STREQ(Error({"s3", "GetObject", "NoSuchKey", "not there", 404, "r1"}).what(),
               "s3 GetObject: NoSuchKey: not there (status 404, request id r1)");
  EXPECT_STREQ(Error({"s3", "GetObject", "ConnectionError", "", 0, ""}).what(),
               "s3 GetObject: ConnectionError");
}

TEST(AwsError, WhatAServiceSaysIsShortened) {
  const auto error = error_of(
      "s", "Op",
      answer(400, {}, "{\"__type\":\"A\",\"message\":\"" + std::string(100'000, 'x') + "\"}"));
  EXPECT_LT(error.message().size(), 600u);
}

}  // namespace
}  // namespace kiln::aws
