#include "model/function.h"

#include <gtest/gtest.h>

namespace kiln::model {
namespace {

ConfigPtr config(const std::string& version) {
  auto c = std::make_shared<FunctionConfig>();
  c->version = version;
  return c;
}

Function function() {
  Function f;
  f.latest = config("$LATEST");
  f.versions = {{1, config("1")}, {2, config("2")}};
  f.aliases["plain"] = {"plain", "1", std::nullopt, "", ""};
  f.aliases["weighted"] = {"weighted", "1", std::pair{"2", 0.25}, "", ""};
  f.aliases["newest"] = {"newest", "$LATEST", std::nullopt, "", ""};
  f.aliases["2024-01-02"] = {"2024-01-02", "2", std::nullopt, "", ""};
  return f;
}

std::string resolved(std::string_view qualifier, double roll = 0) {
  const auto found = resolve_qualifier(function(), qualifier, roll);
  return found ? found->version : "none";
}

TEST(ResolveQualifierTest, VersionsAndAliases) {
  EXPECT_EQ(resolved(""), "$LATEST");
  EXPECT_EQ(resolved("$LATEST"), "$LATEST");
  EXPECT_EQ(resolved("2"), "2");
  EXPECT_EQ(resolved("plain"), "1");
  EXPECT_EQ(resolved("newest"), "$LATEST");
  EXPECT_EQ(resolved("2024-01-02"), "2");
}

TEST(ResolveQualifierTest, WhatIsNotThere) {
  for (const char* qualifier :
       {"3", "nope", "$latest", "$LATEST.PUBLISHED", "99999999999999999999", "-1"}) {
    EXPECT_EQ(resolved(qualifier), "none") << qualifier;
  }
}

TEST(ResolveQualifierTest, TheWeightIsTheShareOfTheAdditionalVersion) {
  EXPECT_EQ(resolved("weighted", 0.0), "2");
  EXPECT_EQ(resolved("weighted", 0.2499), "2");
  EXPECT_EQ(resolved("weighted", 0.25), "1");
  EXPECT_EQ(resolved("weighted", 0.9999), "1");
}

// The engine keeps every registered function in memory: what few of them have takes a pointer.
TEST(FunctionTest, TakesUnderAKilobyteBeforeItsTexts) {
  EXPECT_LE(sizeof(Function) + sizeof(FunctionConfig), 900U);
}

TEST(FunctionArnTest, WithAndWithoutQualifier) {
  EXPECT_EQ(function_arn("eu-west-1", "111111111111", "f"),
            "arn:aws:lambda:eu-west-1:111111111111:function:f");
  EXPECT_EQ(function_arn("eu-west-1", "111111111111", "f", "$LATEST"),
            "arn:aws:lambda:eu-west-1:111111111111:function:f:$LATEST");
}

}  // namespace
}  // namespace kiln::model
