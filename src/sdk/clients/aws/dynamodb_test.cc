// The DynamoDB client against scripted answers. server_dynamodb_test.cc has it talk to a server.
#include "kiln/dynamodb.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/http_double.h"

namespace kiln::dynamodb {
namespace {

using nlohmann::json;
using testing::HttpDouble;

class DynamodbTest : public ::testing::Test {
 protected:
  DynamodbTest()
      : server_([this](const HttpDouble::Request& request) {
          bodies_.push_back(json::parse(request.body));
          return HttpDouble::Reply{
              .bytes = HttpDouble::response(
                  status_, "", answers_[std::min(bodies_.size(), answers_.size()) - 1])};
        }) {
    config_.endpoint = "http://" + server_.address();
    config_.credentials = [] { return aws::Credentials{"id", "secret", "", {}}; };
    config_.sleep = [](auto) {};
  }
  static std::string code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const aws::Error& e) {
      return e.code();
    }
    return "no error";
  }

  int status_ = 200;
  std::vector<std::string> answers_ = {"{}"};
  std::vector<json> bodies_;
  aws::Config config_;
  HttpDouble server_;
};

TEST_F(DynamodbTest, AnswersThatAreNone) {
  Client tables(config_);
  EXPECT_FALSE(tables.get("t", {{"id", 1}}));
  for (const char* bad : {"[]", "x", R"({"Item":[]})", R"({"Item":{"a":1}})",
                          R"({"Item":{"a":{"S":1}}})", R"({"Item":null})"}) {
    answers_ = {bad};
    EXPECT_EQ(code_of([&] { tables.get("t", {{"id", 1}}); }), "BadAnswer") << bad;
  }
  answers_ = {R"({"Items":[{"a":{}}]})"};
  EXPECT_EQ(code_of([&] { tables.query("t", {}); }), "BadAnswer");
  answers_ = {R"({"LastEvaluatedKey":{"id":{"S":"x"}}})"};  // for ever
  EXPECT_EQ(code_of([&] { tables.query("t", {}); }), "BadAnswer");
}

TEST_F(DynamodbTest, AQueryGoesFromPageToPageUpToItsLimit) {
  answers_ = {
      R"({"Items":[{"id":{"N":"1"}},{"id":{"N":"2"}}],"LastEvaluatedKey":{"id":{"N":"2"}}})",
      R"({"Items":[{"id":{"N":"3"}}]})"};
  Client tables(config_);
  const Query all{.key = {.text = "id = :i", .values = {{":i", 1}}}};
  EXPECT_EQ(tables.query("t", all).size(), 3u);
  ASSERT_EQ(bodies_.size(), 2u);
  EXPECT_FALSE(bodies_[0].contains("ExclusiveStartKey"));
  EXPECT_EQ(bodies_[1]["ExclusiveStartKey"], (json{{"id", {{"N", "2"}}}}));
  EXPECT_FALSE(bodies_[0].contains("Limit"));
  bodies_.clear();
  EXPECT_EQ(tables.query("t", {.key = all.key, .limit = 2}).size(), 2u);
  ASSERT_EQ(bodies_.size(), 1u);
  EXPECT_EQ(bodies_[0]["Limit"], 2);
  bodies_.clear();
  EXPECT_EQ(tables.query("t", {.key = all.key, .filter = "x = :i", .limit = 3}).size(), 3u);
  EXPECT_FALSE(bodies_[0].contains("Limit"));
}

TEST_F(DynamodbTest, WhatMightAddTwiceIsTriedOnce) {
  status_ = 500;
  Client tables(config_);
  EXPECT_EQ(code_of([&] { tables.update("t", {{"id", 1}}, {.text = "ADD n :n"}); }), "HTTP 500");
  EXPECT_EQ(bodies_.size(), 1u);
  bodies_.clear();
  EXPECT_EQ(code_of([&] {
              tables.put("t", {{"id", 1}}, {.text = "attribute_not_exists(id)"});
            }),
            "HTTP 500");
  EXPECT_EQ(bodies_.size(), 1u);
  bodies_.clear();
  EXPECT_EQ(code_of([&] { tables.put("t", {{"id", 1}}); }), "HTTP 500");
  EXPECT_EQ(bodies_.size(), 3u);
}

}  // namespace
}  // namespace kiln::dynamodb
