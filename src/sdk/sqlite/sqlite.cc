#include "sdk/sqlite/sqlite.h"

#include <linux/magic.h>
#include <sqlite3.h>
#include <sys/vfs.h>

namespace kiln::sqlite {
namespace {

// 512 KiB of pages are kept, rather than 2 MiB.
constexpr char kSettings[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -512";

// Where the file itself is memory: a journal of 256 KiB rather than four MiB, and 128 KiB of pages,
// each of which costs no more than a copy.
constexpr char kInMemory[] = "PRAGMA wal_autocheckpoint = 64; PRAGMA cache_size = -128";

// Statistics of SQLite's memory, which nobody reads, cost a lock for each piece of it. Too late,
// and without effect, where somebody else began to use SQLite before.
void count_no_memory() {
  [[maybe_unused]] static const int result = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

// Whether the file system is memory, as a sandbox's /tmp: what a file holds there counts as the
// function's, and to empty the journal costs no wait for a disk.
bool in_memory(const std::string& path) {
  struct statfs found {};
  return ::statfs(path.c_str(), &found) == 0 && found.f_type == TMPFS_MAGIC;
}

// Whether nobody has made a table yet.
bool is_new(sqlite3* database) {
  sqlite3_stmt* version = nullptr;
  sqlite3_prepare_v2(database, "PRAGMA schema_version", -1, &version, nullptr);
  const bool known = version && sqlite3_step(version) == SQLITE_ROW;
  const bool is_new = known && sqlite3_column_int(version, 0) == 0;
  sqlite3_finalize(version);
  return is_new;
}

// A new file gets all of it in one transaction rather than one for each table, or nothing. Another
// process may do the same: it waits, and finds the tables. Where they are, nobody needs the file's
// lock.
int run_schema(sqlite3* database, const char* schema) {
  const auto run = [database](const char* sql) {
    return sqlite3_exec(database, sql, nullptr, nullptr, nullptr);
  };
  if (!is_new(database)) return run(schema);
  int result = run("BEGIN IMMEDIATE");
  if (result == SQLITE_OK) result = run(schema);
  return result == SQLITE_OK ? run("COMMIT") : result;
}

}  // namespace

Database::Database(const std::string& path, const char* schema) : path_(path) {
  count_no_memory();
  const int result =
      sqlite3_open_v2(path.c_str(), &handle_,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite3_busy_timeout(handle_, 5000);
  if (result != SQLITE_OK ||
      sqlite3_exec(handle_, kSettings, nullptr, nullptr, nullptr) != SQLITE_OK ||
      (in_memory(path) &&
       sqlite3_exec(handle_, kInMemory, nullptr, nullptr, nullptr) != SQLITE_OK) ||
      run_schema(handle_, schema) != SQLITE_OK) {
    const std::string problem = sqlite3_errmsg(handle_);
    sqlite3_close(handle_);
    throw Error("SQLite can't use " + path + ": " + problem);
  }
}

Database::~Database() { sqlite3_close(handle_); }

void Database::fail() const { throw Error("SQLite, " + path_ + ": " + sqlite3_errmsg(handle_)); }

int64_t Database::changes() const { return sqlite3_changes64(handle_); }

Statement::Statement(const Database& database, const char* sql) : database_(database) {
  if (sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_,
                         nullptr) != SQLITE_OK) {
    database.fail();
  }
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Run::~Run() {
  sqlite3_reset(s_.statement_);
  sqlite3_clear_bindings(s_.statement_);
}

void Statement::Run::bind(int position, std::string_view text) {
  if (sqlite3_bind_text(s_.statement_, position, text.data() ? text.data() : "",
                        static_cast<int>(text.size()), SQLITE_STATIC) != SQLITE_OK) {
    s_.database_.fail();
  }
}

void Statement::Run::bind(int position, int64_t number) {
  if (sqlite3_bind_int64(s_.statement_, position, number) != SQLITE_OK) s_.database_.fail();
}

void Statement::Run::bind_bytes(int position, std::string_view bytes) {
  if (sqlite3_bind_blob(s_.statement_, position, bytes.data(), static_cast<int>(bytes.size()),
                        SQLITE_STATIC) != SQLITE_OK) {
    s_.database_.fail();
  }
}

bool Statement::Run::step() {
  const int result = sqlite3_step(s_.statement_);
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  s_.database_.fail();
}

void Statement::Run::finish() {
  while (step()) {
  }
}

std::optional<int64_t> Statement::Run::insert() {
  finish();
  if (s_.database_.changes() == 0) return std::nullopt;
  return sqlite3_last_insert_rowid(s_.database_.handle());
}

bool Statement::Run::is_null(int column) const {
  return sqlite3_column_type(s_.statement_, column) == SQLITE_NULL;
}

std::string Statement::Run::text(int column) const {
  const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(s_.statement_, column));
  if (!value) return "";
  return {value, static_cast<size_t>(sqlite3_column_bytes(s_.statement_, column))};
}

int64_t Statement::Run::integer(int column) const {
  return sqlite3_column_int64(s_.statement_, column);
}

}  // namespace kiln::sqlite
