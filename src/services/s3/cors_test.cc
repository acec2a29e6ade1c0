#include "services/s3/cors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

constexpr const char* kVary =
    "Origin, Access-Control-Request-Headers, Access-Control-Request-Method";

std::vector<CorsRule> rules(const std::string& inside) {
  return read_cors("<CORSConfiguration>" + inside + "</CORSConfiguration>");
}

net::Headers answer(const std::vector<CorsRule>& all, const std::string& origin,
                    std::string_view method, std::vector<std::string> headers = {}) {
  net::Response response;
  const bool allowed = add_cors(all, {origin, method, std::move(headers)}, response);
  EXPECT_EQ(allowed, !response.headers.empty());
  return response.headers;
}

TEST(BucketCors, TheFirstRuleThatAllowsAllOfIt) {
  const auto all = rules(
      "<CORSRule><AllowedOrigin>http://a</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"
      "<AllowedMethod>PUT</AllowedMethod><AllowedHeader>X-*</AllowedHeader>"
      "<ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-b</ExposeHeader>"
      "<MaxAgeSeconds>3000</MaxAgeSeconds></CORSRule>"
      "<CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>");
  EXPECT_THAT(answer(all, "http://a", "PUT", {"x-one", "x-two"}),
              ElementsAre(Pair("Access-Control-Allow-Origin", "http://a"),
                          Pair("Access-Control-Allow-Methods", "GET, PUT"),
                          Pair("Access-Control-Allow-Headers", "x-one, x-two"),
                          Pair("Access-Control-Expose-Headers", "ETag, x-b"),
                          Pair("Access-Control-Max-Age", "3000"),
                          Pair("Access-Control-Allow-Credentials", "true"), Pair("Vary", kVary)));
  EXPECT_THAT(answer(all, "http://b", "GET"),
              ElementsAre(Pair("Access-Control-Allow-Origin", "*"),
                          Pair("Access-Control-Allow-Methods", "GET"), Pair("Vary", kVary)));
  EXPECT_THAT(answer(all, "http://b", "PUT"), IsEmpty());
  EXPECT_THAT(answer(all, "http://a", "PUT", {"x-one", "content-type"}), IsEmpty());
  EXPECT_THAT(answer(all, "http://b", "GET", {"x-one"}), IsEmpty());
}

TEST(BucketCors, AnOriginMayHaveOneStar) {
  const auto all = rules(
      "<CORSRule><AllowedOrigin>http://*.origin.com</AllowedOrigin>"
      "<AllowedMethod>GET</AllowedMethod></CORSRule>");
  EXPECT_EQ(answer(all, "http://test.origin.com", "GET").at(0).second, "http://test.origin.com");
  for (const char* other : {"http://test.origin.com/", "http://origin.com", "null", ""})
    EXPECT_THAT(answer(all, other, "GET"), IsEmpty()) << other;
}

TEST(BucketCors, TheQuestion) {
  net::Request request{net::http::verb::get, "/", 11};
  request.set("Origin", "http://a");
  EXPECT_EQ(cors_question(request).method, "GET");
  request.set("Access-Control-Request-Method", "PUT");
  request.set("Access-Control-Request-Headers", "X-One,x-two , ,");
  const CorsQuestion question = cors_question(request);
  EXPECT_EQ(question.origin, "http://a");
  EXPECT_EQ(question.method, "PUT");
  EXPECT_THAT(question.headers, ElementsAre("x-one", "x-two"));
}

}  // namespace
}  // namespace kiln::services
