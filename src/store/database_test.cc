#include "store/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "store/statement.h"
#include "tests/support/test_dir.h"

namespace {
std::atomic<int> waits_for_disk{0};
}

// In front of the C library's, for SQLite, too.
extern "C" int fdatasync(int fd) {
  ++waits_for_disk;
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace kiln::store {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
}

int64_t count_functions(Database& database) {
  Statement count(database, "SELECT count(*) FROM functions");
  return count.step() ? count.integer(0) : -1;
}

constexpr const char* kInsert =
    "INSERT INTO functions (region, name, document, next_version) VALUES ('r', 'n', '{}', 1)";

class DatabaseTest : public testing::Test {
 protected:
  // Opening fails with a message that has all these parts, and leaves the file as it is.
  void expect_refused(std::initializer_list<const char*> parts) {
    const std::string before = bytes_of(path_);
    auto database = Database::open(path_);
    ASSERT_FALSE(database.ok());
    EXPECT_EQ(database.error().type, "DatabaseRefused");
    EXPECT_THAT(database.error().message, HasSubstr(path_));
    for (const char* part : parts) EXPECT_THAT(database.error().message, HasSubstr(part));
    EXPECT_EQ(bytes_of(path_), before);
    EXPECT_FALSE(std::filesystem::exists(path_ + "-journal"));
  }

  void make(const std::string& extra_sql = "") {
    auto database = Database::open(path_);
    ASSERT_TRUE(database.ok()) << database.error().message;
    if (!extra_sql.empty()) {
      auto done = (*database)->execute(extra_sql);
      ASSERT_TRUE(done.ok()) << done.error().message;
    }
  }

  TestDir dir_;
  std::string path_ = dir_ / "kiln.db";
};

TEST_F(DatabaseTest, NewFileHasOurMarksAndKeepsItsContent) {
  make(kInsert);
  const std::string header = bytes_of(path_).substr(0, 100);
  EXPECT_EQ(header.substr(68, 4), "KILN");
  struct stat info {};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);

  auto again = Database::open(path_);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(count_functions(**again), 1);
  Statement mode(**again, "PRAGMA journal_mode");
  ASSERT_TRUE(mode.step());
  EXPECT_EQ(mode.text(0), "wal");
}

// Each wait takes milliseconds, and a first start makes three files.
TEST_F(DatabaseTest, ANewFileWaitsForTheDiskOnceAtMost) {
  waits_for_disk = 0;
  const auto database = Database::open(path_);
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_LE(waits_for_disk, 1);
  // Its own header, not only that of its log, says that it is kept with one.
  EXPECT_EQ(bytes_of(path_).substr(18, 2), "\x02\x02");
}

TEST_F(DatabaseTest, RefusesWhatIsNotSqlite) {
  write_file(path_, "my diary, " + std::string(4096, 'x'));
  expect_refused({"is not a SQLite file", "Move it away"});
  write_file(path_, "short");
  expect_refused({"is not a SQLite file"});
  write_file(path_, "");
  expect_refused({"is not a SQLite file"});
}

TEST_F(DatabaseTest, RefusesAnotherProgramsFileAndLeavesNothingBesideIt) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &other), SQLITE_OK);
  sqlite3_exec(other, "PRAGMA journal_mode=WAL; PRAGMA application_id=1234; CREATE TABLE t (a)",
               nullptr, nullptr, nullptr);
  sqlite3_close(other);
  expect_refused({"another program", "0x000004d2", "0x4b494c4e", "--data-dir"});
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm"));
}

TEST_F(DatabaseTest, TheLogOfADatabaseThatWasMovedAwayIsNoPartOfANewOne) {
  const std::string log = path_ + "-wal";
  std::string left;
  {
    const auto database = Database::open(path_);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->execute("CREATE TABLE old(x); PRAGMA user_version=0"));
    left = bytes_of(log);
    ASSERT_FALSE(left.empty());
  }
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  write_file(log, left);
  const auto database = Database::open(path_);
  ASSERT_TRUE(database.ok()) << database.error().message;
  EXPECT_EQ(count_functions(**database), 0);
  Statement old(**database, "SELECT count(*) FROM sqlite_master WHERE name = 'old'");
  ASSERT_TRUE(old.step());
  EXPECT_EQ(old.integer(0), 0);
  EXPECT_EQ(bytes_of(log + ".old"), left) << "kept for whoever wants to mend the old one";
}

