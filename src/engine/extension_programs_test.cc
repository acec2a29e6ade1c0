#include "engine/extension_programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/test_dir.h"

namespace kiln::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ExtensionProgramsTest : public testing::Test {
 protected:
  void file(const std::string& name) { std::ofstream(folder_ / "extensions" / name) << "x"; }
  TestDir dir_;
  std::filesystem::path folder_ = dir_.path();
};

TEST_F(ExtensionProgramsTest, FilesAreOnesAndFoldersAreNot) {
  EXPECT_THAT(extension_programs(folder_.string()), IsEmpty());
  std::filesystem::create_directories(folder_ / "extensions" / "lib");
  EXPECT_THAT(extension_programs(folder_.string()), IsEmpty());
  file("b");
  file("a");
  EXPECT_THAT(extension_programs(folder_.string()), ElementsAre("a", "b"));
  EXPECT_THAT(extension_programs(""), IsEmpty());
}

TEST_F(ExtensionProgramsTest, NoLinkIsFollowed) {
  std::filesystem::create_directory_symlink("/", folder_ / "extensions");
  EXPECT_THAT(extension_programs(folder_.string()), IsEmpty());
  std::filesystem::remove(folder_ / "extensions");
  std::filesystem::create_directories(folder_ / "extensions");
  std::filesystem::create_directory_symlink("/", folder_ / "extensions" / "link");
  EXPECT_THAT(extension_programs(folder_.string()), ElementsAre("link"))
      << "which can't be started";
}

TEST_F(ExtensionProgramsTest, OneMoreThanLambdaTakesIsTheMost) {
  std::filesystem::create_directories(folder_ / "extensions");
  for (int i = 0; i < 10; ++i) file("e" + std::to_string(i));
  EXPECT_EQ(extension_programs(folder_.string()).size(), 10U);
  for (int i = 10; i < 20; ++i) file("e" + std::to_string(i));
  EXPECT_EQ(extension_programs(folder_.string()).size(), 11U);
}

}  // namespace
}  // namespace kiln::engine
