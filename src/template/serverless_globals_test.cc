// Globals of SAM templates: how they are merged, left out, and limited.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sam_template.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Serverless, GlobalsAreMergedMemberByMember) {
  const std::string globals =
      "Globals:\n"
      "  Function:\n"
      "    Runtime: java21\n"
      "    Timeout: 3\n"
      "    CodeUri: ./all\n"
      "    Layers: [arn:one]\n"
      "    Environment: {Variables: {A: global, B: global}}\n"
      "    Tags: {team: shop}\n"
      "    VpcConfig: !If [Never, {SubnetIds: [a]}, !Ref AWS::NoValue]\n"
      "  Api: {Name: unused}\n"
      "Conditions: {Never: !Equals [a, b]}\n";
  const Template parsed =
      read(sam(function("      Timeout: 9\n"
                        "      Layers: [arn:two]\n"
                        "      Environment: {Variables: {B: own, C: own}}\n"
                        "      VpcConfig: {SubnetIds: [b]}\n") +
                   "  Plain: {Type: AWS::Lambda::Function, Properties: {Timeout: 1}}\n",
               globals));
  const json orders = properties(parsed, "Orders");
  EXPECT_EQ(orders["Runtime"], "provided.al2023");
  EXPECT_EQ(orders["Timeout"], 9);
  EXPECT_EQ(orders["Code"], "./all");
  EXPECT_EQ(orders["Layers"], json({"arn:one", "arn:two"}));
  EXPECT_EQ(orders["Environment"]["Variables"],
            json({{"A", "global"}, {"B", "own"}, {"C", "own"}}));
  EXPECT_EQ(orders["Tags"][1]["Key"], "team");
  EXPECT_EQ(orders["VpcConfig"], json({{"SubnetIds", {"b"}}}));
  EXPECT_EQ(properties(parsed, "Plain"), json({{"Timeout", 1}}));
}

TEST(ServerlessFunction, IgnoresTheGlobalsItNames) {
  const std::string globals = "Globals: {Function: {Timeout: 77, MemorySize: 1024}}\n";
  const auto orders = [&](const std::string& ignored) {
    return properties(
        read(sam(function(code_uri) + "    IgnoreGlobals: " + ignored + "\n", globals)), "Orders");
  };
  EXPECT_FALSE(orders("'*'").contains("Timeout"));
  EXPECT_FALSE(orders("[Timeout]").contains("Timeout"));
  EXPECT_EQ(orders("[Timeout]")["MemorySize"], 1024);
  EXPECT_THAT(
      problems(sam(function(code_uri) + "    IgnoreGlobals: [Layers]\n", globals)),
      ElementsAre(HasSubstr("invalid resource attribute 'IgnoreGlobals' on item 'Layers'")));
}

TEST(Serverless, GlobalsDoNotMultiply) {
  const auto text = [](int functions, int variables) {
    std::string globals = "Globals:\n  Function:\n    Environment:\n      Variables:\n";
    for (int i = 0; i < variables; ++i) globals += "        V" + std::to_string(i) + ": x\n";
    std::string resources;
    for (int i = 0; i < functions; ++i)
      resources += function(code_uri + "      Role: r\n", "F" + std::to_string(i));
    return sam(resources, globals);
  };
  EXPECT_THAT(problems(text(100, 1000)), IsEmpty());
  EXPECT_THAT(problems(text(100, 3000)),
              ElementsAre(HasSubstr("It is too large for 100 resources")));
  EXPECT_THAT(problems(text(501, 1)),
              testing::Contains(HasSubstr("is greater than maximum allowed, 500")));
}

}  // namespace
}  // namespace kiln::cfn
