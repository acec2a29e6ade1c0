#include "wire/key_page.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace kiln::wire {
namespace {

using Keys = std::vector<std::string>;

TEST(KeyPage, WhoDeletesWhatHeIsShownSeesAllOthersOnce) {
  Keys keys = {"a", "b", "c", "d", "e", "f", "g"}, seen;
  std::string token;
  do {
    const auto page = key_page(keys, token, 2);
    ASSERT_TRUE(page);
    const auto from = keys.begin() + static_cast<std::ptrdiff_t>(page->from),
               to = keys.begin() + static_cast<std::ptrdiff_t>(page->to);
    seen.insert(seen.end(), from, to);
    keys.erase(from, to);
    token = page->next;
  } while (!token.empty());
  EXPECT_EQ(seen, (Keys{"a", "b", "c", "d", "e", "f", "g"}));
}

TEST(KeyPage, WhatComesInFrontIsNotShownTwice) {
  const auto first = key_page({"b", "c", "d"}, "", 2);
  ASSERT_TRUE(first);
  const auto second = key_page({"a", "b", "c", "d"}, first->next, 2);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->from, 3U);
  EXPECT_EQ(second->to, 4U);
  EXPECT_EQ(second->next, "");
}

TEST(KeyPage, TokensThatNobodyGave) {
  for (const std::string& token : {std::string("100"), std::string("x"), base64_encode("100")})
    EXPECT_FALSE(key_page({"a", "b"}, token, 1)) << token;
}

TEST(KeyPage, DescendingKeys) {
  EXPECT_LT(descending_key(10), descending_key(9));
  EXPECT_LT(descending_key(~uint64_t{0}), descending_key(0));
}

}  // namespace
}  // namespace kiln::wire
