// One SQLite database file (WAL). Opening checks that it is ours, whole, and of a schema that this
// Kiln knows; a corrupt or newer file is refused with a message that names it and is never written
// to.
//
// What was committed survives a kill of the process; a loss of power may cost the last commits,
// never the whole file (synchronous=NORMAL). Nothing is committed to a file that has been deleted,
// moved away, or replaced, where nobody would find it again. Not thread-safe: one owner. Cost of
// that: a system call for each commit.
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

struct sqlite3;

namespace kiln::store {

inline constexpr int kApplicationId = 0x4b494c4e;  // "KILN", in the file's header
inline constexpr int kSchemaVersion = 2;           // PRAGMA user_version of kiln.db

// What a database file of ours holds. Each step brings a file from the version of its index to the
// next one; steps are only ever added.
struct Schema {
  // kWhole reads the whole file once when it is opened (quick_check); kHeader trusts SQLite to
  // notice damage when it comes to it, for files that grow large.
  enum class Check { kWhole, kHeader };
  // kAlone: no other process may look into the file meanwhile, which saves locks for each
  // transaction.
  enum class Access { kShared, kAlone };
  std::span<const char* const> steps;
  Check check = Check::kWhole;
  int64_t cache_kib = 256;
  Access access = Access::kShared;
  int version() const { return static_cast<int>(steps.size()); }
};
// kiln.db: functions and everything else that is configured.
const Schema& control_schema();

class Database {
 public:
  // Makes the file when it is absent. Error type: DatabaseRefused (nothing was written) or
  // DatabaseError.
  static Result<std::unique_ptr<Database>> open(const std::string& path,
                                                const Schema& schema = control_schema());
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  sqlite3* handle() const { return db_; }
  Result<void> execute(const std::string& sql);
  // Runs `work` in a transaction: rolled back when it returns an error.
  Result<void> transaction(const std::function<Result<void>()>& work);

 private:
  Database(sqlite3* db, std::string path);
  // SQLite asks before each commit. Not 0: it rolls back.
  static int before_commit(void* database);

  sqlite3* db_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace kiln::store
