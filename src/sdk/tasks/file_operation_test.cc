#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <system_error>

#include "kiln/tasks.h"
#include "tests/support/server_process.h"

namespace kiln::tasks {
namespace {

using nlohmann::json;
using Kind = FileOperation::Kind;

class FileOperations : public ::testing::Test {
 protected:
  json run(Kind kind, const std::string& name, const std::string& content = {}) {
    return tasks::run({.kind = kind, .path = path(name), .content = content, .root = root()});
  }
  int error_of(Kind kind, const std::string& name) {
    try {
      run(kind, name, "x");
    } catch (const std::system_error& e) {
      return e.code().value();
    }
    return 0;
  }
  std::string root() const { return folder_.path(); }
  std::string path(const std::string& name) const { return root() + "/" + name; }

  testing::TemporaryFolder folder_;
};

TEST_F(FileOperations, WriteAppendReadStat) {
  EXPECT_EQ(run(Kind::kWrite, "a", "longer text"), (json{{"bytes_written", 11}, {"size", 11}}));
  EXPECT_EQ(run(Kind::kWrite, "a", "one"), (json{{"bytes_written", 3}, {"size", 3}}));
  EXPECT_EQ(run(Kind::kAppend, "a", "two"), (json{{"bytes_written", 3}, {"size", 6}}));
  EXPECT_EQ(run(Kind::kRead, "a"), (json{{"size", 6}, {"content", "onetwo"}}));
  const json status = run(Kind::kStat, "a");
  EXPECT_EQ(status["size"], 6);
  EXPECT_EQ(status["type"], "file");
  EXPECT_GT(status["modified"], 1'000'000'000);
}

TEST_F(FileOperations, FoldersBelowTheRootAreFine) {
  ::mkdir(path("d").c_str(), 0755);
  EXPECT_EQ(run(Kind::kWrite, "d/a", "x")["size"], 1);
  EXPECT_EQ(run(Kind::kStat, "d")["type"], "directory");
  EXPECT_THROW(run(Kind::kRead, "d"), std::invalid_argument);
}

TEST_F(FileOperations, WhatIsNotThereIsAnError) {
  EXPECT_EQ(error_of(Kind::kRead, "none"), ENOENT);
  EXPECT_EQ(error_of(Kind::kStat, "none"), ENOENT);
  EXPECT_EQ(error_of(Kind::kWrite, "none/a"), ENOENT);
}

TEST_F(FileOperations, PathsStayBelowTheRoot) {
  for (const std::string& bad :
       {std::string("/etc/passwd"), std::string("relative"), root(), root() + "/", root() + "x/a",
        std::string(), path("a/../../b"), path(".."), path("./a"), path("a//b"),
        path(std::string("a\0b", 3))}) {
    for (const Kind kind : {Kind::kRead, Kind::kWrite, Kind::kAppend, Kind::kStat}) {
      EXPECT_THROW(tasks::run({.kind = kind, .path = bad, .root = root()}), std::invalid_argument)
          << bad;
    }
  }
}

TEST_F(FileOperations, LinksAreNotFollowed) {
  ASSERT_EQ(::symlink("/etc", path("folder").c_str()), 0);
  ASSERT_EQ(::symlink("/etc/hostname", path("file").c_str()), 0);
  for (const Kind kind : {Kind::kRead, Kind::kWrite, Kind::kAppend, Kind::kStat}) {
    EXPECT_EQ(error_of(kind, "file"), ELOOP);
    EXPECT_NE(error_of(kind, "folder/hostname"), 0);
  }
}

TEST_F(FileOperations, AFifoHoldsNothingUp) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_THROW(run(Kind::kRead, "fifo"), std::invalid_argument);
  EXPECT_EQ(error_of(Kind::kWrite, "fifo"), ENXIO);
  EXPECT_EQ(run(Kind::kStat, "fifo")["type"], "other");
}

TEST_F(FileOperations, TheLongestFileThatIsRead) {
  run(Kind::kWrite, "a", std::string(100'000, 'x'));
  FileOperation read{.kind = Kind::kRead, .path = path("a"), .root = root(), .max_read = 100'000};
  EXPECT_EQ(tasks::run(read)["size"], 100'000);
  read.max_read = 99'999;
  EXPECT_THROW(tasks::run(read), std::invalid_argument);
}

}  // namespace
}  // namespace kiln::tasks
