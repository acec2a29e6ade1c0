#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/unique_fd.h"
#include "store/statement.h"

namespace kiln::store {
namespace {

constexpr std::array<const char*, kSchemaVersion> kControlSteps = {
    // next_version and reserved_concurrency stand outside the document so that a person with
    // sqlite3 can see them.
    "CREATE TABLE functions (region TEXT NOT NULL, name TEXT NOT NULL, document TEXT NOT NULL,"
    " next_version INTEGER NOT NULL, reserved_concurrency INTEGER,"
    " PRIMARY KEY (region, name)) WITHOUT ROWID;"
    "CREATE TABLE versions (region TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,"
    " document TEXT NOT NULL, PRIMARY KEY (region, name, version)) WITHOUT ROWID;"
    "CREATE TABLE aliases (region TEXT NOT NULL, name TEXT NOT NULL, alias TEXT NOT NULL,"
    " document TEXT NOT NULL, PRIMARY KEY (region, name, alias)) WITHOUT ROWID;",
    // Alarms, topics, scaling policies and the like: see document_store.h.
    "CREATE TABLE documents (kind TEXT NOT NULL, region TEXT NOT NULL, key TEXT NOT NULL,"
    " document TEXT NOT NULL, PRIMARY KEY (kind, region, key)) WITHOUT ROWID;",
};

constexpr const char* kMoveAway =
    "Kiln has not changed it. Move it away (and what is beside it with -wal and -shm) to start "
    "with "
    "an empty one, or put a backup in its place.";

Error refused(const std::string& path, const std::string& why, const std::string& next_step) {
  return {ErrorKind::kInternal, "DatabaseRefused",
          "the database " + path + " " + why + ". " + next_step};
}

std::string hex32(int64_t value) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08llx", static_cast<unsigned long long>(value));
  return text.data();
}

Error foreign(const std::string& path, int64_t application_id) {
  return refused(path,
                 "belongs to another program (application id " + hex32(application_id) +
                     ", Kiln's is " + hex32(kApplicationId) + ")",
                 "Kiln has not changed it. Choose another folder with --data-dir.");
}

Error newer(const std::string& path, int64_t version, const Schema& schema) {
  return refused(path,
                 "has schema version " + std::to_string(version) +
                     ", this Kiln knows versions up to " + std::to_string(schema.version()),
                 "Kiln has not changed it. Use the newer Kiln that wrote it, or choose another "
                 "folder with --data-dir.");
}

Error corrupt(const std::string& path, const std::string& detail) {
  return refused(path, "is damaged: " + detail, kMoveAway);
}

// After a step of SQLite that failed. A disk that is full or failing says nothing about the file:
// whoever moves it away then loses what is in it.
Error cannot_read(const std::string& path, sqlite3* db) {
  switch (sqlite3_errcode(db)) {
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return refused(path, std::string("can't be read: ") + sqlite3_errmsg(db),
                     "Is the disk full or failing? Kiln has not changed the database.");
    default:
      return corrupt(path, sqlite3_errmsg(db));
  }
}

uint32_t big_endian(const unsigned char* at) {
  return static_cast<uint32_t>(at[0]) << 24 | static_cast<uint32_t>(at[1]) << 16 |
         static_cast<uint32_t>(at[2]) << 8 | at[3];
}

// Reads the 100 bytes of SQLite's file header before SQLite sees the file: SQLite would put -wal
// and -shm files beside a file that is not ours.
Result<void> check_header(const std::string& path, const Schema& schema) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return refused(path, std::string("can't be read: ") + std::strerror(errno), kMoveAway);
  std::array<unsigned char, 100> header{};
  const ssize_t n = pread(fd.get(), header.data(), header.size(), 0);
  if (n < 0) return refused(path, std::string("can't be read: ") + std::strerror(errno), kMoveAway);
  if (n < static_cast<ssize_t>(header.size()) ||
      std::memcmp(header.data(), "SQLite format 3\0", 16) != 0) {
    return refused(path, "is not a SQLite file", kMoveAway);
  }
  const uint32_t application_id = big_endian(header.data() + 68);
  if (application_id != static_cast<uint32_t>(kApplicationId)) return foreign(path, application_id);
  const uint32_t version = big_endian(header.data() + 60);
  if (version > static_cast<uint32_t>(schema.version())) return newer(path, version, schema);
  return {};
}

