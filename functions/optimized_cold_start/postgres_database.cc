#include <algorithm>

#include "database.h"
#include "kiln/postgres.h"

namespace optimized_cold_start {
namespace {

namespace postgres = kiln::postgres;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Less than the budget together, so that a database that is silent leaves time for an answer.
postgres::Options options_of(const Config& config, milliseconds budget) {
  const auto part = [&](milliseconds wanted, int divisor) {
    return std::max(milliseconds(10), std::min(wanted, budget / divisor));
  };
  const seconds timeout(config.timeout_seconds);
  return {.url = config.database_url,
          .host = config.db_host,
          .database = config.db_name,
          .user = config.db_user,
          .password = config.db_password,
          .application_name = "optimized_cold_start",
          .max_connections = 20,
          .connect_timeout = part(std::min(timeout, seconds(5)), 4),
          .checkout_timeout = part(timeout, 4),
          .statement_timeout = part(timeout, 2),
          .network_timeout = part(seconds(5), 8)};
}

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(const Config& config, milliseconds budget)
      : retries_(config.max_retry_attempts), database_(options_of(config, budget)) {}

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

std::unique_ptr<Database> open_postgres(const Config& config, milliseconds budget) {
  return std::make_unique<PostgresDatabase>(config, budget);
}

}  // namespace optimized_cold_start
