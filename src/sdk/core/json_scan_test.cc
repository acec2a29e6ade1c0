#include "kiln/json_scan.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace kiln {
namespace {

using Parts = std::vector<std::string>;

Parts elements(std::string_view text) {
  Parts parts;
  JsonElements scan(text);
  while (const auto element = scan.next()) parts.emplace_back(*element);
  EXPECT_FALSE(scan.next());
  return parts;
}

Parts members(std::string_view text) {
  Parts parts;
  JsonMembers scan(text);
  while (auto member = scan.next()) {
    parts.push_back(std::move(member->key));
    parts.emplace_back(member->value);
  }
  return parts;
}

std::string error_of(Parts (*read)(std::string_view), std::string_view text) {
  try {
    read(text);
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

TEST(JsonScan, Elements) {
  EXPECT_EQ(elements("[]"), Parts{});
  EXPECT_EQ(elements(" [ ] "), Parts{});
  EXPECT_EQ(elements(R"([1,"a",{"b":[2]},[],null,-1.5e3])"),
            (Parts{"1", R"("a")", R"({"b":[2]})", "[]", "null", "-1.5e3"}));
  EXPECT_EQ(elements("\n[ 1\t,\r{ } , true ]\n"), (Parts{"1", "{ }", "true"}));
  EXPECT_EQ(elements(R"(["a,]\"\\",{"k\"]":"}"}])"), (Parts{R"("a,]\"\\")", R"({"k\"]":"}"})"}));
}

TEST(JsonScan, Members) {
  EXPECT_EQ(members("{}"), Parts{});
  EXPECT_EQ(members(R"( {"a":1 , "b" : {"c":"}"},"":[ ]} )"),
            (Parts{"a", "1", "b", R"({"c":"}"})", "", "[ ]"}));
  EXPECT_EQ(members(R"({"a\"\u00e4":1})"), (Parts{"a\"ä", "1"}));
}

TEST(JsonScan, WhatIsNoJsonIsRefusedWithItsPlace) {
  for (const char* bad : {"", "  ", "{}", "1", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1] 2",
                          "[\"a", "[\"a\\", "[{]", "[{\"a\":1]", "[[]", "]"}) {
    EXPECT_NE(error_of(elements, bad).find("not JSON: "), std::string::npos) << bad;
  }
  for (const char* bad : {"", "[]", "{", "{1:2}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}",
                          "{\"a\":1 \"b\":2}", "{\"a\":1}x", "{\"\\x\":1}", "{a:1}", "{\"a\":"}) {
    EXPECT_NE(error_of(members, bad).find("not JSON: "), std::string::npos) << bad;
  }
  EXPECT_EQ(error_of(elements, "[1 2]"), "not JSON: ',' expected at byte 3");
}

// Blocks of 64 bytes are gone through at once: the same parts, wherever they lie in a block.
TEST(JsonScan, PartsAcrossBlocks) {
  const Parts parts = {R"({"a":"\"]\\","b":[{},[]]})", R"(["\\\"}",{"k":"\\"}])", R"([])",
                       R"(["\\\\","]",[["\u005d\""]]])",
                       R"({"text":")" + std::string(70, '\\') + "\"}"};
  for (size_t blanks = 0; blanks < 130; ++blanks) {
    std::string text = "[" + std::string(blanks, ' ');
    for (const std::string& part : parts) text += part + ",";
    text.back() = ']';
    ASSERT_EQ(elements(text), parts) << blanks;
    text = "[[" + std::string(blanks, ' ');
    ASSERT_NE(error_of(elements, text), "");
    ASSERT_NE(error_of(elements, text + "\"]]").find("'\"' expected"), std::string::npos);
  }
}

TEST(JsonScan, DepthOnBothSides) {
  const auto nested = [](size_t depth) {
    return "[" + std::string(depth, '[') + std::string(depth, ']') + "]";
  };
  EXPECT_EQ(elements(nested(512)).size(), 1u);
  EXPECT_NE(error_of(elements, nested(513)).find("nests deeper than 512 levels"),
            std::string::npos);
}

}  // namespace
}  // namespace kiln
