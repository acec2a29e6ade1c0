#include "services/filter_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::services {
namespace {

using testing::AllOf;
using testing::HasSubstr;

struct Case {
  const char* pattern;
  const char* message;
  bool matches;
};

TEST(FilterPattern, Matching) {
  const Case cases[] = {
      {"", "anything", true},
      {"   ", "anything", true},
      {"ERROR", "[ERROR] disk full", true},
      {"ERROR", "error: disk full", false},
      {"ERROR disk", "[ERROR] disk full", true},
      {"disk ERROR", "[ERROR] disk full", true},
      {"ERROR tape", "[ERROR] disk full", false},
      {"\"disk full\"", "[ERROR] disk full", true},
      {"\"full disk\"", "[ERROR] disk full", false},
      {"ERROR -full", "[ERROR] disk full", false},
      {"ERROR -empty", "[ERROR] disk full", true},
      {"-\"disk full\"", "[ERROR] disk full", false},
      {"-\"disk empty\"", "[ERROR] disk full", true},
      {"a-b", "a-b", true},
      {R"("say \"hi\"")", R"(they say "hi" again)", true},
      {R"("back\\slash")", R"(back\slash)", true},
      {"\tREPORT\n", "REPORT RequestId: 1", true},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(std::string(c.pattern) + " on " + c.message);
    auto pattern = FilterPattern::parse(c.pattern);
    ASSERT_TRUE(pattern.ok()) << pattern.error().message;
    EXPECT_EQ(pattern->matches(c.message), c.matches);
  }
}

TEST(FilterPattern, WhatIsNotSupportedIsSaid) {
  for (const char* bad : {"{ $.level = \"ERROR\" }", "[a, b]", "%regex%", "?ERROR ?WARN", "\"open",
                          "-", "a - b", "\"\"", "\"a\"b", "a\"b\"", "\"trailing\\"}) {
    SCOPED_TRACE(bad);
    auto pattern = FilterPattern::parse(bad);
    ASSERT_FALSE(pattern.ok());
    EXPECT_EQ(pattern.error().type, "InvalidParameterException");
    EXPECT_THAT(pattern.error().message,
                AllOf(HasSubstr("Invalid filter pattern"), HasSubstr("quoted phrases")));
  }
}

TEST(FilterPattern, LengthLimit) {
  EXPECT_TRUE(FilterPattern::parse(std::string(1024, 'x')).ok());
  EXPECT_FALSE(FilterPattern::parse(std::string(1025, 'x')).ok());
}

}  // namespace
}  // namespace kiln::services
