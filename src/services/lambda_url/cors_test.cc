#include "services/lambda_url/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::services {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

net::Request ask(net::http::verb method, const std::string& origin, const std::string& wanted = "",
                 const std::string& headers = "") {
  net::Request request{method, "/", 11};
  if (!origin.empty()) request.set("Origin", origin);
  if (!wanted.empty()) request.set("Access-Control-Request-Method", wanted);
  if (!headers.empty()) request.set("Access-Control-Request-Headers", headers);
  return request;
}

model::UrlCors everything() {
  model::UrlCors cors;
  cors.allow_origins = {"*"};
  cors.allow_methods = {"*"};
  cors.allow_headers = {"*"};
  return cors;
}

TEST(UrlCors, APreflightIsAnOptionsRequestThatNamesOriginAndMethod) {
  using net::http::verb;
  EXPECT_TRUE(is_preflight(ask(verb::options, "http://a", "PUT")));
  EXPECT_FALSE(is_preflight(ask(verb::options, "http://a")));
  EXPECT_FALSE(is_preflight(ask(verb::options, "", "PUT")));
  EXPECT_FALSE(is_preflight(ask(verb::get, "http://a", "PUT")));
}

TEST(UrlCors, PreflightSaysWhatIsConfigured) {
  model::UrlCors cors;
  cors.allow_origins = {"http://a", "http://b"};
  cors.allow_methods = {"GET", "PUT"};
  cors.allow_headers = {"x-one", "x-two"};
  cors.max_age_s = 0;
  const auto answer =
      preflight_answer(cors, ask(net::http::verb::options, "http://b", "PUT", "x-one"));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.content_type, "");
  EXPECT_THAT(answer.headers,
              ElementsAre(Pair("Access-Control-Allow-Origin", "http://b"), Pair("Vary", "Origin"),
                          Pair("Access-Control-Allow-Methods", "GET,PUT"),
                          Pair("Access-Control-Allow-Headers", "x-one,x-two"),
                          Pair("Access-Control-Max-Age", "0")));
}

TEST(UrlCors, AnOriginThatIsNotAllowedIsToldNothing) {
  model::UrlCors cors = everything();
  cors.allow_origins = {"http://a"};
  for (const char* origin : {"http://b", "http://a.b", "HTTP://A", "null"})
    EXPECT_THAT(preflight_answer(cors, ask(net::http::verb::options, origin, "GET")).headers,
                IsEmpty())
        << origin;
}

TEST(UrlCors, TheStarBecomesWhatWasAskedForWithCredentials) {
  const auto request = ask(net::http::verb::options, "http://a", "PATCH", "x-one, x-two");
  EXPECT_THAT(preflight_answer(everything(), request).headers,
              ElementsAre(Pair("Access-Control-Allow-Origin", "*"),
                          Pair("Access-Control-Allow-Methods", "*"),
                          Pair("Access-Control-Allow-Headers", "*")));
  model::UrlCors cors = everything();
  cors.allow_credentials = true;
  EXPECT_THAT(preflight_answer(cors, request).headers,
              ElementsAre(Pair("Access-Control-Allow-Origin", "http://a"), Pair("Vary", "Origin"),
                          Pair("Access-Control-Allow-Credentials", "true"),
                          Pair("Access-Control-Allow-Methods", "PATCH"),
                          Pair("Access-Control-Allow-Headers", "x-one, x-two")));
}

TEST(UrlCors, OtherAnswersHaveTheFunctionsHeadersAndTheConfigured) {
  model::UrlCors cors = everything();
  cors.expose_headers = {"x-a", "x-b"};
  net::Response response;
  response.headers = {
      {"ACCESS-control-allow-origin", "http://own"}, {"x-a", "1"}, {"Access-Control-Max-Age", "5"}};
  add_cors(cors, "http://a", response);
  EXPECT_THAT(response.headers, ElementsAre(Pair("ACCESS-control-allow-origin", "http://own"),
                                            Pair("x-a", "1"), Pair("Access-Control-Max-Age", "5"),
                                            Pair("Access-Control-Allow-Origin", "*"),
                                            Pair("Access-Control-Expose-Headers", "x-a,x-b")));
  response.headers = {{"Access-Control-Allow-Origin", "*"}, {"x-a", "1"}};
  add_cors(cors, "", response);
  EXPECT_THAT(response.headers,
              ElementsAre(Pair("Access-Control-Allow-Origin", "*"), Pair("x-a", "1")));
}

}  // namespace
}  // namespace kiln::services
