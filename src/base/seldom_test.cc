#include "base/seldom.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace kiln {
namespace {

TEST(Seldom, ADefaultTakesAPointer) {
  EXPECT_EQ(sizeof(Seldom<std::string>), sizeof(void*));
  EXPECT_EQ(sizeof(SeldomMap<std::string, std::string>), sizeof(void*));
  const Seldom<std::string> nothing;
  EXPECT_EQ(*nothing, "");
  // One default for all that have no value of their own.
  EXPECT_EQ(&*nothing, &*Seldom<std::string>(std::string()));
}

TEST(Seldom, CopiesAreApart) {
  Seldom<std::string> one(std::string("one"));
  Seldom<std::string> two = one;
  two.change() += "!";
  EXPECT_EQ(*one, "one");
  EXPECT_EQ(*two, "one!");
  EXPECT_EQ(two->size(), 4U);
  one = two;
  EXPECT_EQ(*one, "one!");
  one = Seldom<std::string>();
  EXPECT_EQ(*one, "");
}

TEST(SeldomMap, IsAMap) {
  SeldomMap<int, std::string> map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.begin(), map.end());
  EXPECT_EQ(map.find(1), map.end());
  EXPECT_EQ(map.erase(1), 0U);
  map[2] = "two";
  map[1] = "one";
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(map.begin()->second, "one");
  EXPECT_EQ(map.upper_bound(1)->second, "two");
  EXPECT_EQ(map.at(2), "two");
  const auto copy = map;
  EXPECT_EQ(map.erase(1), 1U);
  EXPECT_EQ(map.erase(2), 1U);
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.begin(), map.end());
  EXPECT_TRUE(copy.contains(1));
  map = copy.all();
  map.clear();
  EXPECT_FALSE(map.contains(1));
}

}  // namespace
}  // namespace kiln
