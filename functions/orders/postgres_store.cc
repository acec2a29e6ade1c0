#include <algorithm>

#include "kiln/pool.h"
#include "kiln/postgres.h"
#include "request.h"
#include "store.h"

namespace orders {
namespace {

namespace postgres = kiln::postgres;
using std::chrono::milliseconds;

constexpr milliseconds kConnectTimeout{5000};
constexpr milliseconds kStatementTimeout{10'000};
constexpr milliseconds kNetworkTimeout{2000};
constexpr char kCanceled[] = "57014";  // by statement_timeout

// Less than the budget together, so that a database that is silent leaves time for an answer.
postgres::Options options_of(const Config& config, milliseconds budget) {
  const auto part = [&](milliseconds wanted, int divisor) {
    return std::max(milliseconds(10), std::min(wanted, budget / divisor));
  };
  return {.url = config.database_url,
          .host = config.db_host,
          .database = config.db_name,
          .user = config.db_user,
          .password = config.db_password,
          .application_name = "orders",
          .max_connections = 1,
          .connect_timeout = part(kConnectTimeout, 4),
          .checkout_timeout = part(kConnectTimeout, 4),
          .statement_timeout = part(kStatementTimeout, 2),
          .network_timeout = part(kNetworkTimeout, 8)};
}

Payment payment_of(const postgres::Row& row, const std::string& request_id) {
  return {.request_id = request_id,
          .user_id = row.get<std::string>("user_id"),
          .amount = row.get<Cents>("amount_cents"),
          .currency = row.get<std::string>("currency")};
}

class PostgresStore final : public Store {
 public:
  PostgresStore(const Config& config, milliseconds budget)
      : options_(options_of(config, budget)), database_(options_) {}

  StoredPayment authorize(const Payment& payment, Status status, Milliseconds limit) override {
    const Stored stored = store(
        payment.request_id, limit,
        "INSERT INTO payment_authorizations (request_id, user_id, amount_cents, currency, "
        "status) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (request_id) DO NOTHING RETURNING "
        "id",
        {payment.request_id, payment.user_id, payment.amount, payment.currency, name_of(status)},
        "SELECT id, user_id, amount_cents, currency, status FROM payment_authorizations "
        "WHERE request_id = $1");
    const auto row = stored.rows[0];
    if (stored.is_new) return {row.get<int64_t>("id"), payment, status, true};
    return {row.get<int64_t>("id"), payment_of(row, payment.request_id),
            row.get<std::string>("status") == name_of(Status::kAuthorized) ? Status::kAuthorized
                                                                           : Status::kDeclined,
            false};
  }

  StoredOrder insert(const Order& order, Milliseconds limit) override {
    const Stored stored = store(
        order.request_id, limit,
        "INSERT INTO enriched_orders (request_id, user_id, amount_cents, currency, item_count, "
        "customer_name, customer_email, customer_status, priority, received_at) VALUES ($1, $2, "
        "$3, $4, $5, $6, $7, $8, $9, $10::timestamptz) ON CONFLICT (request_id) DO NOTHING "
        "RETURNING id",
        {order.request_id, order.user_id, order.amount, order.currency, order.item_count,
         order.customer_name, order.customer_email, order.customer_status, order.priority,
         written(order.received_at)},
        "SELECT id, user_id, amount_cents, currency FROM enriched_orders WHERE request_id = $1");
    const auto row = stored.rows[0];
    if (stored.is_new) return {row.get<int64_t>("id"), order, true};
    return {row.get<int64_t>("id"), payment_of(row, order.request_id), false};
  }

 private:
  struct Stored {
    postgres::Rows rows;
    bool is_new;
  };

  Stored store(const std::string& request_id, milliseconds limit, const char* insert,
               std::initializer_list<postgres::Parameter> values, const char* find) {
    const auto once = [&](auto& connection) -> Stored {
      auto rows = connection.query(insert, values);
      if (!rows.empty()) return {std::move(rows), true};
      rows = connection.query(find, {request_id});
      if (rows.empty()) {
        throw postgres::Error("the row of request id '" + request_id + "' was deleted meanwhile");
      }
      return {std::move(rows), false};
    };
    try {
      if (limit >= options_.statement_timeout) return once(database_);
      // Less time than the connection's own limit allows: a limit of this transaction's.
      auto transaction = database_.begin();
      transaction.query("SELECT set_config('statement_timeout', $1, true)",
                        {std::to_string(std::max<int64_t>(1, limit.count()))});
      Stored stored = once(transaction);
      transaction.commit();
      return stored;
    } catch (const postgres::Unreachable& e) {
      throw Unreachable(e.what());
    } catch (const postgres::Error& e) {
      if (e.sql_state() == kCanceled) throw TimeUp(request_id);
      throw;
    }
  }

  const postgres::Options options_;
  postgres::Database database_;
};

}  // namespace

std::unique_ptr<Store> open_postgres(const Config& config, Store::Milliseconds budget) {
  return std::make_unique<PostgresStore>(config, budget);
}

}  // namespace orders
