#include "store/archive_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::store {
namespace {

using testing::ElementsAre;

TEST(EntryName, Table) {
  EXPECT_THAT(*split_entry_name("a/b"), ElementsAre("a", "b"));
  EXPECT_THAT(*split_entry_name("./a//b/"), ElementsAre("a", "b"));
  EXPECT_THAT(*split_entry_name("..a/b.."), ElementsAre("..a", "b.."));
  EXPECT_TRUE(split_entry_name(".")->empty());
  for (const char* bad : {"/a", "..", "../a", "a/..", "a/../b", "a/../../b"}) {
    EXPECT_FALSE(split_entry_name(bad)) << bad;
  }
  EXPECT_TRUE(split_entry_name(std::string(255, 'x')));
  EXPECT_FALSE(split_entry_name(std::string(256, 'x')));
}

struct LinkCase {
  const char* name;
  std::vector<std::pair<const char*, const char*>> links;
  bool escapes;
};

TEST(LinkSet, FollowsLinksAsTheKernelWould) {
  const LinkCase cases[] = {
      {"to a neighbour", {{"a", "b"}}, false},
      {"up and down again", {{"lib/a", "../b/c"}}, false},
      {"to the folder itself", {{"a", "."}}, false},
      {"up to the folder itself", {{"a/b", ".."}}, false},
      {"to nothing", {{"a", "missing/x"}}, false},
      {"a circle", {{"a", "b"}, {"b", "a"}}, false},
      {"a circle of one", {{"a", "a/a"}}, false},
      {"above", {{"a", ".."}}, true},
      {"above from within", {{"d/a", "../../x"}}, true},
      {"out and in again", {{"a", "../task/b"}}, true},
      {"absolute", {{"a", "/etc/passwd"}}, true},
      {"absolute into the folder", {{"a", "/var/task/b"}}, true},
      // By its letters "p/.." is inside; p leads to the top, and from there ".." leads out.
      {"over another link", {{"x/y/p", "../.."}, {"q", "x/y/p/.."}}, true},
      {"over a link in the middle", {{"deep/er", "../top"}, {"q", "deep/er/../../out"}}, true},
      {"through nothing", {{"a", "missing/../../out"}}, true},
  };
  for (const LinkCase& c : cases) {
    SCOPED_TRACE(c.name);
    LinkSet set;
    for (const auto& [path, target] : c.links) set.add(*split_entry_name(path), target);
    EXPECT_EQ(set.find_escape().has_value(), c.escapes);
  }
}

TEST(LinkSet, NamesTheLinkThatEscapes) {
  LinkSet set;
  set.add({"good"}, "x");
  set.add({"d", "bad"}, "../..");
  EXPECT_EQ(set.find_escape(), "d/bad");
  EXPECT_TRUE(set.contains({"d", "bad"}));
  EXPECT_FALSE(set.contains({"d"}));
}

}  // namespace
}  // namespace kiln::store
