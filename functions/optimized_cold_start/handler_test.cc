// The handler with its embedded backends. backends_test.cc does the same against PostgreSQL and
// Redis.
#include "handler.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/support/server_process.h"

namespace optimized_cold_start {
namespace {

using nlohmann::json;

class HandlerTest : public ::testing::Test {
 protected:
  HandlerTest() {
    config_.sqlite_path = folder_.path() + "/data.db";
    context_.memory_limit_mb = 1024;
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(5);
  }

  // The status code and the parsed body of an answer.
  std::pair<int, json> handle(Handler& handler, const json& event) {
    const std::string text = event.dump();
    const kiln::JsonDocument document(text);
    const json answer = json::parse(handler.handle(document.root(), context_));
    EXPECT_EQ(answer.size(), 2u);
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  json result(const json& event) {
    const auto [status, body] = handle(handler(), event);
    EXPECT_EQ(status, 200) << body;
    EXPECT_EQ(body["success"], true);
    return body["result"];
  }
  Handler& handler() {
    if (!handler_) handler_ = std::make_unique<Handler>(config_);
    return *handler_;
  }

  kiln::testing::TemporaryFolder folder_;
  Config config_;
  kiln::Context context_;
  std::unique_ptr<Handler> handler_;
};

json user(const char* email, const char* phone, const char* name = "Ada") {
  return {{"action", "validate_user"},
          {"data", {{"name", name}, {"email", email}, {"phone", phone}}}};
}

TEST_F(HandlerTest, ValidUsersAreValidInEveryPart) {
  EXPECT_EQ(result(user("ada.l+x@mail.example.org", "+14155550100")),
            (json{{"email_valid", true},
                  {"phone_valid", true},
                  {"required_fields_present", true},
                  {"overall_valid", true}}));
}

TEST_F(HandlerTest, EmailPattern) {
  for (const char* good : {"a@b.co", "A_1%-+.@sub.example-1.museum"}) {
    EXPECT_EQ(result(user(good, ""))["email_valid"], true) << good;
  }
  for (const char* bad : {"", "a", "@b.co", "a@", "a@b", "a@b.c", "a@b.c0", "a b@c.de", "a@b.co\n",
                          "ä@b.co", "a@b_c.de"}) {
    EXPECT_EQ(result(user(bad, ""))["email_valid"], false) << bad;
  }
}

TEST_F(HandlerTest, PhonePattern) {
  // An optional +, an optional 1, then 10 to 14 digits.
  for (const char* good :
       {"1234567890", "+1234567890", "12345678901234", "123456789012345", "+112345678901234"}) {
    EXPECT_EQ(result(user("", good))["phone_valid"], true) << good;
  }
  for (const char* bad : {"", "123456789", "+123456789", "223456789012345", "1234567890123456",
                          "555-1234567", "1234567890\n"}) {
    EXPECT_EQ(result(user("", bad))["phone_valid"], false) << bad;
  }
}

TEST_F(HandlerTest, RequiredFieldsAreNameAndEmail) {
  EXPECT_EQ(result(user("not an address", "", "Ada"))["required_fields_present"], true);
  EXPECT_EQ(result(user("a@b.co", "1234567890", ""))["required_fields_present"], false);
  EXPECT_EQ(result(user("a@b.co", "1234567890", ""))["overall_valid"], false);
  EXPECT_EQ(result(user("", "1234567890"))["required_fields_present"], false);
  for (const json& event :
       {json{{"action", "validate_user"}}, json{{"action", "validate_user"}, {"data", nullptr}},
        json{{"action", "validate_user"},
             {"data", {{"email", 5}, {"phone", {1}}, {"name", nullptr}}}}}) {
    EXPECT_EQ(result(event), (json{{"email_valid", false},
                                   {"phone_valid", false},
                                   {"required_fields_present", false},
                                   {"overall_valid", false}}));
  }
}

TEST_F(HandlerTest, OrdersGetConsecutiveIds) {
  const json first =
      result({{"action", "process_order"}, {"data", {{"user_id", "u1"}, {"amount", 12.5}}}});
  EXPECT_EQ(first["status"], "created");
  EXPECT_EQ(first["amount"], 12.5);
  const json second =
      result({{"action", "process_order"}, {"data", {{"user_id", 7}, {"amount", 3}}}});
  EXPECT_EQ(second["amount"], 3);
  EXPECT_EQ(second["order_id"], first["order_id"].get<int>() + 1);
}

TEST_F(HandlerTest, DataComesFromTheDatabaseOnceAndThenFromTheCache) {
  const json event = {{"action", "fetch_data"}, {"key", "user:1"}};
  const json first = result(event);
  EXPECT_EQ(first["source"], "database");
  EXPECT_EQ(first["cache_hit"], false);
  EXPECT_EQ(first["data"]["id"], "user:1");
  EXPECT_EQ(first["data"]["value"], "Ada");
  EXPECT_EQ(first["data"]["timestamp"].get<std::string>().size(),
            std::string("2026-01-02T03:04:05.678Z").size());
  const json second = result(event);
  EXPECT_EQ(second["source"], "cache");
  EXPECT_EQ(second["cache_hit"], true);
  EXPECT_EQ(second["data"], first["data"]);
}

TEST_F(HandlerTest, WhatDoesNotExistIsNullAndNotCached) {
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(result({{"action", "fetch_data"}, {"key", "nobody"}}),
              (json{{"data", nullptr}, {"source", "database"}, {"cache_hit", false}}));
  }
}

TEST_F(HandlerTest, ACacheTimeOfZeroCachesNothing) {
  config_.cache_ttl = 0;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(result({{"action", "fetch_data"}, {"key", "user:1"}})["source"], "database");
  }
}

TEST_F(HandlerTest, UnknownActionsAreAResult) {
  EXPECT_EQ(result({{"action", "dance"}}), (json{{"error", "Unknown action: dance"}}));
  EXPECT_EQ(result(json::object()), (json{{"error", "Unknown action: default"}}));
  EXPECT_EQ(result({{"action", 5}}), (json{{"error", "Unknown action: 5"}}));
}

TEST_F(HandlerTest, MetadataTellsColdFromWarm) {
  const json event = user("a@b.co", "1234567890");
  for (int i = 1; i <= 3; ++i) {
    const json metadata = handle(handler(), event).second["metadata"];
    EXPECT_EQ(metadata["cold_start"], i == 1);
    EXPECT_EQ(metadata["request_count"], i);
    EXPECT_GE(metadata["processing_time_seconds"].get<double>(), 0);
    EXPECT_LT(metadata["processing_time_seconds"].get<double>(), 60);
    EXPECT_GT(metadata["remaining_time_ms"].get<int>(), 200'000);
    EXPECT_LE(metadata["remaining_time_ms"].get<int>(), 300'000);
    EXPECT_EQ(metadata.size(), 4u);
  }
  Handler another(config_);
  EXPECT_EQ(handle(another, event).second["metadata"]["cold_start"], true);
}

TEST_F(HandlerTest, WhatAnActionNeedsAndIsNotThereIsABadRequest) {
  for (const json& event : {
           json("text"),
           json::array(),
           json(nullptr),
           json(5),
           json{{"action", "validate_user"}, {"data", "text"}},
           json{{"action", "process_order"}},
           json{{"action", "process_order"}, {"data", {{"amount", 1}}}},
           json{{"action", "process_order"}, {"data", {{"user_id", ""}, {"amount", 1}}}},
           json{{"action", "process_order"}, {"data", {{"user_id", 1.5}, {"amount", 1}}}},
           json{{"action", "process_order"}, {"data", {{"user_id", "u"}}}},
           json{{"action", "process_order"}, {"data", {{"user_id", "u"}, {"amount", "12"}}}},
           json{{"action", "process_order"},
                {"data", {{"user_id", std::string("u\0x", 3)}, {"amount", 1}}}},
           json{{"action", "fetch_data"}},
           json{{"action", "fetch_data"}, {"key", ""}},
           json{{"action", "fetch_data"}, {"key", 5}},
       }) {
    const auto [status, body] = handle(handler(), event);
    EXPECT_EQ(status, 400) << event;
    EXPECT_EQ(body["success"], false);
    EXPECT_FALSE(body["error"].get<std::string>().empty());
    EXPECT_EQ(body.size(), 2u);
  }
}

TEST_F(HandlerTest, WithoutItsDatabaseItAnswersFiveHundredAndLives) {
  config_.sqlite_path = folder_.path() + "/no/such/folder/data.db";
  const auto [status, body] = handle(handler(), {{"action", "fetch_data"}, {"key", "user:1"}});
  EXPECT_EQ(status, 500);
  EXPECT_EQ(body["success"], false);
  EXPECT_NE(body["error"].get<std::string>().find("SQLITE_PATH"), std::string::npos);
  EXPECT_EQ(result(user("a@b.co", "1234567890"))["overall_valid"], true);
  // The folder appears: the next request finds it.
  std::filesystem::create_directories(folder_.path() + "/no/such/folder");
  EXPECT_EQ(result({{"action", "fetch_data"}, {"key", "user:1"}})["source"], "database");
}

TEST_F(HandlerTest, TheDatabaseOutlivesTheEnvironment) {
  const json event = {{"action", "process_order"}, {"data", {{"user_id", "u"}, {"amount", 1}}}};
  const int id = result(event)["order_id"];
  Handler next(config_);
  EXPECT_EQ(handle(next, event).second["result"]["order_id"], id + 1);
}

TEST(MemoryCache, TextsExpire) {
  auto time = std::chrono::steady_clock::time_point();
  const auto cache = make_memory_cache([&] { return time; });
  cache->set("k", "v", std::chrono::seconds(300));
  time += std::chrono::seconds(299);
  EXPECT_EQ(cache->get("k"), "v");
  time += std::chrono::seconds(1);
  EXPECT_EQ(cache->get("k"), std::nullopt);
  cache->set("k", "a", std::chrono::seconds(1));
  cache->set("k", "b", std::chrono::seconds(1));
  EXPECT_EQ(cache->get("k"), "b");
}

TEST(MemoryCache, HoldsTenThousandAndDropsTheLeastRecentlyUsed) {
  const auto cache = make_memory_cache();
  const auto fill = [&](int i) { cache->set(std::to_string(i), "v", std::chrono::hours(1)); };
  for (int i = 0; i < 10'000; ++i) fill(i);
  EXPECT_TRUE(cache->get("0"));  // used now, so 1 is the oldest
  fill(10'000);
  EXPECT_TRUE(cache->get("0"));
  EXPECT_FALSE(cache->get("1"));
  EXPECT_TRUE(cache->get("2"));
}

TEST(ConfigTest, ReadsTheEnvironment) {
  ::setenv("MAX_RETRY_ATTEMPTS", "7", 1);
  ::setenv("CACHE_TTL", "0", 1);
  ::setenv("TIMEOUT_SECONDS", "", 1);
  ::setenv("REDIS_HOST", "cache", 1);
  const Config config = Config::from_environment();
  EXPECT_EQ(config.max_retry_attempts, 7);
  EXPECT_EQ(config.cache_ttl, 0);
  EXPECT_EQ(config.timeout_seconds, 30);
  EXPECT_EQ(config.batch_size, 100);
  EXPECT_EQ(config.redis_port, 6379);
  EXPECT_TRUE(config.has_redis());
  EXPECT_FALSE(config.has_postgres());
  for (const char* bad : {"x", "1x", "-1", " 1", "99999999999999"}) {
    ::setenv("MAX_RETRY_ATTEMPTS", bad, 1);
    EXPECT_THROW(Config::from_environment(), std::invalid_argument) << bad;
  }
  for (const char* name : {"MAX_RETRY_ATTEMPTS", "CACHE_TTL", "TIMEOUT_SECONDS", "REDIS_HOST"})
    ::unsetenv(name);
}

}  // namespace
}  // namespace optimized_cold_start
