// The handler with SQLite. orders/backends_test.cc has PostgreSQL.
#include "handler.h"

#include <gtest/gtest.h>

#include "tests/support/server_process.h"

namespace critical_handler {
namespace {

using nlohmann::json;

class CriticalHandler : public ::testing::Test {
 protected:
  CriticalHandler() {
    config_.priority_level = "CRITICAL";
    config_.payment_limit = 100'00;
    config_.sqlite_path = folder_.path() + "/data.db";
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  }
  std::pair<int, json> handle(const json& event) {
    if (!handler_) handler_ = std::make_unique<Handler>(config_);
    const std::string text = event.dump();
    const kiln::JsonDocument document(text);
    const json answer = json::parse(handler_->handle(document.root(), context_));
    EXPECT_EQ(answer.size(), 2u);
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  json body(const json& event) {
    const auto [status, answer] = handle(event);
    EXPECT_EQ(status, 200) << answer;
    EXPECT_EQ(answer["success"], true);
    EXPECT_EQ(answer["priority_level"], "CRITICAL");
    EXPECT_GT(answer["remaining_time_ms"], 0);
    return answer;
  }

  kiln::testing::TemporaryFolder folder_;
  orders::Config config_;
  kiln::Context context_;
  std::unique_ptr<Handler> handler_;
  const json payment_ = {{"request_id", "r1"}, {"user_id", "u"}, {"amount", 12.5}};
};

TEST_F(CriticalHandler, APaymentIsAuthorisedOnce) {
  const json first = body(payment_);
  EXPECT_EQ(first["status"], "authorized");
  EXPECT_EQ(first["request_id"], "r1");
  EXPECT_EQ(first["amount"], 12.5);
  EXPECT_EQ(first["currency"], "USD");
  EXPECT_EQ(first["duplicate"], false);
  const json second = body(payment_);
  EXPECT_EQ(second["duplicate"], true);
  EXPECT_EQ(second["authorization_id"], first["authorization_id"]);
}

TEST_F(CriticalHandler, TheLimitHasTwoSides) {
  EXPECT_EQ(body({{"request_id", "a"}, {"user_id", "u"}, {"amount", 100}})["status"], "authorized");
  EXPECT_EQ(body({{"request_id", "b"}, {"user_id", "u"}, {"amount", 100.01}})["status"],
            "declined");
  EXPECT_EQ(body({{"request_id", "b"}, {"user_id", "u"}, {"amount", 100.01}})["duplicate"], true);
}

TEST_F(CriticalHandler, ARequestIdOfAnotherPaymentIsFourHundredAndNine) {
  body(payment_);
  json other = payment_;
  other["amount"] = 13;
  const auto [status, answer] = handle(other);
  EXPECT_EQ(status, 409);
  EXPECT_EQ(answer["success"], false);
  EXPECT_NE(answer["error"].get<std::string>().find("r1"), std::string::npos);
}

TEST_F(CriticalHandler, WhatMakesNoSenseIsFourHundredAndOpensNothing) {
  config_.sqlite_path = folder_.path() + "/no/such/folder/data.db";
  for (const json& event : {json(), json::array(), json::object(), json{{"request_id", "r"}},
                            json{{"request_id", "r"}, {"user_id", "u"}, {"amount", "lots"}}}) {
    const auto [status, answer] = handle(event);
    EXPECT_EQ(status, 400) << event;
    EXPECT_EQ(answer.size(), 2u);
    EXPECT_EQ(answer["success"], false);
  }
}

TEST_F(CriticalHandler, WithoutTimeItSaysWhatIsLeftUndone) {
  context_.deadline = std::chrono::system_clock::now() + orders::Deadline::kReserve;
  const auto [status, answer] = handle(payment_);
  EXPECT_EQ(status, 503);
  EXPECT_EQ(answer["left_undone"], json::array({"r1"}));
  context_.deadline += std::chrono::minutes(1);
  EXPECT_EQ(body(payment_)["duplicate"], false);  // nothing was stored
}

TEST_F(CriticalHandler, WithoutItsDatabaseItIsFiveHundredAndLives) {
  config_.sqlite_path = folder_.path() + "/folder/data.db";
  const auto [status, answer] = handle(payment_);
  EXPECT_EQ(status, 500);
  EXPECT_NE(answer["error"].get<std::string>().find("SQLITE_PATH"), std::string::npos);
  std::filesystem::create_directory(folder_.path() + "/folder");
  EXPECT_EQ(body(payment_)["status"], "authorized");
}

TEST(Deadline, IsTheEarlierOfTheTwo) {
  const auto now = std::chrono::system_clock::now();
  kiln::Context context;
  context.deadline = now + std::chrono::hours(1);
  EXPECT_LE(orders::Deadline(context, std::chrono::seconds(5)).left(), std::chrono::seconds(5));
  context.deadline = now + std::chrono::seconds(3);
  EXPECT_LE(orders::Deadline(context, std::chrono::seconds(5)).left(),
            std::chrono::seconds(3) - orders::Deadline::kReserve);
  context.deadline = now - std::chrono::seconds(3);
  EXPECT_EQ(orders::Deadline(context, std::chrono::seconds(5)).left().count(), 0);
}

}  // namespace
}  // namespace critical_handler
