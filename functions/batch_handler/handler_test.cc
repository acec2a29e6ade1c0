// The handler with SQLite. orders/backends_test.cc has PostgreSQL.
#include "handler.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "sdk/sqlite/sqlite.h"
#include "tests/support/server_process.h"

namespace batch_handler {
namespace {

using nlohmann::json;

json record(const std::string& id, const std::string& body) {
  return {{"messageId", id}, {"body", body}};
}
json order(const std::string& id) {
  return record(
      id, json{{"user_id", "u"}, {"amount", 12.5}, {"name", "ada"}, {"email", "a@b.c"}}.dump());
}
json failures(const std::vector<std::string>& ids) {
  json out = json::array();
  for (const auto& id : ids) out.push_back({{"itemIdentifier", id}});
  return out;
}

class BatchHandler : public ::testing::Test {
 protected:
  BatchHandler() {
    config_.priority_level = "BATCH";
    config_.sqlite_path = folder_.path() + "/data.db";
    context_.memory_limit_mb = 1024;
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  }
  // The whole answer, its body parsed.
  json handle(const json& event) {
    if (!handler_) handler_ = std::make_unique<Handler>(config_);
    const std::string text = event.dump();
    const kiln::JsonDocument document(text);
    json answer = json::parse(handler_->handle(document.root(), context_));
    answer["body"] = json::parse(answer.at("body").get<std::string>());
    return answer;
  }

