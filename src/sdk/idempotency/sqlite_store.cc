#include <mutex>

#include "kiln/idempotency.h"
#include "sdk/sqlite/sqlite.h"

namespace kiln::idempotency {
namespace {

using sqlite::Statement;

// answer is NULL while the work is being done.
constexpr char kSchema[] = R"(
CREATE TABLE IF NOT EXISTS idempotency (
  key TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  expires_ms INTEGER NOT NULL,
  answer TEXT) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_expires ON idempotency (expires_ms);
)";
// Claims between two deletions of what has expired.
constexpr int kSweepEvery = 256;

int64_t epoch_ms(Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

struct SqliteStore::Data {
  explicit Data(const std::string& path) : database(path, kSchema) {}

  std::mutex mutex;
  int claims = 0;
  sqlite::Database database;
  Statement take{database,
                 "INSERT INTO idempotency (key, owner, expires_ms) VALUES (?1, ?2, ?3) "
                 "ON CONFLICT (key) DO UPDATE SET owner = ?2, expires_ms = ?3, answer = NULL "
                 "WHERE expires_ms <= ?4"};
  Statement look{database, "SELECT answer FROM idempotency WHERE key = ?1 AND expires_ms > ?2"};
  Statement complete{database,
                     "UPDATE idempotency SET answer = ?3, expires_ms = ?4 "
                     "WHERE key = ?1 AND owner = ?2 AND answer IS NULL"};
  Statement release{database,
                    "DELETE FROM idempotency WHERE key = ?1 AND owner = ?2 AND answer IS NULL"};
  Statement sweep{database, "DELETE FROM idempotency WHERE expires_ms <= ?1"};
};

SqliteStore::SqliteStore(const std::string& path) : data_(std::make_unique<Data>(path)) {}
SqliteStore::~SqliteStore() = default;

Claim SqliteStore::claim(const std::string& key, const std::string& owner, Time now, Time until) {
  const std::lock_guard lock(data_->mutex);
  if (data_->claims++ % kSweepEvery == 0) {
    Statement::Run run(data_->sweep);
    run.bind(1, epoch_ms(now));
    run.finish();
  }
  while (true) {
    {
      Statement::Run run(data_->take);
      run.bind(1, key);
      run.bind(2, owner);
      run.bind(3, epoch_ms(until));
      run.bind(4, epoch_ms(now));
      run.finish();
      if (data_->database.changes() > 0) return {Claim::State::kTaken};
    }
    Statement::Run run(data_->look);
    run.bind(1, key);
    run.bind(2, epoch_ms(now));
    // Released by another process in between: it can be taken now.
    if (!run.step()) continue;
    if (run.is_null(0)) return {Claim::State::kInProgress};
    return {Claim::State::kDone, run.text(0)};
  }
}

bool SqliteStore::complete(const std::string& key, const std::string& owner,
                           const std::string& answer, Time until) {
  const std::lock_guard lock(data_->mutex);
  Statement::Run run(data_->complete);
  run.bind(1, key);
  run.bind(2, owner);
  run.bind(3, answer);
  run.bind(4, epoch_ms(until));
  run.finish();
  return data_->database.changes() > 0;
}

void SqliteStore::release(const std::string& key, const std::string& owner) {
  const std::lock_guard lock(data_->mutex);
  Statement::Run run(data_->release);
  run.bind(1, key);
  run.bind(2, owner);
  run.finish();
}

}  // namespace kiln::idempotency
