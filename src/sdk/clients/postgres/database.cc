#include "kiln/pool.h"
#include "kiln/postgres.h"
#include "sdk/clients/postgres/connection.h"

namespace kiln::postgres {

using Lease = Pool<Connection>::Lease;

struct Transaction::Data {
  Lease connection;
};

Transaction::Transaction(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Transaction::Transaction(Transaction&&) noexcept = default;

Transaction::~Transaction() {
  if (!data_ || !data_->connection->in_transaction()) return;
  try {
    data_->connection->command("ROLLBACK");
  } catch (const Error&) {
    // The connection is broken: the server rolls back by itself, and the pool drops it.
  }
}

Rows Transaction::query(std::string_view sql, std::span<const Parameter> parameters) {
  return data_->connection->execute(sql, parameters);
}

void Transaction::commit() { data_->connection->commit(); }

struct Database::Data {
  explicit Data(Options given)
      : options(std::move(given)),
        pool(
            {.min = options.min_connections,
             .max = options.max_connections,
             .checkout_timeout = options.checkout_timeout},
            [this] { return std::make_unique<Connection>(options); },
            [](Connection& connection) { return connection.usable(); }) {}

  Lease checkout() {
    Lease lease = pool.checkout();
    lease->refresh();
    return lease;
  }

  const Options options;
  Pool<Connection> pool;
};

Database::Database(Options options) : data_(std::make_unique<Data>(std::move(options))) {}
Database::~Database() = default;

Rows Database::query(std::string_view sql, std::span<const Parameter> parameters) {
  return data_->checkout()->execute(sql, parameters);
}

Rows Database::read(std::string_view sql, std::span<const Parameter> parameters) {
  const Lease connection = data_->checkout();
  try {
    return connection->execute(sql, parameters);
  } catch (const Silent&) {
    throw;
  } catch (const Unreachable&) {
    connection->reopen();
    return connection->execute(sql, parameters);
  }
}

// BEGIN changes nothing, so it may be done again on a connection that broke under it.
Transaction Database::begin() {
  auto data = std::make_unique<Transaction::Data>(Transaction::Data{data_->checkout()});
  try {
    data->connection->command("BEGIN");
  } catch (const Silent&) {
    throw;
  } catch (const Unreachable&) {
    data->connection->reopen();
    data->connection->command("BEGIN");
  }
  return Transaction(std::move(data));
}

size_t Database::open_connections() const { return data_->pool.open_count(); }

}  // namespace kiln::postgres
