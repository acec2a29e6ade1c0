#include "store/statement.h"

#include <sqlite3.h>

namespace kiln::store {

Error database_error(sqlite3* db, const std::string& what) {
  const char* file = sqlite3_db_filename(db, "main");
  std::string message = "The database " + std::string(file ? file : "(unknown)");
  if (sqlite3_extended_errcode(db) == SQLITE_CONSTRAINT_COMMITHOOK)  // see Database::before_commit
    return {ErrorKind::kInternal, "DatabaseError",
            message +
                " was deleted, moved, or replaced while Kiln runs, so nothing more can be kept. "
                "Put it back, or restart Kiln."};
  message += ": " + what + ": " + sqlite3_errmsg(db) + ".";
  const int code = sqlite3_errcode(db);
  if (code == SQLITE_FULL || code == SQLITE_IOERR) message += " Is the disk full or failing?";
  return {ErrorKind::kInternal, "DatabaseError", std::move(message)};
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
  note(sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &statement_,
                          nullptr));
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::note(int code) {
  if (code == SQLITE_OK || !status_.ok()) return;
  const char* sql = statement_ ? sqlite3_sql(statement_) : "a statement";
  status_ = database_error(database_.handle(), sql);
}

Statement& Statement::bind(int position, std::string_view text) {
  if (status_) {
    // The copy lives until the statement is bound anew: callers need not keep their text.
    note(sqlite3_bind_text(statement_, position, text.data() ? text.data() : "",
                           static_cast<int>(text.size()), SQLITE_TRANSIENT));
  }
  return *this;
}

Statement& Statement::bind(int position, int64_t number) {
  if (status_) note(sqlite3_bind_int64(statement_, position, number));
  return *this;
}

Statement& Statement::bind(int position, std::optional<int> number) {
  if (status_) {
    note(number ? sqlite3_bind_int(statement_, position, *number)
                : sqlite3_bind_null(statement_, position));
  }
  return *this;
}

Statement& Statement::bind(int position, double number) {
  if (status_) note(sqlite3_bind_double(statement_, position, number));
  return *this;
}

Statement& Statement::bind_bytes(int position, std::string_view bytes) {
  if (status_) {
    note(sqlite3_bind_blob(statement_, position, bytes.data() ? bytes.data() : "",
                           static_cast<int>(bytes.size()), SQLITE_TRANSIENT));
  }
  return *this;
}

bool Statement::step() {
  if (!status_) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) note(code);
  return false;
}

Result<void> Statement::run() {
  while (step()) {
  }
  if (statement_) {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  return status_;
}

std::string Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes ? std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size))
               : std::string();
}

int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

}  // namespace kiln::store
