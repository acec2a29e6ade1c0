#include "base/word_list.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace kiln
