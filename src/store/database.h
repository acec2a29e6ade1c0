// One SQLite database file (WAL). Opening checks that it is ours, whole, and of a schema that this Kiln knows; a corrupt
// or newer file is refused with a message that names it and is never written to.
// Not thread-safe: one owner.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

struct sqlite3;

namespace kiln::store {

class Database {
 public:
  static Result<std::unique_ptr<Database>> open(const std::string& path);
  ~Database();

  sqlite3* handle() const { return db_; }
  Result<void> execute(const std::string& sql);
  // Runs `work` in a transaction: rolled back when it returns an error.
  Result<void> transaction(const std::function<Result<void>()>& work);

 private:
  explicit Database(sqlite3* db) : db_(db) {}
  sqlite3* db_;
};

}  // namespace kiln::store
