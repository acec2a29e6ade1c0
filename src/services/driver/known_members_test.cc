#include "services/driver/known_members.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr OperationMembers kTable[] = {
    {"CreateTopic", "Name Attributes Tags{Key Value} Policy~ Deep{A{B{C} D~} E}"},
    {"ListTopics", ""},
};

std::string unknown(const char* operation, const json& input) {
  return unknown_member(kTable, operation, input).value_or("");
}

TEST(KnownMembers, WhatIsKnownPasses) {
  EXPECT_EQ(unknown("CreateTopic", json::object()), "");
  EXPECT_EQ(unknown("CreateTopic", {{"Name", "a"}, {"Attributes", {{"any", {{"thing", 1}}}}}}), "");
  EXPECT_EQ(unknown("CreateTopic", {{"Policy", "x"}, {"Tags", {{{"Key", "a"}, {"Value", "b"}}}}}),
            "");
  EXPECT_EQ(unknown("CreateTopic", {{"Deep", {{"A", {{"B", {{"C", 1}}}, {"D", 2}}}, {"E", 3}}}}),
            "");
  EXPECT_EQ(unknown("ListTopics", json::object()), "");
}

TEST(KnownMembers, WhatIsNotIsNamedWithItsPath) {
  EXPECT_EQ(unknown("ListTopics", {{"NextToken", "a"}}), "NextToken");
  EXPECT_EQ(unknown("CreateTopic", {{"Names", "a"}}), "Names");
  EXPECT_EQ(unknown("CreateTopic", {{"Nam", "a"}}), "Nam");
  EXPECT_EQ(unknown("CreateTopic", {{"Tags", {{{"Key", "a"}}, {{"Colour", "b"}}}}}),
            "Tags[1].Colour");
  EXPECT_EQ(unknown("CreateTopic", {{"Deep", {{"A", {{"C", 1}}}}}}), "Deep.A.C");
  EXPECT_EQ(unknown("CreateTopic", {{"Deep", {{"A", {{"B", {{"E", 1}}}}}}}}), "Deep.A.B.E");
}

TEST(KnownMembers, OtherShapesAndNullsAreForTheReader) {
  EXPECT_EQ(unknown("CreateTopic", {{"Tags", "text"}, {"Deep", 7}, {"Unknown", nullptr}}), "");
  EXPECT_EQ(unknown("CreateTopic", json("text")), "");
}

TEST(KnownMembers, AnOperationWithoutARowHasNoRule) {
  EXPECT_EQ(unknown("DeleteTopic", {{"Anything", 1}}), "");
}

TEST(KnownMembers, TheErrorNamesMemberAndOperation) {
  const auto refused = check_members(kTable, "CreateTopic", {{"Colour", 1}}, "InvalidParameter");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().type, "InvalidParameter");
  EXPECT_NE(refused.error().message.find("CreateTopic has no member Colour"), std::string::npos);
  EXPECT_TRUE(check_members(kTable, "CreateTopic", {{"Name", "a"}}, "InvalidParameter").ok());
}

TEST(KnownMembers, ParametersOfSignatures) {
  for (const char* name : {"X-Amz-Signature", "AWSAccessKeyId", "Timestamp"})
    EXPECT_TRUE(is_of_signature(name)) << name;
  EXPECT_FALSE(is_of_signature("Name"));
}

}  // namespace
}  // namespace kiln::services
