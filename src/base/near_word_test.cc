#include "base/near_word.h"

#include <gtest/gtest.h>

namespace kiln {
namespace {

TEST(NearWord, FindsTyposButNoOtherWords) {
  const std::vector<std::string> commands = {"list", "logs", "invoke", "create", "delete"};
  EXPECT_EQ(near_word("lst", commands), "list");
  EXPECT_EQ(near_word("lgos", commands), "logs");
  EXPECT_EQ(near_word("invok", commands), "invoke");
  EXPECT_EQ(near_word("craete", commands), "create");
  EXPECT_EQ(near_word("deploy", commands), "");
  EXPECT_EQ(near_word("x", commands), "");
  EXPECT_EQ(near_word("", commands), "");
  EXPECT_EQ(near_word(std::string(100'000, 'x'), commands), "");
}

TEST(NearWord, APartStandsForTheOnlyWordThatHasIt) {
  const std::vector<std::string> names = {"shop-Api-1A2B", "shop-Orders-3C4D", "--memory"};
  EXPECT_EQ(near_word("Api", names), "shop-Api-1A2B");
  EXPECT_EQ(near_word("--mem", names), "--memory");
  EXPECT_EQ(near_word("shop", names), "") << "it may be either";
  EXPECT_EQ(near_word("--me", names), "") << "two letters";
  EXPECT_EQ(near_word("Ap", names), "");
}

}  // namespace
}  // namespace kiln
