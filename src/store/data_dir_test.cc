#include "store/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/test_dir.h"

namespace kiln::store {
namespace {

using testing::HasSubstr;

TEST(DataDir, MakesTheFolderAndItsParents) {
  TestDir dir;
  auto opened = DataDir::open(dir / "a/b");
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->path(), dir / "a/b");
  EXPECT_TRUE(std::filesystem::is_directory(dir / "a/b"));
}

TEST(DataDir, SecondOwnerIsToldThePidAndTheAddressOfTheFirst) {
  TestDir dir;
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto held = DataDir::open(dir.path());
    if (held.ok()) held->tell_address("http://127.0.0.1:4566");
    const char answer = held.ok() ? 'y' : 'n';
    (void)!write(ready[1], &answer, 1);
    pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(ready[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');

  auto refused = DataDir::open(dir.path());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "a Kiln is already running on http://127.0.0.1:4566 (process " + std::to_string(child) +
                "), with its state in " + dir.path() + ". Use that one, or end it with `kill " +
                std::to_string(child) +
                "`, or start a second one with `kiln serve --data-dir FOLDER --port 0`.");

  // A killed owner leaves no lock behind.
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(DataDir::open(dir.path()).ok());
  close(ready[0]);
  close(ready[1]);
}

TEST(DataDir, WhoeverDeletesItsFileLeavesItLocked) {
  TestDir dir;
  const auto held = DataDir::open(dir.path());
  ASSERT_TRUE(held.ok());
  std::filesystem::remove(dir / "lock");
  const auto second = DataDir::open(dir.path());
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message,
              HasSubstr("a Kiln is already running, with its state in " + dir.path()));
}

TEST(DataDir, FreeAgainWhenTheObjectGoes) {
  TestDir dir;
  { ASSERT_TRUE(DataDir::open(dir.path()).ok()); }
  EXPECT_TRUE(DataDir::open(dir.path()).ok());
}

TEST(DataDir, AFileInTheWayIsNamed) {
  TestDir dir;
  std::ofstream(dir / "file") << "x";
  auto opened = DataDir::open(dir / "file");
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr(dir / "file"));
}

}  // namespace
}  // namespace kiln::store