TEST_F(DatabaseTest, RefusesNewerSchemaAndNamesBothVersions) {
  make("PRAGMA user_version=" + std::to_string(kSchemaVersion + 6));
  expect_refused({"schema version 8", "up to 2", "newer Kiln"});
}

TEST_F(DatabaseTest, RefusesNewerSchemaThatIsOnlyInTheWriteAheadLog) {
  make();
  TestDir copy;
  {
    auto database = Database::open(path_);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE((*database)->execute("PRAGMA user_version=9").ok());
    // The state that a kill would leave: the change is in the log, not in the file.
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(path_ + suffix, copy / (std::string("kiln.db") + suffix));
    }
  }
  path_ = copy / "kiln.db";
  expect_refused({"schema version 9"});
}

TEST_F(DatabaseTest, RefusesDamagedPages) {
  make();
  {
    auto database = Database::open(path_);
    ASSERT_TRUE(database.ok());
    for (int i = 0; i < 500; ++i) {
      Statement put(**database,
                    "INSERT INTO functions (region, name, document, next_version)"
                    " VALUES ('r', ?, ?, 1)");
      ASSERT_TRUE(put.bind(1, std::to_string(i)).bind(2, std::string(200, 'd')).run().ok());
    }
  }
  std::string bytes = bytes_of(path_);
  ASSERT_GT(bytes.size(), 40000U);
  std::memset(bytes.data() + 8192, 0x5a, 16384);
  write_file(path_, bytes);
  expect_refused({"is damaged", "Move it away"});
}

TEST_F(DatabaseTest, RefusesATruncatedFile) {
  make(kInsert);
  write_file(path_, bytes_of(path_).substr(0, 4096 + 100));
  expect_refused({"is damaged"});
}

// The file is whole then: whoever moves it away loses everything.
TEST_F(DatabaseTest, AFullDiskIsNotCalledDamage) {
  make(kInsert);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit no_room{0, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &no_room), 0);
  const auto database = Database::open(path_);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(database.ok());
  EXPECT_THAT(
      database.error().message,
      AllOf(HasSubstr("can't be read"), HasSubstr("Is the disk full"), Not(HasSubstr("damaged"))));
}

TEST_F(DatabaseTest, TransactionRollsBackOnError) {
  auto database = Database::open(path_);
  ASSERT_TRUE(database.ok());
  const auto done = (*database)->transaction([&]() -> Result<void> {
    auto inserted = (*database)->execute(kInsert);
    EXPECT_TRUE(inserted.ok());
    return Error{ErrorKind::kConflict, "X", "changed my mind"};
  });
  EXPECT_EQ(done.error().message, "changed my mind");
  EXPECT_EQ(count_functions(**database), 0);
  EXPECT_TRUE((*database)->transaction([&] { return (*database)->execute(kInsert); }).ok());
  EXPECT_EQ(count_functions(**database), 1);
}

TEST_F(DatabaseTest, ErrorsNameTheFileAndTheStatement) {
  auto database = Database::open(path_);
  ASSERT_TRUE(database.ok());
  const auto done = (*database)->execute("SELECT * FROM nowhere");
  EXPECT_THAT(done.error().message, AllOf(HasSubstr(path_), HasSubstr("nowhere")));
}

TEST_F(DatabaseTest, NothingIsCommittedToAFileThatNobodyWouldFind) {
  auto database = Database::open(path_);
  ASSERT_TRUE(database.ok());
  const auto expect_refusal = [&] {
    for (const auto& done : {(*database)->execute(kInsert), (*database)->transaction([&] {
                               return (*database)->execute(kInsert);
                             })}) {
      ASSERT_FALSE(done.ok());
      EXPECT_THAT(done.error().message, AllOf(HasSubstr(path_), HasSubstr("deleted, moved"),
                                              HasSubstr("Put it back, or restart Kiln")));
    }
    EXPECT_EQ(count_functions(**database), 0);
  };
  std::filesystem::rename(path_, path_ + ".moved");
  expect_refusal();
  write_file(path_, "another");
  expect_refusal();
  std::filesystem::rename(path_ + ".moved", path_);
  EXPECT_TRUE((*database)->execute(kInsert).ok());
  EXPECT_EQ(count_functions(**database), 1);
}

TEST_F(DatabaseTest, AFolderThatIsNotThereIsAnError) {
  auto database = Database::open(dir_ / "missing/kiln.db");
  ASSERT_FALSE(database.ok());
  EXPECT_THAT(database.error().message, HasSubstr("missing/kiln.db"));
}

}  // namespace
}  // namespace kiln::store
