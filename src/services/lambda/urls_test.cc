// The operations of function URLs: their documents, limits and AWS's texts.
#include <gmock/gmock.h>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;

class LambdaUrlsTest : public LambdaApiTest {
 protected:
  Answer create_url(const std::string& name, const json& more = json::object()) {
    json body = {{"AuthType", "NONE"}};
    body.update(more);
    return call("POST", "/2021-10-31/functions/" + name, body);
  }
  Answer url(const std::string& method, const std::string& name,
             const json& body = json::object()) {
    return call(method, "/2021-10-31/functions/" + name, body);
  }
  void alias(const std::string& name) {
    call("POST", "/2015-03-31/functions/f/aliases", {{"Name", name}, {"FunctionVersion", "1"}});
  }
  void SetUp() override {
    LambdaApiTest::SetUp();
    create("f", {{"Publish", true}});
  }
};

TEST_F(LambdaUrlsTest, LifeOfAUrl) {
  const json cors = {{"AllowCredentials", true}, {"AllowHeaders", {"x-a"}},
                     {"AllowMethods", {"GET"}},  {"AllowOrigins", {"http://a"}},
                     {"ExposeHeaders", {"x-b"}}, {"MaxAge", 86'400}};
  const auto created = create_url("f/url", {{"Cors", cors}});
  EXPECT_EQ(created.status, 201u);
  const std::string address = created.body["FunctionUrl"];
  EXPECT_THAT(address,
              MatchesRegex("http://[a-z0-9]{32}\\.lambda-url\\.us-east-1\\.localhost:4566/"));
  EXPECT_EQ(created.body, json({{"FunctionUrl", address},
                                {"FunctionArn", kArn + "f"},
                                {"AuthType", "NONE"},
                                {"Cors", cors},
                                {"CreationTime", "2023-01-21T11:30:00.000Z"}}));
  reopen();
  json expected = created.body;
  expected["InvokeMode"] = "BUFFERED";
  expected["LastModifiedTime"] = "2023-01-21T11:30:00.000Z";
  EXPECT_EQ(url("GET", "f/url").body, expected);

  clock_.advance(std::chrono::seconds(1));
  const auto updated = url("PUT", "f/url", {{"AuthType", "AWS_IAM"}});
  EXPECT_EQ(updated.status, 200u);
  expected["AuthType"] = "AWS_IAM";
  expected.erase("InvokeMode");  // nobody asked for one
  expected["LastModifiedTime"] = "2023-01-21T11:30:01.000Z";
  EXPECT_EQ(updated.body, expected) << "what is not said stays";
  expected.erase("Cors");
  EXPECT_EQ(url("PUT", "f/url", {{"Cors", json::object()}}).body, expected);

  EXPECT_EQ(url("DELETE", "f/url").status, 204u);
  expect_not_found(url("GET", "f/url"), "The resource you requested does not exist.");
  expect_not_found(url("DELETE", "f/url"), "The resource you requested does not exist.");
  expect_not_found(url("PUT", "f/url"), "The resource you requested does not exist.");
}

TEST_F(LambdaUrlsTest, AFunctionAndEachAliasHaveOne) {
  alias("a");
  alias("b");
  create_url("f/url");
  create_url("f/url?Qualifier=a");
  EXPECT_EQ(create_url("f:b/url").body["FunctionArn"], kArn + "f:b");
  expect_error(create_url("f/url?Qualifier=a"), 409, "ResourceConflictException",
               "Failed to create function url config for [functionArn = " + kArn +
                   "f:a]. Error message:  FunctionUrlConfig exists for this Lambda function");
  auto page = url("GET", "f/urls?MaxItems=2");
  ASSERT_EQ(page.body["FunctionUrlConfigs"].size(), 2u);
  EXPECT_EQ(page.body["FunctionUrlConfigs"][0]["FunctionArn"], kArn + "f");
  page = url("GET", "f/urls?MaxItems=2&Marker=" + page.body["NextMarker"].get<std::string>());
  ASSERT_EQ(page.body["FunctionUrlConfigs"].size(), 1u);
  EXPECT_EQ(page.body["FunctionUrlConfigs"][0]["FunctionArn"], kArn + "f:b");
  EXPECT_FALSE(page.body.contains("NextMarker"));
  EXPECT_EQ(url("DELETE", "f/url?Qualifier=a").status, 204u);
  call("DELETE", "/2015-03-31/functions/f/aliases/b");
  EXPECT_EQ(url("GET", "f/urls").body["FunctionUrlConfigs"].size(), 2u)
      << "the URL outlives its alias, as on AWS";
}

TEST_F(LambdaUrlsTest, WhereNoUrlCanHang) {
  expect_not_found(create_url("g/url"), "Function does not exist");
  expect_not_found(create_url("f/url?Qualifier=nothing"), "Function does not exist");
  expect_not_found(url("GET", "g/urls"), "Function does not exist");
  for (const char* qualifier : {"1", "%24LATEST"})
    EXPECT_THAT(create_url("f/url?Qualifier=" + std::string(qualifier)).message,
                HasSubstr("at 'qualifier' failed to satisfy constraint: Member must satisfy "
                          "regular expression pattern: ((?!^\\d+$)^[0-9a-zA-Z-_]+$)"))
        << qualifier;
}

TEST_F(LambdaUrlsTest, Refusals) {
  const auto refused = [&](const json& more, const std::string& text) {
    for (const auto& got : {create_url("f/url", more), url("PUT", "f:there/url", more)}) {
      EXPECT_EQ(got.status, 400u) << more;
      EXPECT_THAT(got.message, HasSubstr(text)) << more;
    }
  };
  alias("there");
  create_url("f:there/url");
  EXPECT_THAT(create_url("f/url", {{"AuthType", nullptr}}).message,
              HasSubstr("Value null at 'authType'"));
  refused({{"AuthType", "none"}},
          "Value 'none' at 'authType' failed to satisfy constraint: Member must satisfy enum value "
          "set: [NONE, AWS_IAM]");
  refused({{"InvokeMode", "STREAM"}}, "at 'invokeMode' failed to satisfy constraint");
  refused({{"Cors", {{"MaxAge", -1}}}}, "at 'cors.maxAge'");
  refused({{"Cors", {{"MaxAge", 86'401}}}}, "at 'cors.maxAge'");
  refused({{"Cors", {{"AllowMethods", {"OPTIONS"}}}}}, "at 'cors.allowMethods'");
  refused({{"Cors", {{"AllowMethods", std::vector<std::string>(7, "GET")}}}},
          "Member must have length less than or equal to 6");
  refused({{"Cors", {{"AllowOrigins", {""}}}}}, "at 'cors.allowOrigins'");
  refused({{"Cors", {{"AllowOrigins", {std::string(254, 'o')}}}}}, "at 'cors.allowOrigins'");
  refused({{"Cors", {{"AllowOrigins", std::vector<std::string>(101, "o")}}}},
          "Member must have length less than or equal to 100");
  refused({{"Cors", {{"AllowHeaders", {"a\r\nb: c"}}}}}, "at 'cors.allowHeaders'");
  refused({{"Cors", {{"ExposeHeaders", {std::string(1025, 'h')}}}}}, "at 'cors.exposeHeaders'");
  refused({{"Cors", {{"AllowOrigins", "*"}}}}, "AllowOrigins");
  refused({{"Cors", "*"}}, "Cors");
  expect_not_found(url("GET", "f/url"), "The resource you requested does not exist.");
  EXPECT_FALSE(url("GET", "f:there/url").body.contains("Cors"));
  EXPECT_EQ(
      create_url("f/url", {{"InvokeMode", "BUFFERED"},
                           {"Cors",
                            {{"MaxAge", 0},
                             {"AllowMethods", {"GET", "PUT", "HEAD", "POST", "PATCH", "DELETE"}},
                             {"AllowOrigins", std::vector<std::string>(100, std::string(253, 'o'))},
                             {"ExposeHeaders", {std::string(1024, 'h')}}}}})
          .status,
      201u)
      << "the limits themselves pass";
}

}  // namespace
}  // namespace kiln::services