struct Closer {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Handle = std::unique_ptr<sqlite3, Closer>;

// Memory is taken for what is there, not ahead: by default each connection has 120 KB for small
// things and 20 pages from the start. Nobody asks how much SQLite has, which would cost a lock for
// each piece. Before SQLite is first used; where somebody did that, its defaults stay.
void configure_once() {
  static const bool done = [] {
    constexpr int kSmallThings = 64, kSmallBytes = 256, kPagesAhead = 0;
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, kSmallBytes, kSmallThings);
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, nullptr, 0, kPagesAhead);
    return true;
  }();
  (void)done;
}

Result<Handle> open_handle(const std::string& path, int flags) {
  configure_once();
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &db, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  Handle handle(db);
  if (code != SQLITE_OK) {
    const std::string detail = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
    return refused(path, "can't be opened: " + detail, kMoveAway);
  }
  sqlite3_busy_timeout(handle.get(), 2000);
  return handle;
}

Result<int64_t> read_pragma(sqlite3* db, const std::string& path, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  int64_t value = 0;
  int code = sqlite3_prepare_v2(db, sql, -1, &statement, nullptr);
  if (code == SQLITE_OK) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW) value = sqlite3_column_int64(statement, 0);
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW) return cannot_read(path, db);
  return value;
}

// Everything that needs SQLite to be known, through a handle that can't write.
Result<void> check_content(const std::string& path, const Schema& schema) {
  auto opened = open_handle(path, SQLITE_OPEN_READONLY);
  if (!opened) return opened.error();
  sqlite3* db = opened->get();
  // A version that is still in the write-ahead log is not in the file's header yet.
  const auto version = read_pragma(db, path, "PRAGMA user_version");
  if (!version) return version.error();
  if (*version > schema.version()) return newer(path, *version, schema);
  if (schema.check == Schema::Check::kHeader) return {};

  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, nullptr);
  std::string finding;
  if (code == SQLITE_OK) {
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
      finding = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW) return cannot_read(path, db);
  if (finding != "ok") return corrupt(path, finding);
  return {};
}

Result<void> run_sql(sqlite3* db, const std::string& sql) {
  char* text = nullptr;
  const int code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &text);
  sqlite3_free(text);
  if (code != SQLITE_OK) return database_error(db, sql.substr(0, 60));
  return {};
}

Result<void> bring_up_to_date(sqlite3* db, int64_t from, const Schema& schema) {
  std::string sql = "BEGIN IMMEDIATE;";
  for (auto i = static_cast<size_t>(from); i < schema.steps.size(); ++i) sql += schema.steps[i];
  sql += "PRAGMA application_id=" + std::to_string(kApplicationId) +
         ";PRAGMA user_version=" + std::to_string(schema.version()) + ";COMMIT;";
  return run_sql(db, sql);
}

// Everything of the file is with the disk afterwards. It does not wait until the disk has it for
// good: the file gets its name later, and a file system with a journal writes that down later, too.
// So a loss of power just after the first start finds the whole file or none on ext4 and XFS;
// elsewhere perhaps an empty one, which is refused as any file that lacks our header. Waiting for
// the disk at each step would take a start twenty times as long.
bool write_out(int fd) {
  constexpr unsigned kAll =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  return ::sync_file_range(fd, 0, 0, kAll) == 0 || ::fdatasync(fd) == 0;
}

