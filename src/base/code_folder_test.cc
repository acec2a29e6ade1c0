#include "base/code_folder.h"

#include <gtest/gtest.h>

#include "tests/support/cli_folder.h"

namespace kiln {
namespace {

TEST(CodeFolder, LeavesOutVersionControlAndDataFolders) {
  const cli::TestFolder folder;
  folder.write("state/kiln.db", "");
  folder.write("state/lock", "1\n");
  folder.write("database/kiln.db", "");
  const CodeFolder code = CodeFolder::open(folder.path());
  EXPECT_EQ(code.why_left_out(".git", EntryKind::kFolder), "version control");
  EXPECT_EQ(code.why_left_out("vendor/x/.git", EntryKind::kFile), "version control");
  EXPECT_EQ(code.why_left_out("state", EntryKind::kFolder), "the data folder of a Kiln");
  EXPECT_EQ(code.why_left_out("database", EntryKind::kFolder), "");
  EXPECT_EQ(code.why_left_out("index.js", EntryKind::kFile), "");
  EXPECT_EQ(code.why_left_out(".hidden", EntryKind::kFile), "");
}

TEST(CodeFolder, KilnignoreTakesThePlaceOfGitignore) {
  const cli::TestFolder folder;
  folder.write(".gitignore", "build/\nnode_modules/\n");
  {
    const CodeFolder code = CodeFolder::open(folder.path());
    EXPECT_EQ(code.why_left_out("build", EntryKind::kFolder), ".gitignore");
    EXPECT_EQ(code.why_left_out("node_modules", EntryKind::kFolder), "");
  }
  folder.write(".kilnignore", "tests/\nnode_modules/\n");
  const CodeFolder code = CodeFolder::open(folder.path());
  EXPECT_EQ(code.why_left_out("build", EntryKind::kFolder), "");
  EXPECT_EQ(code.why_left_out("tests", EntryKind::kFolder), ".kilnignore");
  EXPECT_EQ(code.why_left_out("node_modules", EntryKind::kFolder), ".kilnignore");
}

}  // namespace
}  // namespace kiln
