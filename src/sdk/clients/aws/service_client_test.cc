#include "sdk/clients/aws/service_client.h"

#include <gtest/gtest.h>

#include "sdk/clients/aws/json_call.h"
#include "tests/support/http_double.h"
#include "tests/support/server_process.h"

namespace kiln::aws {
namespace {

using std::chrono::milliseconds;
using testing::HttpDouble;

// A service that answers from a list, the last one for ever.
class ServiceClientTest : public ::testing::Test {
 protected:
  ServiceClientTest()
      : server_([this](const HttpDouble::Request& request) {
          head_ = request.head;
          const auto& [status, body] = answers_[std::min(asked_, answers_.size() - 1)];
          ++asked_;
          if (status == 0) return HttpDouble::Reply{.bytes = "", .then = HttpDouble::Then::kReset};
          return HttpDouble::Reply{
              .bytes = HttpDouble::response(status, "x-amzn-RequestId: r7\r\n", body)};
        }) {
    config_.endpoint = "http://" + server_.address() + "/base/";
    config_.region = "eu-west-1";
    config_.credentials = [] { return Credentials{"id", "secret", "", {}}; };
    config_.sleep = [this](milliseconds time) { slept_.push_back(time); };
    config_.now = [] { return *parse_iso("2026-01-02T03:04:05Z"); };
  }

  http::Response call(Repeat repeat = Repeat::kTwice) {
    ServiceClient client({.name = "lambda"}, config_);
    return client.call({.operation = "Op",
                        .path = "/f%3A1",
                        .query = {{"a", "b c"}},
                        .body = "x",
                        .repeat = repeat});
  }
  // The code of the error, and how often it was tried.
  std::pair<std::string, size_t> fails(Repeat repeat = Repeat::kTwice) {
    asked_ = 0;
    try {
      call(repeat);
    } catch (const Error& e) {
      return {e.code(), asked_};
    }
    return {"no error", asked_};
  }

  std::vector<std::pair<int, std::string>> answers_ = {{200, "{}"}};
  size_t asked_ = 0;
  std::string head_;
  std::vector<milliseconds> slept_;
  Config config_;
  HttpDouble server_;
};

TEST_F(ServiceClientTest, SignsWhatItSends) {
  EXPECT_EQ(call().body, "{}");
  EXPECT_TRUE(head_.starts_with("POST /base/f%3A1?a=b%20c HTTP/1.1\r\n")) << head_;
  EXPECT_NE(
      head_.find(
          "authorization: AWS4-HMAC-SHA256 Credential=id/20260102/eu-west-1/lambda/aws4_request, "
          "SignedHeaders=host;x-amz-date, Signature="),
      std::string::npos)
      << head_;
  EXPECT_NE(head_.find("x-amz-date: 20260102T030405Z\r\n"), std::string::npos) << head_;
}

TEST_F(ServiceClientTest, ThreeAttemptsAreMade) {
  const std::string throttle = R"({"__type":"ThrottlingException"})";
  answers_ = {{500, ""}, {400, throttle}, {200, "done"}};
  EXPECT_EQ(call().body, "done");
  EXPECT_EQ(asked_, 3u);
  ASSERT_EQ(slept_.size(), 2u);
  EXPECT_LE(slept_[0], milliseconds(100));
  EXPECT_LE(slept_[1], milliseconds(200));

  answers_ = {{500, ""}, {500, ""}, {502, ""}, {200, "too late"}};
  EXPECT_EQ(fails(), (std::pair<std::string, size_t>("HTTP 502", 3)));
  answers_ = {{0, ""}, {0, ""}, {200, "done"}};
  EXPECT_EQ(fails(), (std::pair<std::string, size_t>("no error", 3)));
  answers_ = {{0, ""}};
  EXPECT_EQ(fails(), (std::pair<std::string, size_t>("ConnectionError", 3)));
  config_.max_attempts = 1;
  answers_ = {{500, ""}};
  EXPECT_EQ(fails(), (std::pair<std::string, size_t>("HTTP 500", 1)));
}

TEST_F(ServiceClientTest, WhatTheCallerDidWrongIsNotTriedAgain) {
  answers_ = {{400, R"({"__type":"ValidationException","message":"m"})"}};
  EXPECT_EQ(fails(), (std::pair<std::string, size_t>("ValidationException", 1)));
  EXPECT_TRUE(slept_.empty());
}

TEST_F(ServiceClientTest, WhatMustNotBeDoneTwiceIsTriedAgainOnlyWhenItWasNotDone) {
  answers_ = {{500, ""}};
  EXPECT_EQ(fails(Repeat::kOnce).second, 1u);
  answers_ = {{0, ""}};
  EXPECT_EQ(fails(Repeat::kOnce).second, 1u);
  answers_ = {{429, ""}};
  EXPECT_EQ(fails(Repeat::kOnce).second, 3u);
  answers_ = {{503, ""}};
  EXPECT_EQ(fails(Repeat::kOnce).second, 3u);
  config_.endpoint = "http://127.0.0.1:" + std::to_string(testing::free_port());
  slept_.clear();
  EXPECT_EQ(fails(Repeat::kOnce).first, "ConnectionError");
  EXPECT_EQ(slept_.size(), 2u);
}

TEST_F(ServiceClientTest, ErrorsNameServiceOperationAndRequest) {
  answers_ = {{404, R"({"__type":"ResourceNotFoundException","message":"none"})"}};
  try {
    call();
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(),
                 "lambda Op: ResourceNotFoundException: none (status 404, request id r7)");
  }
}

TEST_F(ServiceClientTest, WithoutCredentialsNothingIsSent) {
  config_.credentials = []() -> Credentials { throw std::runtime_error("no keys"); };
  EXPECT_EQ(fails(), (std::pair<std::string, size_t>("Credentials", 0)));
}

TEST_F(ServiceClientTest, JsonAnswersThatAreNone) {
  ServiceClient client({.name = "dynamodb"}, config_);
  const JsonProtocol protocol{"DynamoDB_20120810"};
  answers_ = {{200, R"({"a":1})"}};
  EXPECT_EQ(json_call(client, protocol, "GetItem", {{"x", "\xFF"}})["a"], 1);
  EXPECT_NE(head_.find("x-amz-target: DynamoDB_20120810.GetItem\r\n"), std::string::npos);
  answers_ = {{200, ""}};
  EXPECT_EQ(json_call(client, protocol, "PutItem", nlohmann::json::object()),
            nlohmann::json::object());
  for (const char* bad : {"{", "[]", "null", "<html>", "\xFF", "\"x\""}) {
    answers_ = {{200, bad}};
    try {
      json_call(client, protocol, "GetItem", nlohmann::json::object());
      ADD_FAILURE() << bad;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), "BadAnswer");
    }
  }
}

