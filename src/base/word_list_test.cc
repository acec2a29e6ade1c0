#include "base/word_list.h"

#include <gtest/gtest.h>

#include <string>

namespace kiln {
namespace {

TEST(WordList, HasWholeWords) {
  for (const char* word : {"STANDARD", "EXPRESS", "B"})
    EXPECT_TRUE(is_listed("STANDARD, EXPRESS, B", ", ", word)) << word;
  for (const char* word : {"STANDARD, EXPRESS", "STAND", "PRESS", "b", " ", ","})
    EXPECT_FALSE(is_listed("STANDARD, EXPRESS, B", ", ", word)) << word;
  EXPECT_TRUE(is_listed(" GetFunction GetPolicy ", " ", "GetPolicy"));
  EXPECT_FALSE(is_listed(" GetFunctionUrlConfig ", " ", "GetFunction"));
  EXPECT_FALSE(is_listed("", " ", "GetFunction"));
}

TEST(WordList, PartsAreBetweenCommas) {
  const auto parts = [](std::string_view list) {
    std::string seen;
    EXPECT_FALSE(any_between_commas(list, [&seen](std::string_view part) {
      return seen.append("<").append(part).append(">"), false;
    }));
    return seen;
  };
  EXPECT_EQ(parts("a, b ,c"), "<a>< b ><c>");
  EXPECT_EQ(parts("a,,"), "<a><>");
  EXPECT_EQ(parts(",a"), "<><a>");
  EXPECT_EQ(parts(""), "");
  std::string seen;
  EXPECT_TRUE(any_between_commas("a,b,c", [&seen](std::string_view part) {
    seen += part;
    return part == "b";
  }));
  EXPECT_EQ(seen, "ab");
}

}  // namespace
}  // namespace kiln
