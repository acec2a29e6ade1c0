// Payments and orders against a real PostgreSQL, in good times and bad.
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "batch_handler/handler.h"
#include "critical_handler/handler.h"
#include "tests/support/postgres_fixture.h"

namespace orders {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

class OrdersBackends : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    ::signal(SIGPIPE, SIG_IGN);  // as kiln::run() does
    postgres_ = std::make_unique<kiln::testing::PostgresFixture>();
    std::ifstream file(KILN_SCHEMA_FILE);
    std::stringstream schema;
    schema << file.rdbuf();
    postgres_->query(schema.str());
    postgres_->query(schema.str());  // twice does no harm
  }
  static void TearDownTestSuite() { postgres_.reset(); }

  OrdersBackends() {
    config_.priority_level = "CRITICAL";
    config_.database_url = postgres_->url();
    context_.deadline = std::chrono::system_clock::now() + std::chrono::minutes(5);
  }
  template <class Handler>
  json handle(Handler& handler, const json& event) {
    const std::string text = event.dump();
    const kiln::JsonDocument document(text);
    json answer = json::parse(handler.handle(document.root(), context_));
    answer["body"] = json::parse(answer.at("body").get<std::string>());
    return answer;
  }
  static json payment(const char* id) {
    return {{"request_id", id}, {"user_id", "u"}, {"amount", 12.5}};
  }
  static int connections() {
    return std::stoi(postgres_->query(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orders'"));
  }

  static inline std::unique_ptr<kiln::testing::PostgresFixture> postgres_;
  Config config_;
  kiln::Context context_;
};

// A lock that every insert waits for.
class Blocker {
 public:
  Blocker(const std::string& url, const char* table) : connection_(PQconnectdb(url.c_str())) {
    PQclear(
        PQexec(connection_,
               (std::string("BEGIN; LOCK TABLE ") + table + " IN ACCESS EXCLUSIVE MODE").c_str()));
  }
  ~Blocker() { PQfinish(connection_); }

 private:
  PGconn* connection_;
};

TEST_F(OrdersBackends, APaymentIsStoredOnce) {
  critical_handler::Handler handler(config_);
  const json first = handle(handler, payment("p1"))["body"];
  EXPECT_EQ(first["duplicate"], false) << first;
  critical_handler::Handler another(config_);
  const json second = handle(another, payment("p1"))["body"];
  EXPECT_EQ(second["duplicate"], true);
  EXPECT_EQ(second["authorization_id"], first["authorization_id"]);
  EXPECT_EQ(postgres_->query(
                "SELECT string_agg(user_id || '|' || amount_cents || '|' || currency || '|' || "
                "status, ',') FROM payment_authorizations WHERE request_id = 'p1'"),
            "u|1250|USD|authorized");
  json other = payment("p1");
  other["amount"] = 13;
  EXPECT_EQ(handle(handler, other)["statusCode"], 409);
}

TEST_F(OrdersBackends, ABatchIsStored) {
  batch_handler::Handler handler(config_);
  json records = json::array();
  for (int i = 0; i < 100; ++i) {
    records.push_back(
        {{"messageId", "m" + std::to_string(i)},
         {"body", json{{"user_id", "batch"}, {"amount", i}, {"name", "ada"}}.dump()}});
  }
  const json answer = handle(handler, {{"Records", records}});
  EXPECT_EQ(answer["batchItemFailures"], json::array({{{"itemIdentifier", "m0"}}}));  // of amount 0
  EXPECT_EQ(
      postgres_->query("SELECT count(*) || '|' || sum(amount_cents) || '|' || min(customer_name) "
                       "FROM enriched_orders WHERE user_id = 'batch'"),
      "99|495000|Ada");
  EXPECT_EQ(connections(), 1);
}

TEST_F(OrdersBackends, ASlowDatabaseLeavesThePaymentUndoneInTime) {
  critical_handler::Handler handler(config_);
  EXPECT_EQ(handle(handler, payment("before"))["statusCode"], 200);
  {
    const Blocker blocker(postgres_->url(), "payment_authorizations");
    context_.deadline = std::chrono::system_clock::now() + Deadline::kReserve + milliseconds(500);
    const json answer = handle(handler, payment("slow"));
    EXPECT_GT(context_.remaining_time().count(), 0);
    EXPECT_EQ(answer["statusCode"], 503) << answer;
    EXPECT_EQ(answer["body"]["left_undone"], json::array({"slow"}));
  }
  context_.deadline += std::chrono::minutes(1);
  EXPECT_EQ(handle(handler, payment("slow"))["body"]["duplicate"], false);
  EXPECT_EQ(connections(), 1);
}

TEST_F(OrdersBackends, ASlowDatabaseLeavesTheRestOfABatchUndone) {
  batch_handler::Handler handler(config_);
  const json event = {{"Records",
                       {{{"messageId", "s1"}, {"body", R"({"user_id":"u","amount":1})"}},
                        {{"messageId", "s2"}, {"body", R"({"user_id":"u","amount":1})"}}}}};
  {
    const Blocker blocker(postgres_->url(), "enriched_orders");
    context_.deadline = std::chrono::system_clock::now() + Deadline::kReserve + milliseconds(500);
    const json answer = handle(handler, event);
    EXPECT_GT(context_.remaining_time().count(), 0);
    EXPECT_EQ(answer["statusCode"], 200);
    EXPECT_EQ(answer["batchItemFailures"].size(), 2u);
    EXPECT_EQ(answer["body"]["left_undone"], (json{"s1", "s2"}));
  }
  context_.deadline += std::chrono::minutes(1);
  EXPECT_EQ(handle(handler, event)["batchItemFailures"], json::array());
}

TEST_F(OrdersBackends, ADatabaseThatIsDownIsAFailureAndTheNextRequestFindsItAgain) {
  critical_handler::Handler critical(config_);
  batch_handler::Handler batch(config_);
  const json event = {{"Records",
                       {{{"messageId", "d1"}, {"body", R"({"user_id":"u","amount":1})"}},
                        {{"messageId", "d2"}, {"body", R"({"user_id":"u","amount":1})"}}}}};
  EXPECT_EQ(handle(critical, payment("up"))["statusCode"], 200);
  postgres_->stop();
  for (int i = 0; i < 3; ++i) {
    const json answer = handle(critical, payment("down"));
    EXPECT_EQ(answer["statusCode"], 500);
    EXPECT_NE(answer["body"]["error"].get<std::string>().find("database"), std::string::npos);
    const json failed = handle(batch, event);
    EXPECT_EQ(failed["batchItemFailures"].size(), 2u);
    EXPECT_EQ(failed["body"]["left_undone"], json::array({"d2"}));
  }
  postgres_->start();
  EXPECT_EQ(handle(critical, payment("down"))["body"]["duplicate"], false);
  EXPECT_EQ(handle(batch, event)["batchItemFailures"], json::array());
  EXPECT_LE(connections(), 2);
}

TEST_F(OrdersBackends, AMissingTableIsAnErrorThatNamesIt) {
  postgres_->query("ALTER TABLE payment_authorizations RENAME TO away");
  critical_handler::Handler handler(config_);
  const json answer = handle(handler, payment("missing"));
  EXPECT_EQ(answer["statusCode"], 500);
  EXPECT_NE(answer["body"]["error"].get<std::string>().find("payment_authorizations"),
            std::string::npos);
  postgres_->query("ALTER TABLE away RENAME TO payment_authorizations");
  EXPECT_EQ(handle(handler, payment("missing"))["statusCode"], 200);
}

}  // namespace
}  // namespace orders
