// The handler with SQLite. orders/backends_test.cc has PostgreSQL.
#include "handler.h"

#include <gtest/gtest.h>

#include "tests/support/server_process.h"

namespace standard_handler {
namespace {

using nlohmann::json;

class StandardHandler : public ::testing::Test {
 protected:
  StandardHandler()
      : handler_([this] {
          orders::Config config;
          config.priority_level = "STANDARD";
          config.sqlite_path = folder_.path() + "/data.db";
          return config;
        }()) {
    context_.request_id = "invocation";
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  }
  std::pair<int, json> handle(const json& event) {
    const std::string text = event.dump();
    const kiln::JsonDocument document(text);
    const json answer = json::parse(handler_.handle(document.root(), context_));
    EXPECT_EQ(answer.size(), 2u);
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  json body(const json& event) {
    const auto [status, answer] = handle(event);
    EXPECT_EQ(status, 200) << answer;
    return answer;
  }

  kiln::testing::TemporaryFolder folder_;
  kiln::Context context_;
  Handler handler_;
};

TEST_F(StandardHandler, AnOrderIsEnrichedAndStoredOnce) {
  const json order = {{"request_id", "o1"},
                      {"user_id", 7},
                      {"items", {{{"sku", "a"}, {"quantity", 3}, {"price", 0.1}}}},
                      {"currency", "eur"},
                      {"name", " ada"},
                      {"email", "ADA@x.org"}};
  const json first = body({{"order", order}});
  EXPECT_EQ(first["duplicate"], false);
  EXPECT_EQ(first["order"]["amount"], 0.3);
  EXPECT_EQ(first["order"]["currency"], "EUR");
  EXPECT_EQ(first["order"]["customer"],
            (json{{"name", "Ada"}, {"email", "ada@x.org"}, {"validation_status", "valid"}}));
  EXPECT_EQ(first["order"]["priority"], "STANDARD");
  EXPECT_EQ(first["order"]["status"], "stored");
  const json second = body(order);  // the same without "order"
  EXPECT_EQ(second["duplicate"], true);
  EXPECT_EQ(second["order"]["order_id"], first["order"]["order_id"]);
  json other = order;
  other["user_id"] = 8;
  EXPECT_EQ(handle(other).first, 409);
}

TEST_F(StandardHandler, WithoutARequestIdItIsTheInvocations) {
  const json order = {{"user_id", "u"}, {"amount", 1}};
  EXPECT_EQ(body(order)["order"]["request_id"], "invocation");
  EXPECT_EQ(body(order)["duplicate"], true);  // the event is tried again
  context_.request_id = "another";
  EXPECT_EQ(body(order)["duplicate"], false);
}

TEST_F(StandardHandler, WhatMakesNoSenseIsFourHundred) {
  for (const json& event : {json(), json::object(), json{{"order", 7}},
                            json{{"user_id", "u"}, {"amount", 1}, {"name", 7}},
                            json{{"order", {{"user_id", "u"}, {"amount", 0}}}}}) {
    EXPECT_EQ(handle(event).first, 400) << event;
  }
}

TEST_F(StandardHandler, WithoutTimeItSaysWhatIsLeftUndone) {
  context_.deadline = std::chrono::system_clock::now();
  const auto [status, answer] = handle({{"user_id", "u"}, {"amount", 1}});
  EXPECT_EQ(status, 503);
  EXPECT_EQ(answer["left_undone"], json::array({"invocation"}));
}

}  // namespace
}  // namespace standard_handler
