#include <array>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "database.h"
#include "kiln/pool.h"
#include "libpq.h"

namespace optimized_cold_start {
namespace {

constexpr size_t kMinConnections = 1;
constexpr size_t kMaxConnections = 20;

// The connection broke before the server can have done anything: doing it again is safe.
class ConnectionLost : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

// The server undid the transaction because of others' (deadlock, serialisation): doing it again is
// what it asks for.
class TryAgain : public DatabaseError {
 public:
  using DatabaseError::DatabaseError;
};

std::string without_line_end(const char* text) {
  std::string message = text ? text : "";
  while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.pop_back();
  return message;
}

class Result {
 public:
  Result(const Libpq& pq, PGresult* result) : pq_(pq), result_(result) {}
  Result(const Result&) = delete;
  Result& operator=(const Result&) = delete;
  ~Result() { pq_.clear(result_); }

  ExecStatusType status() const { return pq_.result_status(result_); }
  bool ok() const { return status() == PGRES_COMMAND_OK || status() == PGRES_TUPLES_OK; }
  int rows() const { return pq_.ntuples(result_); }
  std::string text(int row, int column) const { return pq_.getvalue(result_, row, column); }
  std::string error() const { return without_line_end(pq_.result_error_message(result_)); }
  std::string sql_state() const {
    const char* state = pq_.result_error_field(result_, PG_DIAG_SQLSTATE);
    return state ? state : "";
  }

