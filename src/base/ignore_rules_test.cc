// Compared with what `git check-ignore` says of the same patterns and paths.
#include "base/ignore_rules.h"

#include <gtest/gtest.h>

namespace kiln {
namespace {

struct RuleCase {
  const char* rules;
  const char* path;  // with "/" at its end: a folder
  bool ignored;
};

TEST(IgnoreRules, AreReadAsGitReadsThem) {
  const RuleCase cases[] = {
      {"*.log", "a.log", true},
      {"*.log", "deep/er/a.log", true},
      {"*.log", "a.logs", false},
      {"/*.log", "a.log", true},
      {"/*.log", "deep/a.log", false},
      {"build", "build", true},
      {"build", "src/build/", true},
      {"build/", "build", false},
      {"build/", "src/build/", true},
      {"docs/build", "docs/build/", true},
      {"docs/build", "x/docs/build/", false},
      {"**/build", "x/docs/build/", true},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/x/y/c", false},
      {"a/**", "a/", false},
      {"a/**", "a/x", true},
      {"*.log\n!keep.log", "keep.log", false},
      {"!keep.log\n*.log", "keep.log", true},
      {"# comment\n\n\\#file", "#file", true},
      {"# comment", "# comment", false},
      {"\\!file", "!file", true},
      {"trailing   ", "trailing", true},
      {"trailing\\ ", "trailing ", true},
      {"win\r\n", "win", true},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"a?c", "a/c", false},
      {"a[bx-z]c", "ayc", true},
      {"a[bx-z]c", "adc", false},
      {"a[!b]c", "adc", true},
      {"a[!b]c", "abc", false},
      {"a[]]c", "a]c", true},
      {"a[bc", "a[bc", false},
      {"*a*b*c", "xxaxxbxxc", true},
      {"*a*b*c", "xxaxxbxx", false},
      {"/", "a", false},
      {"", "a", false},
      {"\xef\xbb\xbf*.log", "a.log", true},
      {"node_modules/", "node_modules/", true},
      {".*", ".env", true},
      {"*", "anything/", true},
  };
  for (const RuleCase& c : cases) {
    std::string path = c.path;
    const EntryKind kind = path.ends_with('/') ? EntryKind::kFolder : EntryKind::kFile;
    if (kind == EntryKind::kFolder) path.pop_back();
    EXPECT_EQ(IgnoreRules::parse(c.rules).ignores(path, kind), c.ignored)
        << c.rules << " on " << c.path;
  }
}

TEST(IgnoreRules, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*a";
  EXPECT_FALSE(
      IgnoreRules::parse(pattern + "b").ignores(std::string(5'000, 'a'), EntryKind::kFile));
  std::string deep;
  std::string path;
  for (int i = 0; i < 500; ++i) {
    deep += "**/a/";
    path += "a/";
  }
  EXPECT_FALSE(IgnoreRules::parse(deep + "b").ignores(path + "c", EntryKind::kFile));
}

}  // namespace
}  // namespace kiln
