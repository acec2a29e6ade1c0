#include <sqlite3.h>

#include <mutex>

#include "database.h"
#include "sdk/sqlite/sqlite.h"

namespace optimized_cold_start {
namespace {

using kiln::sqlite::Statement;

// The tables of schema.sql in SQLite's words, and rows that make a first fetch_data answer
// something.
constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id TEXT NOT NULL,
  amount NUMERIC NOT NULL,
  status TEXT NOT NULL,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
CREATE TABLE IF NOT EXISTS items (
  id TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')));
INSERT OR IGNORE INTO items (id, value) VALUES
  ('user:1', 'Ada'), ('user:2', 'Grace'), ('user:3', 'Edsger');
)";

// An execution environment serves one request at a time, so one connection with a lock is all that
// is needed.
class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const Config& config)
      : database_(config.sqlite_path, kSchema),
        insert_(database_,
                "INSERT INTO orders (user_id, amount, status) VALUES (?1, ?2, 'pending')"),
        find_(database_, "SELECT id, value, updated_at FROM items WHERE id = ?1") {
    sqlite3_exec(database_.handle(), "PRAGMA synchronous = OFF", nullptr, nullptr, nullptr);
  }

  int64_t insert_order(const Order& order) override {
    const std::lock_guard lock(mutex_);
    Statement::Run run(insert_);
    run.bind(1, order.user_id);
    run.bind(2, order.amount);
    return run.insert().value();
  }

  std::optional<Item> find_item(const std::string& id) override {
    const std::lock_guard lock(mutex_);
    Statement::Run run(find_);
    run.bind(1, id);
    if (!run.step()) return std::nullopt;
    return Item{run.text(0), run.text(1), run.text(2)};
  }

 private:
  std::mutex mutex_;
  kiln::sqlite::Database database_;
  Statement insert_;
  Statement find_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const Config& config) {
  try {
    return std::make_unique<SqliteDatabase>(config);
  } catch (const kiln::sqlite::Error& e) {
    throw kiln::sqlite::Error(std::string(e.what()) +
                              "; set SQLITE_PATH to a file that can be made");
  }
}

}  // namespace optimized_cold_start
