#include "services/front/doors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace kiln::services {
namespace {

using net::http::verb;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

using Fields = std::vector<std::pair<const char*, std::string>>;

net::RequestHeader ask(const Fields& fields, verb method = verb::post,
                       const std::string& target = "/2015-03-31/functions") {
  net::Request request{method, target, 11};
  for (const auto& [name, value] : fields) request.set(name, value);
  return request.base();
}

constexpr const char* kUrlHost =
    "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.localhost:4566";

bool enters(const Fields& fields, const DoorOptions& options = {}) {
  return !Doors(options).refusal(ask(fields));
}

TEST(Doors, HostsOfThisMachineAndAwsEnter) {
  char own[256] = {};
  ASSERT_EQ(::gethostname(own, sizeof own - 1), 0);
  for (const std::string& host :
       std::vector<std::string>{"127.0.0.1:4566", "localhost", "LocalHost:4566", "localhost.",
                                "bucket.localhost:80", "[::1]:4566", "192.168.1.20:4566",
                                "0.0.0.0:4566", "127.9.8.7", "lambda.eu-west-1.amazonaws.com",
                                "b.s3.cn-north-1.amazonaws.com.cn", "logs.us-east-1.api.aws",
                                "host.docker.internal:4566", std::string(own) + ":1", kUrlHost})
    EXPECT_TRUE(enters({{"Host", host}})) << host;
  EXPECT_TRUE(enters({}));  // HTTP/1.0; no browser
}

// DNS rebinding: the page's own name, which now points here.
TEST(Doors, OtherNamesAreRefusedWithTheWayToAllowThem) {
  for (const char* host : {"evil.example:4566", "127.0.0.1.evil.example", "localhost.evil.example",
                           "amazonaws.com.evil.example", "evilamazonaws.com", "1.2.3", "kiln:4566",
                           "notlocalhost", "[::1].evil.example", "a b"})
    EXPECT_FALSE(enters({{"Host", host}})) << host;
  const auto refused = Doors({}).refusal(ask({{"Host", "kiln:4566"}}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403u);
  EXPECT_THAT(refused->body, HasSubstr("--allow-host kiln`"));
  EXPECT_FALSE(enters({{"Host", std::string(10'000, 'a')}}));

  EXPECT_TRUE(enters({{"Host", "kiln:4566"}}, {{"Kiln"}, {}}));
  EXPECT_TRUE(enters({{"Host", "b.shop.example"}}, {{"*.shop.example"}, {}}));
  EXPECT_FALSE(enters({{"Host", "shop.example"}}, {{"*.shop.example"}, {}}));
  EXPECT_TRUE(enters({{"Host", "any.thing"}}, {{"*"}, {}}));
}

// RFC 9112 section 3.2.2: what the target names counts, and not the Host header.
TEST(Doors, AHostInTheTargetIsThatOfTheHeader) {
  const auto enters_by = [](const char* target, const Fields& fields) {
    return !Doors({}).refusal(ask(fields, verb::get, target));
  };
  EXPECT_TRUE(enters_by("http://localhost:4566/_kiln/status", {{"Host", "LocalHost:4566"}}));
  EXPECT_TRUE(enters_by("http://localhost/", {}));
  EXPECT_FALSE(enters_by("http://evil.example/", {}));
  EXPECT_FALSE(enters_by("http://evil.example/_kiln/status", {{"Host", "localhost"}}));
  EXPECT_FALSE(enters_by("http://localhost/", {{"Host", "127.0.0.1"}}));
  EXPECT_TRUE(enters_by("/bucket/http://evil.example", {{"Host", "localhost"}}));
}

TEST(Doors, PagesFromElsewhereAreRefusedWithTheWayToAllowThem) {
  const auto from = [](const std::string& origin, const DoorOptions& options = {}) {
    return enters({{"Host", "127.0.0.1:4566"}, {"Origin", origin}}, options);
  };
  for (const char* origin : {"http://127.0.0.1:4566", "http://localhost:3000",
                             "http://shop.localhost", "http://[::1]:8080"})
    EXPECT_TRUE(from(origin)) << origin;
  for (const char* origin :
       {"https://evil.example", "null", "http://localhost.evil.example", "http://127.evil.example",
        "file://", "http://192.168.1.9", "x", "https://evil.example:4566"})
    EXPECT_FALSE(from(origin)) << origin;
  EXPECT_TRUE(enters({{"Host", "10.0.0.7:4566"}, {"Origin", "http://10.0.0.7:4566"}}));
  EXPECT_TRUE(from("https://shop.example", {{}, {"https://shop.example"}}));
  EXPECT_FALSE(from("http://shop.example", {{}, {"https://shop.example"}}));
  EXPECT_TRUE(from("https://a.shop.example", {{}, {"https://*.shop.example"}}));
  EXPECT_TRUE(from("https://evil.example", {{}, {"*"}}));
  const auto refused =
      Doors({}).refusal(ask({{"Host", "127.0.0.1"}, {"Origin", "https://evil.example"}}));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 403u);
  EXPECT_THAT(refused->body, HasSubstr("--allow-origin https://evil.example"));
}

// Images, scripts and forms that a page sends without Origin; browsers say where they come from.
TEST(Doors, WhatAPageAsksWithoutOriginIsRefused) {
  const auto enters_as = [](const char* mode, const std::string& target, verb method = verb::get) {
    return !Doors({}).refusal(
        ask({{"Host", "127.0.0.1"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", mode}},
            method, target));
  };
  EXPECT_FALSE(enters_as("no-cors", "/?Action=DeleteTopic&TopicArn=a"));
  EXPECT_FALSE(enters_as("no-cors", "/2015-03-31/functions"));
  EXPECT_FALSE(enters_as("navigate", "/?Action=DeleteTopic&TopicArn=a"));
  EXPECT_FALSE(enters_as("navigate", "/", verb::post));
  EXPECT_TRUE(enters_as("navigate", "/"));
  // A link in a message that is read in a browser.
  EXPECT_TRUE(enters_as("navigate", "/?Action=ConfirmSubscription&TopicArn=a&Token=b"));
  EXPECT_TRUE(enters({{"Host", "127.0.0.1"}, {"Sec-Fetch-Site", "none"}}));
}

TEST(Doors, RefusalsHaveTheServicesShape) {
  const auto body = [](const Fields& more) {
    Fields fields = {{"Host", "evil.example"}};
    fields.insert(fields.end(), more.begin(), more.end());
    const auto refused = Doors({}).refusal(ask(fields, verb::post, "/"));
    return refused && refused->status == 403 ? refused->body : "";
  };
  EXPECT_THAT(body({{"X-Amz-Target", "Logs_20140328.CreateLogGroup"}}),
              HasSubstr("\"__type\":\"AccessDeniedException\""));
  EXPECT_THAT(
      body({{"Authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request"}}),
      HasSubstr("<Code>AccessDenied</Code>"));
}

TEST(Doors, PreflightsOfThoseWhoMayAskAreAnswered) {
  const Doors doors({{}, {"https://shop.example"}});
  const Fields question = {{"Host", "127.0.0.1:4566"},
                           {"Origin", "https://shop.example"},
                           {"Access-Control-Request-Method", "POST"},
                           {"Access-Control-Request-Headers", "x-amz-target"}};
  const auto header = ask(question, verb::options, "/");
  EXPECT_FALSE(doors.refusal(header));
  const auto answer = doors.preflight(header);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 204u);
  EXPECT_THAT(answer->headers,
              Contains(Pair("Access-Control-Allow-Origin", "https://shop.example")));
  EXPECT_THAT(answer->headers, Contains(Pair("Access-Control-Allow-Methods", "POST")));
  EXPECT_THAT(answer->headers, Contains(Pair("Access-Control-Allow-Headers", "x-amz-target")));
  EXPECT_FALSE(doors.preflight(ask(question, verb::post, "/")));
  EXPECT_FALSE(doors.preflight(ask({{"Host", "127.0.0.1"}}, verb::options, "/")));
}

TEST(Doors, FunctionUrlsHaveTheirOwnRules) {
  const Fields fields = {{"Host", kUrlHost},
                         {"Origin", "https://evil.example"},
                         {"Access-Control-Request-Method", "POST"}};
  EXPECT_TRUE(enters(fields));
  EXPECT_FALSE(Doors({}).preflight(ask(fields, verb::options, "/")));
  EXPECT_EQ(Doors::origin_of(ask(fields)), "");
}

TEST(Doors, AnswersMayBeReadByThePageThatAsked) {
  net::Response response;
  Doors::let_read("", response);
  EXPECT_TRUE(response.headers.empty());
  Doors::let_read("https://shop.example", response);
  EXPECT_THAT(response.headers,
              Contains(Pair("Access-Control-Allow-Origin", "https://shop.example")));
  EXPECT_THAT(response.headers,
              Contains(Pair("Access-Control-Expose-Headers", HasSubstr("X-Amz-Function-Error"))));
}

}  // namespace
}  // namespace kiln::services
