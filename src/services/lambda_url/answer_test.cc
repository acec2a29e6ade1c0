#include "services/lambda_url/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

net::Response of(const json& payload) { return url_answer(payload.dump()); }

void expect_failure(const net::Response& response, const std::string& what) {
  EXPECT_EQ(response.status, 502U) << what;
  EXPECT_EQ(response.body, "Internal Server Error") << what;
  EXPECT_THAT(response.headers, IsEmpty()) << what;
}

// The first five are recorded on AWS, which what Python's json.dumps wrote came through.
TEST(UrlAnswer, JsonWithoutAStatusCodeIsTheBodyOfA200) {
  for (const auto& [payload, body] : std::vector<std::pair<std::string, std::string>>{
           {R"("hello")", "hello"},
           {R"({"hello": "world"})", R"({"hello":"world"})"},
           {R"(["hello", 3, true])", R"(["hello",3,true])"},
           {"3.1", "3.1"},
           {"true", "true"},
           {R"("a\u00e9 \"b\" \n")", "a\u00e9 \"b\" \n"},
           {R"({ "z" : " \" a ", "a": 12345678901234567890123 })",
            R"({"z":" \" a ","a":12345678901234567890123})"},
           {"null", "null"},
           {"", ""}}) {
    const auto response = url_answer(std::string(payload));
    EXPECT_EQ(response.status, 200U) << payload;
    EXPECT_EQ(response.content_type, "application/json") << payload;
    EXPECT_EQ(response.body, body) << payload;
    EXPECT_THAT(response.headers, IsEmpty()) << payload;
  }
}

TEST(UrlAnswer, StatusHeadersCookiesAndBody) {
  const auto response = of({{"statusCode", 201},
                            {"headers",
                             {{"Content-Type", "text/plain; charset=utf-8"},
                              {"X-Text", "a\tb"},
                              {"x-number", 5},
                              {"x-flag", true}}},
                            {"cookies", {"a=1; Secure", "b=2"}},
                            {"body", "héllo"}});
  EXPECT_EQ(response.status, 201U);
  EXPECT_EQ(response.content_type, "text/plain; charset=utf-8");
  EXPECT_THAT(
      response.headers,
      UnorderedElementsAre(Pair("X-Text", "a\tb"), Pair("x-number", "5"), Pair("x-flag", "true"),
                           Pair("Set-Cookie", "a=1; Secure"), Pair("Set-Cookie", "b=2")));
  EXPECT_EQ(response.body, "héllo");
}

TEST(UrlAnswer, BodiesInEachForm) {
  const auto body = [](const json& value, const json& encoded = nullptr) {
    return of({{"statusCode", 200}, {"body", value}, {"isBase64Encoded", encoded}}).body;
  };
  EXPECT_EQ(body("AAEC/w==", true), std::string("\0\1\2\xff", 4));
  EXPECT_EQ(body("AAEC/w==", false), "AAEC/w==");
  EXPECT_EQ(body("AAEC/w=="), "AAEC/w==");
  EXPECT_EQ(body({{"a", {1, 2}}}), R"({"a":[1,2]})");
  EXPECT_EQ(body(7), "7");
  EXPECT_EQ(body(nullptr), "");
  EXPECT_EQ(of({{"statusCode", 200}}).body, "");
}

TEST(UrlAnswer, StatusesOnBothSidesOfTheirLimits) {
  for (const json& status : {json(200), json(599), json("404")})
    EXPECT_EQ(of({{"statusCode", status}}).status,
              status.is_string() ? 404U : status.get<unsigned>());
  for (const json& status :
       {json(199), json(600), json(0), json(-200), json(200.5), json("abc"), json("200 "), json(""),
        json(nullptr), json(true), json(json::array()), json(4'294'967'496)})
    expect_failure(of({{"statusCode", status}}), status.dump());
}

TEST(UrlAnswer, ResponsesWithoutABodyHaveNone) {
  EXPECT_EQ(of({{"statusCode", 204}, {"body", "x"}}).body, "");
  EXPECT_EQ(of({{"statusCode", 304}, {"body", "x"}}).body, "");
  EXPECT_EQ(of({{"statusCode", 205}, {"body", "x"}}).body, "x");
}

TEST(UrlAnswer, WhatCannotBeAResponseIsAFailure) {
  for (const json& more :
       {json{{"headers", {{"x", "a\r\nSet-Cookie: b"}}}}, json{{"headers", {{"x", "a\nb"}}}},
        json{{"headers", {{"x", std::string("a\0b", 3)}}}}, json{{"headers", {{"a b", "c"}}}},
        json{{"headers", {{"a:", "c"}}}}, json{{"headers", {{"", "c"}}}},
        json{{"headers", {{"Content-Type", "a\r\nb: c"}}}}, json{{"headers", {{"x", {1, 2}}}}},
        json{{"headers", {{"x", nullptr}}}}, json{{"headers", "x"}},
        json{{"cookies", {"a=1\r\nx: y"}}}, json{{"cookies", {1}}}, json{{"cookies", "a=1"}},
        json{{"body", "not base64!"}, {"isBase64Encoded", true}}}) {
    json answer = {{"statusCode", 200}};
    answer.update(more);
    expect_failure(of(answer), answer.dump());
  }
  expect_failure(url_answer("not JSON"), "text");
  expect_failure(url_answer("{\"statusCode\":200"), "an end that is missing");
}

TEST(UrlAnswer, NullHeadersAndCookiesAreNone) {
  EXPECT_THAT(of({{"statusCode", 200}, {"headers", nullptr}, {"cookies", nullptr}}).headers,
              IsEmpty());
}

TEST(UrlAnswer, FieldsOfTheConnectionAreRenamed) {
  const auto response =
      of({{"statusCode", 200},
          {"headers",
           {{"Connection", "close"}, {"content-length", "5"}, {"Transfer-Encoding", "chunked"}}}});
  EXPECT_THAT(response.headers,
              UnorderedElementsAre(Pair("x-amzn-remapped-connection", "close"),
                                   Pair("x-amzn-remapped-content-length", "5"),
                                   Pair("x-amzn-remapped-transfer-encoding", "chunked")));
}

TEST(UrlAnswer, NestingOnBothSidesOfItsLimit) {
  const auto nested = [](size_t depth) {
    // The answer itself is one level, and brackets in strings are none.
    return R"({"statusCode":200,"a":"[[[\"[","body":)" + std::string(depth - 1, '[') +
           std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(url_answer(nested(512)).status, 200U);
  expect_failure(url_answer(nested(513)), "513");
  expect_failure(url_answer(nested(3'000'000)), "3,000,000");
}

TEST(UrlAnswer, MetadataOfAStreamStandBeforeEightZeroBytes) {
  const std::string end(8, '\0');
  const auto response =
      url_answer(R"({"statusCode":202,"headers":{"Content-Type":"text/html"},"cookies":["a=1"]})" +
                 end + std::string("<p>\0</p>", 8));
  EXPECT_EQ(response.status, 202U);
  EXPECT_EQ(response.content_type, "text/html");
  EXPECT_THAT(response.headers, ElementsAre(Pair("Set-Cookie", "a=1")));
  EXPECT_EQ(response.body, std::string("<p>\0</p>", 8));
  EXPECT_EQ(url_answer("{}" + end + "x").content_type, "application/octet-stream");
  expect_failure(url_answer("[]" + end + "x"), "no object");
  expect_failure(url_answer(R"({"statusCode":99})" + end + "x"), "status");
  expect_failure(url_answer(R"({"headers":{"a":"\n"}})" + end + "x"), "line break");
}

}  // namespace
}  // namespace kiln::services
