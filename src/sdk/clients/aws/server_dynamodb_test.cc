// The DynamoDB client against a server.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "kiln/dynamodb.h"
#include "tests/support/dynamodb_fixture.h"

namespace kiln::dynamodb {
namespace {

class DynamodbServer : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<testing::DynamodbFixture>();
    server_->create("items", "id");
    server_->create("events", "id", "at");
  }
  static void TearDownTestSuite() { server_.reset(); }
  static std::string code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const aws::Error& e) {
      return e.code();
    }
    return "no error";
  }

  static inline std::unique_ptr<testing::DynamodbFixture> server_;
  Client tables_{server_->config()};
};

TEST_F(DynamodbServer, WhatIsPutComesBack) {
  const Item item = {{"id", "all"},
                     {"number", Value::number("12345678901234567890.123456789")},
                     {"text", "\u00e4\n\"x"},
                     {"flag", true},
                     {"nothing", Value()},
                     {"bytes", Value::binary(std::string("\0\xFF", 2))},
                     {"list", List{1, "two", List{}}},
                     {"map", Item{{"deep", Item{{"deeper", 3}}}}}};
  tables_.put("items", item);
  EXPECT_EQ(tables_.get("items", {{"id", "all"}}, Read::kConsistent), item);
  EXPECT_EQ(tables_.get("items", {{"id", "none"}}), std::nullopt);
}

TEST_F(DynamodbServer, TheFirstOfTwoPutsWins) {
  const Expression fresh{.text = "attribute_not_exists(#i)", .names = {{"#i", "id"}}};
  tables_.put("items", {{"id", "once"}, {"n", 1}}, fresh);
  EXPECT_THROW(tables_.put("items", {{"id", "once"}, {"n", 2}}, fresh), ConditionFailed);
  EXPECT_EQ(tables_.get("items", {{"id", "once"}})->at("n"), Value(1));
  EXPECT_THROW(
      tables_.remove("items", {{"id", "once"}}, {.text = "n = :two", .values = {{":two", 2}}}),
      ConditionFailed);
  tables_.remove("items", {{"id", "once"}}, {.text = "n = :one", .values = {{":one", 1}}});
  EXPECT_EQ(tables_.get("items", {{"id", "once"}}), std::nullopt);
  tables_.remove("items", {{"id", "once"}});
}

TEST_F(DynamodbServer, UpdatesCount) {
  const Expression add{.text = "ADD n :one SET #t = :t",
                       .names = {{"#t", "text"}},
                       .values = {{":one", 1}, {":t", "x"}}};
  for (int i = 1; i <= 3; ++i) {
    const Item now = tables_.update("items", {{"id", "counter"}}, add);
    EXPECT_EQ(now.at("n"), Value(i));
    EXPECT_EQ(now.at("text"), Value("x"));
  }
  EXPECT_THROW(tables_.update("items", {{"id", "counter"}}, add, "n < :one"), ConditionFailed);
}

TEST_F(DynamodbServer, QueriesAreInOrderAndComeWhole) {
  // Two megabytes: more than one page.
  for (int i = 0; i < 10; ++i) {
    tables_.put("events",
                {{"id", "a"}, {"at", i}, {"odd", i % 2}, {"blob", std::string(250'000, 'x')}});
  }
  tables_.put("events", {{"id", "b"}, {"at", 0}});
  Query query{.key = {.text = "id = :a", .values = {{":a", "a"}}}};
  const auto all = tables_.query("events", query);
  ASSERT_EQ(all.size(), 10u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(all[static_cast<size_t>(i)].at("at"), Value(i));
  query.order = Order::kDescending;
  query.limit = 2;
  EXPECT_EQ(tables_.query("events", query).at(1).at("at"), Value(8));
  query.key = {.text = "id = :a AND #at >= :from",
               .names = {{"#at", "at"}},
               .values = {{":a", "a"}, {":from", 7}, {":zero", 0}}};
  query.limit = 0;
  query.filter = "odd <> :zero";
  EXPECT_EQ(tables_.query("events", query).size(), 2u);
}

TEST_F(DynamodbServer, WhatTheServiceRefuses) {
  EXPECT_EQ(code_of([&] { tables_.get("none", {{"id", "a"}}); }), "ResourceNotFoundException");
  EXPECT_EQ(code_of([&] { tables_.get("items", {{"wrong", "a"}}); }), "ValidationException");
  EXPECT_EQ(code_of([&] {
              tables_.put("items", {{"id", Value::number("abc")}});
            }),
            "ValidationException");
}

}  // namespace
}  // namespace kiln::dynamodb
