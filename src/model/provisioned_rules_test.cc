#include "model/provisioned_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::model {
namespace {

using ::testing::HasSubstr;

Function function_with_versions() {
  Function function;
  const auto version = [](const char* number) {
    auto config = std::make_shared<FunctionConfig>();
    config->name = "f";
    config->version = number;
    return config;
  };
  function.latest = version("$LATEST");
  function.versions = {{1, version("1")}, {2, version("2")}};
  function.aliases["live"] = {"live", "1", {}, "", ""};
  function.aliases["canary"] = {"canary", "1", {{"2", 0.1}}, "", ""};
  function.aliases["newest"] = {"newest", "$LATEST", {}, "", ""};
  return function;
}

std::string refusal(const Function& function, const std::string& qualifier, int units,
                    int claimed_by_others = 0) {
  const auto checked = check_provisioned(function, qualifier, units, {}, claimed_by_others);
  return checked ? "" : checked.error().message;
}

TEST(ProvisionedRules, UnpublishedAndWeightedQualifiersHaveNone) {
  const Function function = function_with_versions();
  for (const char* qualifier : {"", "$LATEST"})
    EXPECT_THAT(check_provisioned_qualifier(qualifier).error().message,
                HasSubstr("unpublished function versions"));
  EXPECT_TRUE(check_provisioned_qualifier("1").ok());
  EXPECT_THAT(refusal(function, "newest", 1), HasSubstr("unpublished function versions"));
  EXPECT_THAT(refusal(function, "canary", 1), HasSubstr("Alias with weights"));
  EXPECT_EQ(refusal(function, "live", 1), "");
}

TEST(ProvisionedRules, AVersionHasOneConfiguration) {
  Function function = function_with_versions();
  function.provisioned["1"] = {5, ""};
  EXPECT_EQ(refusal(function, "1", 9), "");  // its own
  EXPECT_EQ(refusal(function, "2", 9), "");
  EXPECT_THAT(refusal(function, "live", 9), HasSubstr("already Provisioned version"));
  function.provisioned = {{"live", {5, ""}}};
  EXPECT_THAT(refusal(function, "1", 9),
              HasSubstr("Version is pointed by a Provisioned Concurrency alias"));
}

TEST(ProvisionedRules, TheReserveIsTheLimitOnBothSides) {
  Function function = function_with_versions();
  function.reserved_concurrency = 10;
  function.provisioned["2"] = {4, ""};
  EXPECT_EQ(refusal(function, "1", 6), "");
  EXPECT_THAT(refusal(function, "1", 7), HasSubstr("greater than the reservedConcurrent"));
  EXPECT_EQ(claimed_by_configuration(function), 10);
  EXPECT_EQ(refusal(function, "1", 6, 990), "");  // the account has it already
}

TEST(ProvisionedRules, TheAccountsLimitOnBothSides) {
  Function function = function_with_versions();
  EXPECT_EQ(refusal(function, "1", 900), "");
  EXPECT_THAT(refusal(function, "1", 901), HasSubstr("below its minimum value of [100]"));
  EXPECT_THAT(refusal(function, "1", 1001), HasSubstr("unreserved concurrency [1000]"));
  EXPECT_EQ(refusal(function, "1", 300, 600), "");
  EXPECT_THAT(refusal(function, "1", 301, 600), HasSubstr("below its minimum"));
  function.provisioned = {{"1", {7, ""}}, {"2", {8, ""}}};
  EXPECT_EQ(claimed_by_configuration(function), 15);
}

}  // namespace
}  // namespace kiln::model
