#include "kiln/batch.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace kiln {
namespace {

using nlohmann::json;

class Batch : public ::testing::Test {
 protected:
  Batch() { context_.deadline = std::chrono::system_clock::now() + std::chrono::hours(1); }

  json run(const json& event, BatchOptions options = {}) {
    const size_t before = handled_.size();
    const json answer = process_batch(
        event, context_,
        [this](const json& record) {
          const std::string body = record.at("body");
          handled_.push_back(body);
          if (body == "bad") throw std::runtime_error("bad body");
          if (body == "odd") throw 7;
        },
        options);
    EXPECT_EQ(answer.size(), 1u);
    json names = json::array();
    // As a document, it is handled alike.
    const auto since = [&](size_t begin) {
      return std::vector<std::string>(handled_.begin() + static_cast<ptrdiff_t>(begin),
                                      handled_.end());
    };
    const std::vector<std::string> of_tree = since(before);
    const std::string text = event.dump();
    const JsonDocument document(text);
    const auto failures = process_batch(
        document.root(), context_,
        [this](JsonView record) {
          const std::string body(record["body"].text().value());
          handled_.push_back(body);
          if (body == "bad") throw std::runtime_error("bad body");
          if (body == "odd") throw 7;
        },
        options);
    EXPECT_EQ(json::parse(failures.json()), answer);
    EXPECT_EQ(json::parse(failures.json_array()), answer.at("batchItemFailures"));
    EXPECT_EQ(since(before + of_tree.size()), of_tree);
    handled_.resize(before + of_tree.size());
    for (const json& failure : answer.at("batchItemFailures")) {
      EXPECT_EQ(failure.size(), 1u);
      names.push_back(failure.at("itemIdentifier"));
    }
    return names;
  }

  Context context_;
  std::vector<std::string> handled_;
};

json message(const char* id, const char* body) { return {{"messageId", id}, {"body", body}}; }

json fifo(const char* id, const char* group, const char* body) {
  return {{"messageId", id},
          {"body", body},
          {"attributes", {{"MessageGroupId", group}}},
          {"eventSourceARN", "arn:aws:sqs:us-east-1:123456789012:orders.fifo"}};
}

json stream(const char* number, const char* body) {
  return {{"kinesis", {{"sequenceNumber", number}}}, {"body", body}};
}

TEST_F(Batch, AFailureIsTheRecordsOwn) {
  EXPECT_EQ(run({{"Records",
                  {message("1", "good"),
                   message("2", "bad"),
                   message("3", "odd"),
                   message("4", "good"),
                   {{"messageId", "5"}}}}}),
            (json{"2", "3", "5"}));
  EXPECT_EQ(handled_, (std::vector<std::string>{"good", "bad", "odd", "good"}));
}

TEST_F(Batch, WithoutFailuresTheListIsEmpty) {
  EXPECT_EQ(run({{"Records", {message("1", "good")}}}), json::array());
  EXPECT_EQ(run({{"Records", json::array()}}), json::array());
}

TEST_F(Batch, OfAFifoQueueTheRestOfTheGroupFailsUnhandled) {
  EXPECT_EQ(run({{"Records",
                  {fifo("1", "a", "bad"), fifo("2", "b", "good"), fifo("3", "a", "after"),
                   fifo("4", "b", "bad"), fifo("5", "b", "after")}}}),
            (json{"1", "3", "4", "5"}));
  EXPECT_EQ(handled_, (std::vector<std::string>{"bad", "good", "bad"}));
}

TEST_F(Batch, OfAStreamTheFirstFailureIsWhereItGoesOn) {
  EXPECT_EQ(run({{"Records", {stream("7", "good"), stream("8", "bad"), stream("9", "good")}}}),
            (json{"8"}));
  EXPECT_EQ(handled_, (std::vector<std::string>{"good", "bad"}));
  EXPECT_EQ(run({{"Records", {{{"dynamodb", {{"SequenceNumber", "11"}}}, {"body", "bad"}}}}}),
            (json{"11"}));
}

TEST_F(Batch, WithoutTimeRecordsAreLeftUndone) {
  context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  const json event = {{"Records", {message("1", "good"), message("2", "good")}}};
  EXPECT_EQ(run(event, {.reserve = std::chrono::minutes(2)}), (json{"1", "2"}));
  EXPECT_TRUE(handled_.empty());
  EXPECT_EQ(run({{"Records", {stream("7", "good"), stream("8", "good")}}},
                {.reserve = std::chrono::minutes(2)}),
            (json{"7"}));
  EXPECT_EQ(run(event, {.reserve = std::chrono::seconds(1)}), json::array());
}

TEST_F(Batch, WhatCantBeNamedIsRefusedBeforeAnythingIsHandled) {
  for (const json& event :
       {json(), json::object(), json{{"Records", 5}}, json{{"Records", {message("1", "good"), 5}}},
        json{{"Records", {message("1", "good"), {{"messageId", ""}}}}},
        json{{"Records", {message("1", "good"), {{"messageId", 5}}}}}}) {
    EXPECT_THROW(run(event), std::invalid_argument) << event;
    const std::string text = event.dump();
    EXPECT_THROW(process_batch(JsonDocument(text).root(), context_,
                               [this](JsonView) { handled_.emplace_back(); }),
                 std::invalid_argument)
        << event;
  }
  EXPECT_TRUE(handled_.empty());
}

}  // namespace
}  // namespace kiln
