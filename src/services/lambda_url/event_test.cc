#include "services/lambda_url/event.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::services {
namespace {

using nlohmann::json;

const model::UrlHost kHost =
    *model::parse_url_host("0123456789abcdef0123456789abcdef.lambda-url.eu-west-1.localhost:4566");

UrlCaller caller() {
  return {kHost,  "anonymous",  "127.0.0.1",
          "id-1", "Root=1-2-3", WallTime(std::chrono::milliseconds(1'583'348'638'390))};
}

json event_of(net::Request& request) { return json::parse(url_event(request, caller())); }

net::Request make(const std::string& target, net::http::verb method = net::http::verb::get) {
  return net::Request{method, target, 11};
}

TEST(UrlEvent, IsPayloadFormat2) {
  net::Request request = make("/my/p%20ath?a=1&b=x%20y&a=2&c", net::http::verb::post);
  request.set("Host", "h");
  request.set("User-Agent", "agent");
  request.set("Content-Type", "application/json");
  request.insert("X-Many", "1");
  request.insert("x-many", "2");
  request.set("Cookie", "s=1; t=2;u=3");
  request.body() = R"({"k":"é"})";
  const json expected = {
      {"version", "2.0"},
      {"routeKey", "$default"},
      {"rawPath", "/my/p%20ath"},
      {"rawQueryString", "a=1&b=x%20y&a=2&c"},
      {"cookies", {"s=1", "t=2", "u=3"}},
      {"headers",
       {{"host", "h"},
        {"user-agent", "agent"},
        {"content-type", "application/json"},
        {"x-many", "1,2"},
        {"x-forwarded-proto", "http"},
        {"x-forwarded-port", "4566"},
        {"x-forwarded-for", "127.0.0.1"},
        {"x-amzn-trace-id", "Root=1-2-3"}}},
      {"queryStringParameters", {{"a", "1,2"}, {"b", "x y"}, {"c", ""}}},
      {"requestContext",
       {{"accountId", "anonymous"},
        {"apiId", "0123456789abcdef0123456789abcdef"},
        {"domainName", "0123456789abcdef0123456789abcdef.lambda-url.eu-west-1.localhost"},
        {"domainPrefix", "0123456789abcdef0123456789abcdef"},
        {"http",
         {{"method", "POST"},
          {"path", "/my/p ath"},
          {"protocol", "HTTP/1.1"},
          {"sourceIp", "127.0.0.1"},
          {"userAgent", "agent"}}},
        {"requestId", "id-1"},
        {"routeKey", "$default"},
        {"stage", "$default"},
        {"time", "04/Mar/2020:19:03:58 +0000"},
        {"timeEpoch", 1'583'348'638'390}}},
      {"body", R"({"k":"é"})"},
      {"isBase64Encoded", false}};
  EXPECT_EQ(event_of(request), expected);
}

TEST(UrlEvent, WhatIsNotThereIsLeftOut) {
  net::Request request = make("/");
  const json event = event_of(request);
  EXPECT_EQ(event["rawPath"], "/");
  EXPECT_EQ(event["rawQueryString"], "");
  for (const char* member : {"cookies", "queryStringParameters", "body"})
    EXPECT_FALSE(event.contains(member)) << member;
  EXPECT_EQ(event["isBase64Encoded"], false);
  EXPECT_EQ(event["requestContext"]["http"]["userAgent"], "");
}

TEST(UrlEvent, BodiesThatAreNotTextComeInBase64) {
  const struct {
    const char *type, *body, *passed;
    bool encoded;
  } cases[] = {
      {"application/json", "{}", "{}", false},
      {"APPLICATION/VND.X+JSON; charset=utf-8", "{}", "{}", false},
      {"text/plain", "é", "é", false},
      {"application/xml", "<a/>", "<a/>", false},
      {"application/javascript", "1", "1", false},
      {"text/plain", "\xff", "/w==", true},
      {"application/x-www-form-urlencoded", "a=b", "YT1i", true},
      {"application/octet-stream", "a", "YQ==", true},
      {"", "a", "YQ==", true},
  };
  for (const auto& c : cases) {
    net::Request request = make("/", net::http::verb::put);
    if (*c.type != '\0') request.set("Content-Type", c.type);
    request.body() = c.body;
    const json event = event_of(request);
    EXPECT_EQ(event["body"], c.passed) << c.type << " " << c.body;
    EXPECT_EQ(event["isBase64Encoded"], c.encoded) << c.type << " " << c.body;
  }
}

// As recorded: the URL ends in a slash, and clients put another behind it.
TEST(UrlEvent, ThePathOfTheContextIsDecodedWithoutEmptyParts) {
  net::Request request = make("//pa2%25Fth//1/?q=query");
  request.set("Connection", "keep-alive");
  request.set("Keep-Alive", "timeout=5");
  const json event = event_of(request);
  EXPECT_EQ(event["requestContext"]["http"]["path"], "/pa2%Fth/1/");
  EXPECT_EQ(event["rawPath"], "//pa2%25Fth//1/");
  EXPECT_FALSE(event["headers"].contains("connection"));
  EXPECT_FALSE(event["headers"].contains("keep-alive"));
}

TEST(UrlEvent, ForeignBytesAndForwardedCallersAreKept) {
  net::Request request = make("/%ff?%ff=%00");
  request.set("X-Raw", "\xff");
  request.set("X-Forwarded-For", "10.0.0.1");
  request.set("X-Forwarded-Proto", "gopher");
  const json event = event_of(request);
  EXPECT_EQ(event["rawPath"], "/%ff");
  EXPECT_EQ(event["headers"]["x-raw"], "\xef\xbf\xbd");
  EXPECT_EQ(event["headers"]["x-forwarded-for"], "10.0.0.1,127.0.0.1");
  EXPECT_EQ(event["headers"]["x-forwarded-proto"], "http");
}

}  // namespace
}  // namespace kiln::services
