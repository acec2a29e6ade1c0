#include <sqlite3.h>

#include <mutex>

#include "database.h"

namespace optimized_cold_start {
namespace {

// The tables of schema.sql in SQLite's words, and rows that make a first fetch_data answer
// something.
constexpr char kSchema[] = R"(
PRAGMA synchronous = OFF;
PRAGMA journal_mode = WAL;
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

class Statement {
 public:
  Statement(sqlite3* database, const char* text) : database_(database) {
    if (sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr) !=
        SQLITE_OK) {
      throw DatabaseError(std::string("SQLite: ") + sqlite3_errmsg(database));
    }
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(statement_); }

  // One run of the statement; ends with the scope, also by an exception.
  class Run {
   public:
    explicit Run(Statement& statement) : s_(statement) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() {
      sqlite3_reset(s_.statement_);
      sqlite3_clear_bindings(s_.statement_);
    }
    void bind(int position, const std::string& text) {
      sqlite3_bind_text(s_.statement_, position, text.data(), static_cast<int>(text.size()),
                        SQLITE_STATIC);
    }
    // True: there is a row.
    bool step() {
      const int result = sqlite3_step(s_.statement_);
      if (result == SQLITE_ROW) return true;
      if (result == SQLITE_DONE) return false;
      throw DatabaseError(std::string("SQLite: ") + sqlite3_errmsg(s_.database_));
    }
    std::string text(int column) const {
      const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(s_.statement_, column));
      return {value, static_cast<size_t>(sqlite3_column_bytes(s_.statement_, column))};
    }
    int64_t integer(int column) const { return sqlite3_column_int64(s_.statement_, column); }

   private:
    Statement& s_;
  };

 private:
  sqlite3* database_;
  sqlite3_stmt* statement_ = nullptr;
};

class Connection {
 public:
  explicit Connection(const std::string& path) {
    const int result =
        sqlite3_open_v2(path.c_str(), &database_,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    sqlite3_busy_timeout(database_, 5000);
    if (result != SQLITE_OK ||
        sqlite3_exec(database_, kSchema, nullptr, nullptr, nullptr) != SQLITE_OK) {
      const std::string problem = sqlite3_errmsg(database_);
      sqlite3_close(database_);
      throw DatabaseError("SQLite can't use " + path + " (SQLITE_PATH): " + problem);
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { sqlite3_close(database_); }
  sqlite3* get() const { return database_; }

 private:
  sqlite3* database_ = nullptr;
};

// An execution environment serves one request at a time, so one connection with a lock is all that
// is needed.
class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const Config& config)
      : connection_(config.sqlite_path),
        insert_(
            connection_.get(),
            "INSERT INTO orders (user_id, amount, status) VALUES (?1, ?2, 'pending') RETURNING id"),
        find_(connection_.get(), "SELECT id, value, updated_at FROM items WHERE id = ?1") {}

  int64_t insert_order(const Order& order) override {
    const std::lock_guard lock(mutex_);
    Statement::Run run(insert_);
    run.bind(1, order.user_id);
    run.bind(2, order.amount);
    run.step();
    const int64_t id = run.integer(0);
    // A statement outside a transaction is one by itself, and commits with its last step.
    while (run.step()) {
    }
    return id;
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
  Connection connection_;
  Statement insert_;
  Statement find_;
};

}  // namespace

std::unique_ptr<Database> open_sqlite(const Config& config) {
  return std::make_unique<SqliteDatabase>(config);
}

}  // namespace optimized_cold_start
