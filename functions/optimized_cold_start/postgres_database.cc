#include <algorithm>

#include "database.h"
#include "kiln/postgres.h"

namespace optimized_cold_start {
namespace {

namespace postgres = kiln::postgres;
using std::chrono::seconds;

postgres::Options options_of(const Config& config) {
  return {.url = config.database_url,
          .host = config.db_host,
          .database = config.db_name,
          .user = config.db_user,
          .password = config.db_password,
          .application_name = "optimized_cold_start",
          .max_connections = 20,
          .connect_timeout = seconds(std::min(config.timeout_seconds, 5)),
          .checkout_timeout = seconds(config.timeout_seconds),
          .statement_timeout = seconds(config.timeout_seconds)};
}

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const Config& config)
      : retries_(config.max_retry_attempts), database_(options_of(config)) {}

  int64_t insert_order(const Order& order) override {
    return database_.transaction(
        [&](postgres::Transaction& transaction) {
          return transaction
              .query(
                  "INSERT INTO orders (user_id, amount, status) VALUES ($1, $2::numeric, "
                  "'pending') RETURNING id",
                  {order.user_id, order.amount})[0]
              .get<int64_t>("id");
        },
        retries_);
  }

  std::optional<Item> find_item(const std::string& id) override {
    const auto rows = database_.read(
        "SELECT id, value, to_char(updated_at AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS updated FROM items WHERE id = $1",
        {id});
    if (rows.empty()) return std::nullopt;
    return Item{rows[0].get<std::string>("id"), rows[0].get<std::string>("value"),
                rows[0].get<std::string>("updated")};
  }

 private:
  const int retries_;
  postgres::Database database_;
};

}  // namespace

std::unique_ptr<Database> open_postgres(const Config& config) {
  return std::make_unique<PostgresDatabase>(config);
}

}  // namespace optimized_cold_start