 private:
  const Libpq& pq_;
  PGresult* result_;
};

// One connection with its prepared statements.
class Connection {
 public:
  explicit Connection(const Config& config) : pq_(Libpq::get()) {
    const std::string timeout = std::to_string(std::min(config.timeout_seconds, 5));
    const std::string options =
        "-c statement_timeout=" + std::to_string(int64_t{1000} * config.timeout_seconds);
    // What stands before dbname is a default that DATABASE_URL may change. Without gssencmode libpq
    // asks Kerberos first.
    std::vector<const char*> keys = {"gssencmode", "connect_timeout", "options",
                                     "application_name"};
    std::vector<const char*> values = {"disable", timeout.c_str(), options.c_str(),
                                       "optimized_cold_start"};
    const auto add = [&](const char* key, const std::string& value) {
      if (value.empty()) return;
      keys.push_back(key);
      values.push_back(value.c_str());
    };
    if (!config.database_url.empty()) {
      add("dbname", config.database_url);
    } else {
      add("host", config.db_host);
      add("dbname", config.db_name);
      add("user", config.db_user);
      add("password", config.db_password);
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    connection_ =
        pq_.connectdb_params(keys.data(), values.data(), config.database_url.empty() ? 0 : 1);
    if (pq_.status(connection_) != CONNECTION_OK) {
      const std::string problem = without_line_end(pq_.error_message(connection_));
      pq_.finish(connection_);
      throw DatabaseError("the database can't be reached: " + problem);
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { pq_.finish(connection_); }

  // Connected, and in no transaction.
  bool usable() const {
    return pq_.status(connection_) == CONNECTION_OK &&
           pq_.transaction_status(connection_) == PQTRANS_IDLE;
  }
  bool in_transaction() const { return pq_.transaction_status(connection_) != PQTRANS_IDLE; }

  void reopen() {
    pq_.reset(connection_);
    prepared_.fill(false);
    if (pq_.status(connection_) != CONNECTION_OK) {
      throw DatabaseError("the database can't be reached: " +
                          without_line_end(pq_.error_message(connection_)));
    }
  }

  void command(const char* text) {
    const Result result(pq_, pq_.exec(connection_, text));
    check(result);
  }

  enum Statement { kInsertOrder, kFindItem, kStatementCount };

  // Runs a statement, prepared at its first use in this connection, and passes its result to `use`.
  template <class Use>
  auto execute(Statement statement, std::initializer_list<const std::string*> arguments, Use use) {
    static constexpr struct {
      const char* name;
      const char* text;
    } kStatements[kStatementCount] = {{"insert_order",
                                       "INSERT INTO orders (user_id, amount, status) VALUES ($1, "
                                       "$2::numeric, 'pending') RETURNING id"},
                                      {"find_item",
                                       "SELECT id, value, to_char(updated_at AT TIME ZONE 'UTC', "
                                       "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') "
                                       "FROM items WHERE id = $1"}};
    const auto& [name, text] = kStatements[statement];
    if (!prepared_[statement]) {
      const Result result(pq_, pq_.prepare(connection_, name, text, 0, nullptr));
      check(result);
      prepared_[statement] = true;
    }
    std::array<const char*, 4> values{};
    int count = 0;
    for (const std::string* argument : arguments)
      values[static_cast<size_t>(count++)] = argument->c_str();
    const Result result(
        pq_, pq_.exec_prepared(connection_, name, count, values.data(), nullptr, nullptr, 0));
    check(result);
    return use(result);
  }

 private:
  void check(const Result& result) const {
    if (result.ok()) return;
    if (pq_.status(connection_) != CONNECTION_OK) {
      throw ConnectionLost("the connection to the database broke: " +
                           without_line_end(pq_.error_message(connection_)));
    }
    const std::string state = result.sql_state();
    const std::string problem =
        "the database refused the statement (" + state + "): " + result.error();
    if (state == "40001" || state == "40P01") throw TryAgain(problem);
    throw DatabaseError(problem);
  }

  const Libpq& pq_;
  PGconn* connection_ = nullptr;
  std::array<bool, kStatementCount> prepared_{};
};

// BEGIN … COMMIT; without commit(), and on every exception, ROLLBACK.
class Transaction {
 public:
  // A connection that broke while it lay in the pool shows that here, before anything is done: it
  // is opened anew.
  explicit Transaction(Connection& connection) : connection_(connection) {
    try {
      connection_.command("BEGIN");
    } catch (const ConnectionLost&) {
      connection_.reopen();
      connection_.command("BEGIN");
    }
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (!connection_.in_transaction()) return;
    try {
      connection_.command("ROLLBACK");
    } catch (const DatabaseError&) {
      // The connection is broken: the server rolls back by itself, and the pool drops it.
    }
  }
  void commit() { connection_.command("COMMIT"); }

 private:
  Connection& connection_;
};

class PostgresDatabase final : public Database {
 public:
  explicit PostgresDatabase(const Config& config)
      : config_(config),
        pool_(
            {.min = kMinConnections,
             .max = kMaxConnections,
             .checkout_timeout = std::chrono::seconds(config.timeout_seconds)},
            [this] { return std::make_unique<Connection>(config_); },
            [](Connection& connection) { return connection.usable(); }) {}

  int64_t insert_order(const Order& order) override {
    for (int attempt = 0;; ++attempt) {
      try {
        const auto connection = pool_.checkout();
        Transaction transaction(*connection);
        const std::string id =
            connection->execute(Connection::kInsertOrder, {&order.user_id, &order.amount},
                                [](const Result& result) { return result.text(0, 0); });
        transaction.commit();
        return std::strtoll(id.c_str(), nullptr, 10);
      } catch (const TryAgain&) {
        if (attempt >= config_.max_retry_attempts) throw;
      }
    }
  }

  std::optional<Item> find_item(const std::string& id) override {
    const auto connection = pool_.checkout();
    const auto look = [&] {
      return connection->execute(Connection::kFindItem, {&id}, [](const Result& result) {
        return result.rows() == 0
                   ? std::nullopt
                   : std::optional(Item{result.text(0, 0), result.text(0, 1), result.text(0, 2)});
      });
    };
    try {
      return look();
    } catch (const ConnectionLost&) {
      connection->reopen();
      return look();
    }
  }

 private:
  const Config config_;
  kiln::Pool<Connection> pool_;
};

}  // namespace

std::unique_ptr<Database> open_postgres(const Config& config) {
  return std::make_unique<PostgresDatabase>(config);
}

}  // namespace optimized_cold_start
