#include "base/replace_file.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace kiln {
namespace {

TEST(ReplaceFile, LeavesWhatWasThereOrAllThatIsNew) {
  const std::string path = ::testing::TempDir() + "kiln-replaced";
  const auto content = [&] {
    std::ifstream in(path);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_TRUE(replace_file(path, "a longer text"));
  EXPECT_TRUE(replace_file(path, "b"));
  EXPECT_EQ(content(), "b");
  // Nobody can write the new one.
  std::filesystem::create_directories(path + ".new/full");
  EXPECT_FALSE(replace_file(path, "c"));
  EXPECT_EQ(errno, EISDIR);
  EXPECT_EQ(content(), "b");
  std::filesystem::remove_all(path + ".new");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace kiln
