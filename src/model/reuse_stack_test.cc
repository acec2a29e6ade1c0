#include "model/reuse_stack.h"

#include <gtest/gtest.h>

namespace kiln::model {
namespace {

TEST(ReuseStack, TheLastUsedIsTakenFirst) {
  ReuseStack<int> stack;
  EXPECT_FALSE(stack.take());
  for (int i = 1; i <= 3; ++i) stack.add(i);
  EXPECT_EQ(stack.take(), 3);
  stack.add(3);
  EXPECT_EQ(stack.take(), 3);
  EXPECT_EQ(stack.take(), 2);
  EXPECT_EQ(stack.size(), 1u);
  EXPECT_EQ(stack.take(), 1);
  EXPECT_TRUE(stack.empty());
}

TEST(ReuseStack, WhatIsNotNeededGrowsOldAtTheBottom) {
  ReuseStack<int> stack;
  for (int i = 0; i < 1000; ++i) stack.add(i);
  for (int i = 0; i < 900; ++i) {
    EXPECT_EQ(stack.oldest(), i);
    stack.remove_oldest();
    // The rest stays in use meanwhile.
    stack.add(*stack.take());
  }
  EXPECT_EQ(stack.size(), 100u);
  EXPECT_EQ(stack.take(), 999);
}

TEST(ReuseStack, OneOfThemIsRemoved) {
  ReuseStack<int> stack;
  for (int i = 0; i < 5; ++i) stack.add(i);
  stack.remove_oldest();
  EXPECT_FALSE(stack.remove(0));
  EXPECT_TRUE(stack.remove(2));
  EXPECT_FALSE(stack.remove(2));
  EXPECT_EQ(stack.take(), 4);
  EXPECT_EQ(stack.take(), 3);
  EXPECT_EQ(stack.take(), 1);
  EXPECT_FALSE(stack.take());
}

}  // namespace
}  // namespace kiln::model
