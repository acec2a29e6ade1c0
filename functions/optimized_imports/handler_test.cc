// The handler without servers. backends_test.cc has S3 and DynamoDB.
#include "handler.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/support/http_double.h"

namespace optimized_imports {
namespace {

using kiln::testing::HttpDouble;
using nlohmann::json;

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() {
    context_.memory_limit_mb = 512;
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  }
  std::pair<int, json> handle(std::string_view event) {
    const json answer = json::parse(handler_.handle(event, context_));
    EXPECT_EQ(answer.size(), 2u);
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  json result(const json& event) {
    const auto [status, body] = handle(event.dump());
    EXPECT_EQ(status, 200) << body;
    EXPECT_GE(body["processing_time"], 0);
    EXPECT_EQ(body["function_memory"], 512);
    EXPECT_GT(body["remaining_time_ms"], 0);
    EXPECT_EQ(body["timestamp"].get<std::string>().size(), 24u);
    return body["result"];
  }

  kiln::Context context_;
  Handler handler_{"dev"};
};

TEST_F(HandlerTest, DataAnalysisIsTheDefault) {
  const json records = json::array({{{"a", 1}}, {{"a", 2}}});
  for (const json& event : {json{{"records", records}}, json{{"data", {{"records", records}}}},
                            json{{"records", records}, {"action", "data_analysis"}}}) {
    const json answer = result(event);
    EXPECT_EQ(answer["success"], true);
    EXPECT_EQ(answer["analysis"]["row_count"], 2);
    EXPECT_EQ(answer["analysis"]["numeric_summary"]["a"]["mean"], 1.5);
  }
}

TEST_F(HandlerTest, NoRecordsAreNoData) {
  for (const json& records : {json::array(), json::array({1, "x", nullptr})}) {
    EXPECT_EQ(result({{"records", records}}),
              (json{{"success", false}, {"error", "No data provided"}}));
  }
}

TEST_F(HandlerTest, CalculationsAreCachedAfterTheFirst) {
  const json event = {{"action", "cached_calculation"}, {"n", 10}};
  EXPECT_EQ(result(event),
            (json{{"success", true}, {"input", 10}, {"result", 285}, {"cached", false}}));
  EXPECT_EQ(result(event)["cached"], true);
  EXPECT_EQ(result({{"action", "cached_calculation"}})["result"], 332833500);
  EXPECT_EQ(result({{"action", "cached_calculation"}, {"n", 0}})["result"], 0);
  EXPECT_EQ(result({{"action", "cached_calculation"}, {"n", 3'000'000}})["result"],
            8999995500000500000);
}

TEST_F(HandlerTest, TheCacheHolds128Calculations) {
  const auto cached = [&](int n) {
    return result({{"action", "cached_calculation"}, {"n", n}})["cached"];
  };
  for (int n = 0; n < 128; ++n) EXPECT_EQ(cached(n), false);
  EXPECT_EQ(cached(0), true);  // used now, so 1 is the oldest
  EXPECT_EQ(cached(128), false);
  EXPECT_EQ(cached(0), true);
  EXPECT_EQ(cached(1), false);
}

TEST_F(HandlerTest, RequestsGoOutAtOnceAndOneFailureIsOneEntry) {
  std::string user_agent;
  HttpDouble server([&](const HttpDouble::Request& request) -> HttpDouble::Reply {
    const size_t at = request.head.find("User-Agent: ");
    if (at != std::string::npos)
      user_agent = request.head.substr(at + 12, request.head.find('\r', at) - at - 12);
    if (request.head.starts_with("GET /missing")) {
      return {.bytes = HttpDouble::response(404, "", "gone"), .then = HttpDouble::Then::kClose};
    }
    return {.bytes = HttpDouble::response(200, "", "hello"), .then = HttpDouble::Then::kClose};
  });
  const std::string url = "http://" + server.address();
  const json answer =
      result({{"action", "http_requests"},
              {"urls", {url + "/a", 7, url + "/missing", "ftp://x/", "http://127.0.0.1:1/"}}});
  EXPECT_EQ(answer["success"], true);
  EXPECT_EQ(answer["total_requests"], 5);
  const json& results = answer["results"];
  EXPECT_EQ(results[0]["url"], url + "/a");
  EXPECT_EQ(results[0]["status_code"], 200);
  EXPECT_EQ(results[0]["content_length"], 5);
  EXPECT_GT(results[0]["response_time"], 0);
  EXPECT_EQ(results[1], (json{{"url", 7}, {"error", "a URL must be a text"}}));
  EXPECT_EQ(results[2]["status_code"], 404);
  EXPECT_EQ(results[2]["content_length"], 4);
  for (const size_t failed : {3u, 4u}) {
    EXPECT_EQ(results[failed].size(), 2u) << results[failed];
    EXPECT_FALSE(results[failed]["error"].get<std::string>().empty());
  }
  EXPECT_EQ(user_agent, "OptimizedLambda/1.0");
}

TEST_F(HandlerTest, ARequestThatHangsEndsBeforeTheFunctionDoes) {
  HttpDouble server([](const HttpDouble::Request&) { return HttpDouble::Reply{}; });
  context_.deadline =
      std::chrono::system_clock::now() + Handler::kReserve + std::chrono::milliseconds(100);
  const json answer =
      result({{"action", "http_requests"}, {"urls", {"http://" + server.address()}}});
  EXPECT_TRUE(answer["results"][0].contains("error")) << answer;
}

TEST_F(HandlerTest, UrlsHaveALimitOnBothSides) {
  const auto status = [&](size_t count) {
    return handle(json{{"action", "http_requests"}, {"urls", std::vector<int>(count)}}.dump())
        .first;
  };
  EXPECT_EQ(status(1000), 200);
  EXPECT_EQ(status(1001), 400);
}

TEST_F(HandlerTest, OperationsThatMakeNoSenseAreErrorsInTheirPlaces) {
  const json answer = result({{"action", "file_operations"},
                              {"operations",
                               {{{"type", "rename"}},
                                7,
                                {{"type", "s3_upload"}, {"key", "k"}},
                                {{"type", "s3_download"}, {"bucket", "b"}, {"key", {{"id", 1}}}},
                                {{"type", "dynamodb_put"}, {"table", "t"}},
                                {{"type", "dynamodb_put"}, {"table", "t"}, {"item", {1}}},
                                {{"type", "dynamodb_get"}, {"table", "t"}, {"key", "text"}},
                                {{"type", "s3_upload"}, {"bucket", 5}, {"key", "k"}}}}});
  EXPECT_EQ(answer["total_operations"], 8);
  const char* errors[] = {"Unknown operation type: rename",
                          "an operation must be an object",
                          "'bucket' is missing",
                          "'key' is missing",
                          "'item' is missing",
                          "'item' must be an object",
                          "'key' is missing",
                          "'bucket' must be a text"};
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(answer["results"][i]["result"], (json{{"success", false}, {"error", errors[i]}}))
        << i;
  }
  EXPECT_EQ(answer["results"][2]["operation"], (json{{"type", "s3_upload"}, {"key", "k"}}));
}

TEST_F(HandlerTest, WhatMakesNoSenseIsFourHundred) {
  for (const char* event :
       {"null", "[]", "7", "{", "{\"action\":7}", "{\"action\":\"nothing\"}", "{}", "",
        R"({"records":{}})", R"({"records":[{"a":NaN}]})", R"({"records":[}]})",
        R"({"data":{"records":7}})", R"({"action":"cached_calculation","n":-1})",
        R"({"action":"cached_calculation","n":3000001})",
        R"({"action":"cached_calculation","n":1.5})", R"({"action":"cached_calculation","n":"5"})",
        R"({"action":"http_requests","urls":"http://x"})",
        R"({"action":"file_operations","operations":{}})"}) {
    const auto [status, body] = handle(event);
    EXPECT_EQ(status, 400) << event;
    EXPECT_EQ(body["success"], false);
    EXPECT_EQ(body.size(), 2u);
  }
  EXPECT_EQ(handle(R"({"action":"nothing"})").second["error"], "Unknown action: nothing");
  EXPECT_EQ(handle(R"({"records":[{"a":1}]})").first, 200);
}

TEST(Configuration, IsOfItsEnvironment) {
  EXPECT_EQ(load_configuration("dev").timeout, std::chrono::seconds(10));
  EXPECT_EQ(load_configuration("dev").retry_count, 2);
  EXPECT_EQ(load_configuration("prod").timeout, std::chrono::seconds(30));
  EXPECT_EQ(load_configuration("prod").retry_count, 5);
  EXPECT_EQ(load_configuration("other").timeout, std::chrono::seconds(10));
  for (const char* good : {"1", "900"}) {
    ::setenv("TIMEOUT_SECONDS", good, 1);
    EXPECT_EQ(load_configuration("prod").timeout, std::chrono::seconds(std::atoi(good)));
  }
  for (const char* bad : {"0", "901", "x", "1s", "-1"}) {
    ::setenv("TIMEOUT_SECONDS", bad, 1);
    EXPECT_THROW(load_configuration("dev"), std::invalid_argument) << bad;
  }
  // A configuration that is none fails what needs it, each time anew.
  Handler handler("dev");
  kiln::Context context;
  context.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  const auto ask = [&] {
    return json::parse(handler.handle(R"({"action":"http_requests"})", context))["statusCode"];
  };
  EXPECT_EQ(ask(), 500);
  ::unsetenv("TIMEOUT_SECONDS");
  EXPECT_EQ(ask(), 200);
}

}  // namespace
}  // namespace optimized_imports