// Makes the whole file under another name first, so that a file with our name always has our
// header, whenever the process is killed. Until then nobody misses it, so SQLite needs no journal.
Result<void> create(const std::string& path, const Schema& schema) {
  const std::string unfinished = path + ".new";
  ::unlink(unfinished.c_str());
  for (const char* beside : {"-journal", "-wal", "-shm"}) ::unlink((unfinished + beside).c_str());
  // Environment variables of functions stand in it: nobody else's to read. SQLite gives -wal and
  // -shm the same mode.
  UniqueFd fd(::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd) {
    return refused(path, std::string("can't be made: ") + std::strerror(errno),
                   "Choose another folder with --data-dir.");
  }
  {
    auto opened = open_handle(unfinished, SQLITE_OPEN_READWRITE);
    if (!opened) return opened.error();
    if (auto set = run_sql(opened->get(), "PRAGMA journal_mode=OFF;PRAGMA synchronous=OFF;"); !set)
      return set;
    if (auto made = bring_up_to_date(opened->get(), 0, schema); !made) return made;
    if (auto set = run_sql(opened->get(), "PRAGMA journal_mode=WAL;"); !set) return set;
  }
  if (!write_out(fd.get()))
    return refused(path, std::string("can't be made: ") + std::strerror(errno),
                   "Is the disk full or failing?");
  // What an earlier database of this name has left would be taken for a part of this one.
  for (const char* beside : {"-journal", "-wal"})
    ::rename((path + beside).c_str(), (path + beside + ".old").c_str());
  ::unlink((path + "-shm").c_str());
  if (::rename(unfinished.c_str(), path.c_str()) != 0) {
    return refused(path, std::string("can't be made: ") + std::strerror(errno),
                   "Choose another folder with --data-dir.");
  }
  return {};
}

}  // namespace

const Schema& control_schema() {
  static const Schema schema{kControlSteps, Schema::Check::kWhole};
  return schema;
}

Result<std::unique_ptr<Database>> Database::open(const std::string& path, const Schema& schema) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 && errno == ENOENT) {
    if (auto made = create(path, schema); !made) return made.error();
  } else {
    if (auto checked = check_header(path, schema); !checked) return checked.error();
    if (auto checked = check_content(path, schema); !checked) return checked.error();
  }
  auto opened = open_handle(path, SQLITE_OPEN_READWRITE);
  if (!opened) return opened.error();
  std::unique_ptr<Database> database(new Database(opened->release(), path));
  sqlite3* db = database->handle();
  if (auto set = run_sql(
          db, std::string(schema.access == Schema::Access::kAlone ? "PRAGMA locking_mode=EXCLUSIVE;"
                                                                  : "") +
                  "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA cache_size=-" +
                  std::to_string(schema.cache_kib) + ";");
      !set) {
    return set.error();
  }
  const auto version = read_pragma(db, path, "PRAGMA user_version");
  if (!version) return version.error();
  if (*version < schema.version()) {
    if (auto done = bring_up_to_date(db, *version, schema); !done) return done.error();
  }
  return database;
}

Database::Database(sqlite3* db, std::string path) : db_(db), path_(std::move(path)) {
  struct stat info {};
  if (::stat(path_.c_str(), &info) != 0) return;
  device_ = info.st_dev;
  inode_ = info.st_ino;
  sqlite3_commit_hook(db_, &Database::before_commit, this);
}

Database::~Database() { sqlite3_close_v2(db_); }

int Database::before_commit(void* database) {
  const auto* const self = static_cast<const Database*>(database);
  struct stat info {};
  const bool there = ::stat(self->path_.c_str(), &info) == 0 && info.st_dev == self->device_ &&
                     info.st_ino == self->inode_;
  return there ? 0 : 1;
}

Result<void> Database::execute(const std::string& sql) { return run_sql(db_, sql); }

Result<void> Database::transaction(const std::function<Result<void>()>& work) {
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  Result<void> done = work();
  if (done) done = execute("COMMIT");
  // A failed COMMIT may or may not have ended the transaction; ROLLBACK without one only gives an
  // error to ignore.
  if (!done) (void)execute("ROLLBACK");
  return done;
}

}  // namespace kiln::store