TEST_F(ServiceClientTest, Endpoints) {
  const auto shown = [](const char* url) {
    const Endpoint e = Endpoint::parse(url);
    return e.scheme + "|" + e.host + "|" + e.path;
  };
  EXPECT_EQ(shown("http://127.0.0.1:4566"), "http|127.0.0.1:4566|");
  EXPECT_EQ(shown("http://[::1]:80//"), "http|[::1]:80|");
  EXPECT_EQ(shown("https://host/a/b/"), "https|host|/a/b");
  for (const char* bad : {"", "host", "ftp://host", "http://", "http:///x", "http://u@host",
                          "http://host?x", "http://ho st", "http://host#x"}) {
    EXPECT_THROW(Endpoint::parse(bad), std::invalid_argument) << bad;
  }
  config_.region = "evil.example.org/";
  EXPECT_THROW(ServiceClient({.name = "s3"}, config_), std::invalid_argument);
  config_.region = "";
  EXPECT_THROW(ServiceClient({.name = "s3"}, config_), std::invalid_argument);
}

TEST(AwsConfig, TheServicesOwnEndpointComesFirst) {
  for (const char* name :
       {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
    ::unsetenv(name);
  }
  EXPECT_EQ(Config::from_environment("s3").endpoint, "");
  EXPECT_EQ(Config::from_environment("s3").region, "us-east-1");
  ::setenv("AWS_ENDPOINT_URL", "http://all", 1);
  ::setenv("AWS_ENDPOINT_URL_S3", "http://s3", 1);
  ::setenv("AWS_DEFAULT_REGION", "eu-west-1", 1);
  EXPECT_EQ(Config::from_environment("s3").endpoint, "http://s3");
  EXPECT_EQ(Config::from_environment("dynamodb").endpoint, "http://all");
  EXPECT_EQ(Config::from_environment("s3").region, "eu-west-1");
  ::setenv("AWS_REGION", "eu-west-2", 1);
  EXPECT_EQ(Config::from_environment("s3").region, "eu-west-2");
  for (const char* name :
       {"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"}) {
    ::unsetenv(name);
  }
}

}  // namespace
}  // namespace kiln::aws
