// The handler against a real PostgreSQL and a real Redis, in good times and bad.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <latch>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "handler.h"
#include "kiln/pool.h"
#include "tests/support/postgres_fixture.h"
#include "tests/support/redis_fixture.h"

namespace optimized_cold_start {
namespace {

using kiln::testing::PostgresFixture;
using kiln::testing::RedisFixture;
using nlohmann::json;

class Backends : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::signal(SIGPIPE, SIG_IGN);  // as kiln::run() does
    postgres_ = std::make_unique<PostgresFixture>();
    redis_ = std::make_unique<RedisFixture>();
    std::ifstream file(KILN_SCHEMA_FILE);
    std::stringstream schema;
    schema << file.rdbuf();
    postgres_->query(schema.str());
    postgres_->query(schema.str());  // twice does no harm
  }
  static void TearDownTestSuite() {
    redis_.reset();
    postgres_.reset();
  }

  Backends() {
    config_.database_url = postgres_->url();
    config_.redis_host = "127.0.0.1";
    config_.redis_port = redis_->port();
    config_.timeout_seconds = 5;
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(5);
    redis_->command("FLUSHALL");
  }

  std::pair<int, json> handle(Handler& handler, const json& event) {
    const std::string text = event.dump();
    const kiln::JsonDocument document(text);
    const json answer = json::parse(handler.handle(document.root(), context_));
    return {answer.at("statusCode").get<int>(), json::parse(answer.at("body").get<std::string>())};
  }
  json result(Handler& handler, const json& event) {
    const auto [status, body] = handle(handler, event);
    EXPECT_EQ(status, 200) << body;
    return body.value("result", json());
  }
  // How many connections of the function the server sees.
  static int connections() {
    return std::stoi(postgres_->query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'optimized_cold_start'"));
  }
  static int idle_in_transaction() {
    return std::stoi(
        postgres_->query("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                         "'optimized_cold_start' AND state LIKE 'idle in transaction%'"));
  }

  static inline std::unique_ptr<PostgresFixture> postgres_;
  static inline std::unique_ptr<RedisFixture> redis_;
  Config config_;
  kiln::Context context_;
};

const json kOrder = {{"action", "process_order"}, {"data", {{"user_id", "u1"}, {"amount", 12.5}}}};
const json kFetch = {{"action", "fetch_data"}, {"key", "user:1"}};

TEST_F(Backends, AnOrderIsStored) {
  Handler handler(config_);
  const json order = result(handler, kOrder);
  EXPECT_EQ(order["status"], "created");
  EXPECT_EQ(order["amount"], 12.5);
  EXPECT_EQ(
      postgres_->query("SELECT user_id || '|' || amount || '|' || status FROM orders WHERE id = " +
                       order["order_id"].dump()),
      "u1|12.5|pending");
}

TEST_F(Backends, HostNameAndUserAreEnoughToConnect) {
  // The way of DB_HOST, DB_NAME, DB_USER: libpq takes the port from PGPORT.
  ::setenv("PGPORT", std::to_string(postgres_->port()).c_str(), 1);
  config_.database_url.clear();
  config_.db_host = "127.0.0.1";
  config_.db_name = "postgres";
  config_.db_user = "kiln";
  config_.db_password = "ignored";
  Handler handler(config_);
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  ::unsetenv("PGPORT");
}

TEST_F(Backends, FetchedDataIsCachedInRedisWithItsTimeToLive) {
  config_.cache_ttl = 77;
  Handler handler(config_);
  const json first = result(handler, kFetch);
  EXPECT_EQ(first["source"], "database");
  EXPECT_EQ(first["data"]["value"], "Ada");
  EXPECT_EQ(redis_->command("TTL user:1"), ":77\r\n");
  // Another environment finds it there.
  Handler another(config_);
  const json second = result(another, kFetch);
  EXPECT_EQ(second["source"], "cache");
  EXPECT_EQ(second["cache_hit"], true);
  EXPECT_EQ(second["data"], first["data"]);
}

TEST_F(Backends, WhatIsNoJsonInTheCacheIsReplaced) {
  redis_->command("SET user:1 garbage");
  Handler handler(config_);
  EXPECT_EQ(result(handler, kFetch)["source"], "database");
  EXPECT_EQ(result(handler, kFetch)["source"], "cache");
}

TEST_F(Backends, ACacheThatRefusesIsACacheThatIsDown) {
  redis_->command("LPUSH user:1 x");  // GET of a list is an error
  Handler handler(config_);
  const json answer = result(handler, kFetch);
  EXPECT_EQ(answer["source"], "database_fallback");
  EXPECT_EQ(answer["data"]["value"], "Ada");
}

TEST_F(Backends, WithTheCacheDownTheDatabaseAnswersAndTheCacheIsUsedAgainWhenItIsBack) {
  Handler handler(config_);
  EXPECT_EQ(result(handler, kFetch)["source"], "database");
  EXPECT_EQ(result(handler, kFetch)["source"], "cache");
  redis_->stop();
  for (int i = 0; i < 3; ++i) {
    const json answer = result(handler, kFetch);
    EXPECT_EQ(answer["source"], "database_fallback");
    EXPECT_EQ(answer["cache_hit"], false);
    EXPECT_EQ(answer["data"]["value"], "Ada");
  }
  redis_->start();
  EXPECT_EQ(result(handler, kFetch)["source"], "database");
  EXPECT_EQ(result(handler, kFetch)["source"], "cache");
}

TEST_F(Backends, ARestartOfTheCacheBetweenRequestsIsNotNoticed) {
  Handler handler(config_);
  EXPECT_EQ(result(handler, kFetch)["source"], "database");
  redis_->stop();
  redis_->start();
  EXPECT_EQ(result(handler, kFetch)["source"], "database");  // it came back empty, but it was there
}

TEST_F(Backends, WithTheDatabaseDownTheAnswerIsFiveHundredAndItWorksAgainWhenItIsBack) {
  Handler handler(config_);
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  postgres_->stop();
  for (const json& event : {kOrder, kFetch, kOrder}) {
    const auto [status, body] = handle(handler, event);
    EXPECT_EQ(status, 500);
    EXPECT_EQ(body["success"], false);
    EXPECT_NE(body["error"].get<std::string>().find("database"), std::string::npos) << body;
  }
  EXPECT_EQ(handle(handler, {{"action", "validate_user"}}).first, 200);
  postgres_->start();
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  EXPECT_EQ(result(handler, kFetch)["source"], "database");
  EXPECT_LE(connections(), 2);
}

TEST_F(Backends, ARestartOfTheDatabaseBetweenRequestsIsNotNoticed) {
  Handler handler(config_);
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  postgres_->stop();
  postgres_->start();
  const std::string before = postgres_->query("SELECT count(*) FROM orders");
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  EXPECT_EQ(std::stoi(postgres_->query("SELECT count(*) FROM orders")), std::stoi(before) + 1);
  postgres_->query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
      "'optimized_cold_start'");
  EXPECT_EQ(result(handler, kFetch)["source"], "database");
}

TEST_F(Backends, AFailedStatementIsRolledBackAndItsConnectionUsedAgain) {
  postgres_->query("ALTER TABLE orders ADD CONSTRAINT no_seven CHECK (amount <> 7)");
  Handler handler(config_);
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  for (int i = 0; i < 25; ++i) {  // more often than there are connections
    const auto [status, body] = handle(
        handler, {{"action", "process_order"}, {"data", {{"user_id", "bad"}, {"amount", 7}}}});
    EXPECT_EQ(status, 500);
    EXPECT_NE(body["error"].get<std::string>().find("no_seven"), std::string::npos) << body;
  }
  EXPECT_EQ(idle_in_transaction(), 0);
  EXPECT_EQ(connections(), 1);
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  EXPECT_EQ(postgres_->query("SELECT count(*) FROM orders WHERE user_id = 'bad'"), "0");
  postgres_->query("ALTER TABLE orders DROP CONSTRAINT no_seven");
}

TEST_F(Backends, AMissingTableIsAnErrorThatNamesIt) {
  postgres_->query("ALTER TABLE items RENAME TO items_away");
  Handler handler(config_);
  const auto [status, body] = handle(handler, kFetch);
  EXPECT_EQ(status, 500);
  EXPECT_NE(body["error"].get<std::string>().find("items"), std::string::npos) << body;
  postgres_->query("ALTER TABLE items_away RENAME TO items");
  EXPECT_EQ(result(handler, kFetch)["source"], "database");
}

TEST_F(Backends, AThousandRequestsUseOneConnectionAndLeaveNone) {
  {
    Handler handler(config_);
    const int before = std::stoi(postgres_->query("SELECT count(*) FROM orders"));
    for (int i = 0; i < 500; ++i) {
      ASSERT_EQ(result(handler, kOrder)["status"], "created");
      ASSERT_EQ(handle(handler, kFetch).first, 200);
    }
    EXPECT_EQ(connections(), 1);
    EXPECT_EQ(idle_in_transaction(), 0);
    EXPECT_EQ(std::stoi(postgres_->query("SELECT count(*) FROM orders")), before + 500);
    EXPECT_NE(redis_->command("INFO clients").find("connected_clients:2\r\n"), std::string::npos);
  }
  // The server notices closed connections in its own time, within milliseconds.
  for (int i = 0; i < 1000 && connections() != 0; ++i) {
  }
  EXPECT_EQ(connections(), 0);
}

TEST_F(Backends, MoreThreadsThanConnectionsShareTwenty) {
  const auto database = open_postgres(config_, std::chrono::minutes(15));
  std::atomic<int> stored = 0;
  std::latch start(40);
  std::vector<std::thread> threads;
  for (int t = 0; t < 40; ++t) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (int i = 0; i < 10; ++i) {
        if (database->insert_order({"many", "1"}) > 0) ++stored;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored, 400);
  EXPECT_LE(connections(), 20);
  EXPECT_GE(connections(), 1);
}

TEST_F(Backends, AnExhaustedPoolTimesOutAndRecovers) {
  config_.timeout_seconds = 1;
  config_.database_url += "?options=-c%20statement_timeout%3D0";
  const auto database = open_postgres(config_, std::chrono::minutes(15));
  // A lock that all inserts wait for: twenty of them take all the connections.
  PGconn* blocker = PQconnectdb(postgres_->url().c_str());
  PQclear(PQexec(blocker, "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"));
  std::vector<std::thread> threads;
  for (int t = 0; t < 20; ++t) {
    threads.emplace_back([&] { EXPECT_GT(database->insert_order({"blocked", "1"}), 0); });
  }
  while (
      std::stoi(postgres_->query(
          "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'optimized_cold_start' "
          "AND wait_event_type = 'Lock'")) < 20) {
  }
  EXPECT_THROW(database->insert_order({"one too many", "1"}), kiln::PoolTimeout);
  PQclear(PQexec(blocker, "COMMIT"));
  PQfinish(blocker);
  for (auto& thread : threads) thread.join();
  EXPECT_GT(database->insert_order({"after", "1"}), 0);
}

TEST_F(Backends, ASlowStatementIsCutOff) {
  config_.timeout_seconds = 1;
  Handler handler(config_);
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
  PGconn* blocker = PQconnectdb(postgres_->url().c_str());
  PQclear(PQexec(blocker, "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE"));
  const auto [status, body] = handle(handler, kOrder);
  EXPECT_EQ(status, 500);
  EXPECT_NE(body["error"].get<std::string>().find("57014"), std::string::npos) << body;
  PQclear(PQexec(blocker, "ROLLBACK"));
  PQfinish(blocker);
  EXPECT_EQ(result(handler, kOrder)["status"], "created");
}

TEST_F(Backends, NothingIsOpenedByWhatNeedsNothing) {
  Handler handler(config_);
  EXPECT_EQ(handle(handler, {{"action", "validate_user"}}).first, 200);
  EXPECT_EQ(connections(), 0);
  EXPECT_NE(redis_->command("INFO clients").find("connected_clients:1\r\n"), std::string::npos);
}

}  // namespace
}  // namespace optimized_cold_start