  kiln::testing::TemporaryFolder folder_;
  orders::Config config_;
  kiln::Context context_;
  std::unique_ptr<Handler> handler_;
};

TEST_F(BatchHandler, AllGood) {
  for (int i = 0; i < 2; ++i) {  // delivered twice
    const json answer = handle({{"Records", {order("a"), order("b")}}});
    EXPECT_EQ(answer["statusCode"], 200);
    EXPECT_EQ(answer["batchItemFailures"], json::array());
    EXPECT_EQ(answer["body"]["total_records"], 2);
    EXPECT_EQ(answer["body"]["processed_records"], 2);
    EXPECT_EQ(answer["body"]["left_undone"], json::array());
    EXPECT_EQ(answer["body"]["priority_level"], "BATCH");
  }
  EXPECT_EQ(handle({{"Records", json::array()}})["batchItemFailures"], json::array());
}

TEST_F(BatchHandler, ABadRecordFailsByItself) {
  const json answer =
      handle({{"Records",
               {order("a"),
                record("b", "no json"),
                record("c", "[]"),
                {{"messageId", "d"}},
                record("e", R"({"user_id":"u","amount":-1})"),
                record("f", R"({"user_id":"u","amount":1,"name":7})"),
                record("g", R"({"order":{"request_id":"own","user_id":"u","amount":1}})"),
                record("h", R"({"order":{"request_id":"own","user_id":"other","amount":1}})"),
                order("i")}}});
  EXPECT_EQ(answer["statusCode"], 200);
  EXPECT_EQ(answer["batchItemFailures"], failures({"b", "c", "d", "e", "f", "h"}));
  EXPECT_EQ(answer["body"]["processed_records"], 3);
  EXPECT_EQ(answer["body"]["left_undone"], json::array());
  const json& failed = answer["body"]["failed"];
  ASSERT_EQ(failed.size(), 6u);
  const char* errors[] = {"no JSON", "object", "no body", "'amount'", "'name'", "another request"};
  for (size_t i = 0; i < 6; ++i) {
    EXPECT_NE(failed[i]["error"].get<std::string>().find(errors[i]), std::string::npos)
        << failed[i];
  }
}

TEST_F(BatchHandler, WhatIsLeftUndoneWhenTheTimeIsUpIsListed) {
  context_.deadline = std::chrono::system_clock::now() + orders::Deadline::kReserve;
  const json answer = handle({{"Records", {order("a"), order("b")}}});
  EXPECT_EQ(answer["statusCode"], 200);
  EXPECT_EQ(answer["batchItemFailures"], failures({"a", "b"}));
  EXPECT_EQ(answer["body"]["left_undone"], (json{"a", "b"}));
  EXPECT_EQ(answer["body"]["failed"], json::array());
}

TEST_F(BatchHandler, AfterAFailureTheRestOfItsGroupIsLeftUndone) {
  const auto fifo = [](json record, const char* group) {
    record["eventSourceARN"] = "arn:aws:sqs:us-east-1:000000000000:q.fifo";
    record["attributes"] = {{"MessageGroupId", group}};
    return record;
  };
  const json answer = handle({{"Records",
                               {fifo(order("a"), "1"), fifo(record("b", "bad"), "1"),
                                fifo(order("c"), "1"), fifo(order("d"), "2")}}});
  EXPECT_EQ(answer["batchItemFailures"], failures({"b", "c"}));
  EXPECT_EQ(answer["body"]["left_undone"], json::array({"c"}));
}

TEST_F(BatchHandler, WithoutItsDatabaseTheFirstFailsAndTheRestIsLeftUndone) {
  config_.sqlite_path = folder_.path() + "/folder/data.db";
  const json event = {{"Records", {order("a"), order("b"), order("c")}}};
  const json answer = handle(event);
  EXPECT_EQ(answer["statusCode"], 200);
  EXPECT_EQ(answer["batchItemFailures"], failures({"a", "b", "c"}));
  EXPECT_EQ(answer["body"]["failed"].size(), 1u);
  EXPECT_EQ(answer["body"]["left_undone"], (json{"b", "c"}));
  std::filesystem::create_directory(folder_.path() + "/folder");
  EXPECT_EQ(handle(event)["batchItemFailures"], json::array());
}

int rows(const std::string& path) {
  const kiln::sqlite::Database database(path, "");
  kiln::sqlite::Statement count(database, "SELECT count(*) FROM enriched_orders");
  kiln::sqlite::Statement::Run run(count);
  run.step();
  return static_cast<int>(run.integer(0));
}

TEST_F(BatchHandler, WhatIsAnsweredIsStored) {
  handle({{"Records", {order("a"), record("b", "no json"), order("c")}}});
  EXPECT_EQ(rows(config_.sqlite_path), 2);
  context_.deadline = std::chrono::system_clock::now() + orders::Deadline::kReserve;
  handle({{"Records", {order("d")}}});
  EXPECT_EQ(rows(config_.sqlite_path), 2);
}

TEST_F(BatchHandler, WhatCantBeCommittedFailsAsAWholeAndMayComeAgain) {
  handle({{"Records", {order("a")}}});
  // Undone behind the handler's back, as SQLite does after an error of the disk.
  const kiln::sqlite::Database database(
      config_.sqlite_path,
      "CREATE TRIGGER t BEFORE INSERT ON enriched_orders WHEN NEW.request_id = 'c' "
      "BEGIN SELECT RAISE(ROLLBACK, 'the disk is gone'); END");
  const json event = {{"Records", {order("b"), order("c"), order("d")}}};
  const json answer = handle(event);
  EXPECT_EQ(answer["statusCode"], 500);
  EXPECT_EQ(answer["batchItemFailures"], failures({""}));
  EXPECT_EQ(rows(config_.sqlite_path), 1);
  sqlite3_exec(database.handle(), "DROP TRIGGER t", nullptr, nullptr, nullptr);
  EXPECT_EQ(handle(event)["batchItemFailures"], json::array());
  EXPECT_EQ(rows(config_.sqlite_path), 4);
}

TEST_F(BatchHandler, WhileAnotherHasTheFileNothingIsDoneAndNothingStaysLocked) {
  handle({{"Records", {order("a")}}});
  const kiln::sqlite::Database other(config_.sqlite_path, "");
  const auto run = [&](const char* sql) {
    ASSERT_EQ(sqlite3_exec(other.handle(), sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  };
  run("BEGIN IMMEDIATE");
  context_.deadline = std::chrono::system_clock::now() + orders::Deadline::kReserve +
                      std::chrono::milliseconds(200);
  const json event = {{"Records", {order("b"), order("c")}}};
  const json answer = handle(event);
  EXPECT_EQ(answer["batchItemFailures"], failures({"b", "c"}));
  EXPECT_EQ(answer["body"]["left_undone"], (json{"b", "c"}));
  run("COMMIT");
  context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(1);
  EXPECT_EQ(handle(event)["batchItemFailures"], json::array());
  run("BEGIN IMMEDIATE; COMMIT");
}

TEST_F(BatchHandler, WhatCantBeNamedFailsAsAWhole) {
  for (const json& event : {json(), json::object(), json{{"Records", 7}}, json{{"Records", {7}}},
                            json{{"Records", {order("a"), {{"body", "{}"}}}}}}) {
    const json answer = handle(event);
    EXPECT_EQ(answer["statusCode"], 400) << event;
    EXPECT_EQ(answer["batchItemFailures"], failures({""}));
    EXPECT_EQ(answer["body"]["success"], false);
  }
}

}  // namespace
}  // namespace batch_handler
