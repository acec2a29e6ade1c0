#include "services/iam/operations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/state_doubles.h"

namespace kiln::services {
namespace {

using nlohmann::json;

constexpr const char* kTrust =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]})";
constexpr const char* kLogs =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"logs:*","Resource":"*"}]})";

class IamTest : public testing::Test {
 protected:
  json run(const std::string& operation, const json& input) {
    const auto out = IamOperations(book_, now_).run(operation, input);
    EXPECT_TRUE(out.ok()) << operation << ": " << out.error().message;
    return out ? *out : json();
  }
  Error refusal(const std::string& operation, const json& input) {
    const auto out = IamOperations(book_, now_).run(operation, input);
    EXPECT_FALSE(out.ok()) << operation;
    return out ? Error{} : out.error();
  }
  json create(const std::string& name) {
    return run("CreateRole", {{"RoleName", name}, {"AssumeRolePolicyDocument", kTrust}})["Role"];
  }

  const WallTime now_{std::chrono::seconds(1'700'000'000)};
  tests::MemoryState state_;
  IamBook book_{"000000000000", state_};
};

// What CreateRole, GetRole and ListRoles say is as AWS's recorded answers have it.
TEST_F(IamTest, ARoleIsGivenBackAsAwsDoes) {
  const json made = run("CreateRole", {{"RoleName", "orders"},
                                       {"Path", "/service/"},
                                       {"AssumeRolePolicyDocument", kTrust},
                                       {"Tags", {{{"Key", "test"}, {"Value", "value"}}}}})["Role"];
  EXPECT_EQ(made["Arn"], "arn:aws:iam::000000000000:role/service/orders");
  EXPECT_TRUE(made["RoleId"].get<std::string>().starts_with("AROA"));
  EXPECT_EQ(made["RoleId"].get<std::string>().size(), 21U);
  EXPECT_EQ(made["Tags"], (json{{{"Key", "test"}, {"Value", "value"}}}));
  EXPECT_FALSE(made.contains("MaxSessionDuration"));
  const json got = run("GetRole", {{"RoleName", "orders"}})["Role"];
  EXPECT_EQ(got["MaxSessionDuration"], 3600);
  EXPECT_EQ(got["RoleLastUsed"], json::object());
  EXPECT_EQ(got["RoleId"], made["RoleId"]);
  EXPECT_TRUE(got["AssumeRolePolicyDocument"].get<std::string>().starts_with("%7B%22Version%22"));
  const json listed = run("ListRoles", {{"PathPrefix", "/service/"}});
  EXPECT_EQ(listed["IsTruncated"], false);
  ASSERT_EQ(listed["Roles"].size(), 1U);
  EXPECT_FALSE(listed["Roles"][0].contains("Tags"));
  EXPECT_FALSE(listed["Roles"][0].contains("RoleLastUsed"));
  EXPECT_EQ(run("ListRoles", {{"PathPrefix", "/other/"}})["Roles"], json::array());
}

TEST_F(IamTest, WhatAwsRefusesIsRefusedInItsWords) {
  create("orders");
  const Error taken =
      refusal("CreateRole", {{"RoleName", "orders"}, {"AssumeRolePolicyDocument", kTrust}});
  EXPECT_EQ(taken.type, "EntityAlreadyExists");
  EXPECT_EQ(taken.kind, ErrorKind::kConflict);
  EXPECT_EQ(taken.message, "Role with name orders already exists.");
  const Error malformed =
      refusal("CreateRole", {{"RoleName", "x"}, {"AssumeRolePolicyDocument", "{\"a\""}});
  EXPECT_EQ(malformed.type, "MalformedPolicyDocument");
  EXPECT_EQ(malformed.message, "This policy contains invalid Json");
  const Error missing = refusal("GetRole", {{"RoleName", "nobody"}});
  EXPECT_EQ(missing.type, "NoSuchEntity");
  EXPECT_EQ(missing.kind, ErrorKind::kNotFound);
  EXPECT_EQ(missing.message, "The role with name nobody cannot be found.");
  EXPECT_EQ(
      refusal("AttachRolePolicy", {{"RoleName", "orders"}, {"PolicyArn", "nonsense"}}).message,
      "Invalid ARN:  Could not be parsed!");
  EXPECT_EQ(refusal("AttachRolePolicy",
                    {{"RoleName", "orders"}, {"PolicyArn", "arn:aws:iam::000000000000:policy/x"}})
                .message,
            "Policy arn:aws:iam::000000000000:policy/x does not exist or is not attachable.");
  EXPECT_EQ(
      refusal("DeletePolicy", {{"PolicyArn", "arn:aws:iam::000000000000:policy/none"}}).message,
      "Policy arn:aws:iam::000000000000:policy/none was not found.");
  EXPECT_EQ(refusal("CreateUser", {{"UserName", "u"}}).type, "InvalidAction");
  const json made = {{"RoleName", "x"}, {"AssumeRolePolicyDocument", kTrust}};
  const auto refused = [&](const char* member, const json& value) {
    json input = made;
    input[member] = value;
    return refusal("CreateRole", input).message;
  };
  EXPECT_EQ(refused("PermissionsBoundary", "nonsense"), "Invalid ARN:  Could not be parsed!");
  EXPECT_EQ(refusal("PutRolePermissionsBoundary",
                    {{"RoleName", "orders"}, {"PermissionsBoundary", "nonsense"}})
                .message,
            "Invalid ARN:  Could not be parsed!");
  EXPECT_EQ(refused("MaxSessionDuration", "3599"),
            "1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy "
            "constraint: Member must have value greater than or equal to 3600");
  EXPECT_THAT(refused("MaxSessionDuration", "43201"),
              testing::HasSubstr("Member must have value less than or equal to 43200"));
  EXPECT_THAT(refused("Description", std::string(1001, 'd')), testing::HasSubstr("Value 'ddd"));
}

TEST_F(IamTest, ARoleIsDeletedWhenItsPoliciesAre) {
  const std::string basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole";
  create("orders");
  run("PutRolePolicy", {{"RoleName", "orders"}, {"PolicyName", "logs"}, {"PolicyDocument", kLogs}});
  run("AttachRolePolicy", {{"RoleName", "orders"}, {"PolicyArn", basic}});
  run("AttachRolePolicy", {{"RoleName", "orders"}, {"PolicyArn", basic}});  // once is enough
  EXPECT_EQ(run("ListAttachedRolePolicies", {{"RoleName", "orders"}})["AttachedPolicies"],
            (json{{{"PolicyName", "AWSLambdaBasicExecutionRole"}, {"PolicyArn", basic}}}));
  EXPECT_EQ(run("ListRolePolicies", {{"RoleName", "orders"}})["PolicyNames"], (json{"logs"}));
  EXPECT_EQ(refusal("DeleteRole", {{"RoleName", "orders"}}).message,
            "Cannot delete entity, must detach all policies first.");
  run("DetachRolePolicy", {{"RoleName", "orders"}, {"PolicyArn", basic}});
  EXPECT_EQ(refusal("DeleteRole", {{"RoleName", "orders"}}).type, "DeleteConflict");
  run("DeleteRolePolicy", {{"RoleName", "orders"}, {"PolicyName", "logs"}});
  EXPECT_EQ(refusal("GetRolePolicy", {{"RoleName", "orders"}, {"PolicyName", "logs"}}).message,
            "The role policy with name logs cannot be found.");
  run("DeleteRole", {{"RoleName", "orders"}});
  EXPECT_TRUE(state_.documents.empty());
}

TEST_F(IamTest, AManagedPolicyHasVersions) {
  const json made =
      run("CreatePolicy", {{"PolicyName", "logs"}, {"PolicyDocument", kLogs}})["Policy"];
  const std::string arn = made["Arn"];
  EXPECT_EQ(arn, "arn:aws:iam::000000000000:policy/logs");
  EXPECT_EQ(made["AttachmentCount"], 0);
  EXPECT_EQ(made["DefaultVersionId"], "v1");
  EXPECT_EQ(made["PermissionsBoundaryUsageCount"], 0);
  EXPECT_EQ(refusal("CreatePolicy", {{"PolicyName", "logs"}, {"PolicyDocument", kLogs}}).type,
            "EntityAlreadyExists");
  for (int i = 0; i < 4; ++i)
    run("CreatePolicyVersion", {{"PolicyArn", arn},
                                {"PolicyDocument", kLogs},
                                {"SetAsDefault", i == 0 ? "true" : "false"}});
  EXPECT_EQ(refusal("CreatePolicyVersion", {{"PolicyArn", arn}, {"PolicyDocument", kLogs}}).type,
            "LimitExceeded");
  EXPECT_EQ(run("GetPolicy", {{"PolicyArn", arn}})["Policy"]["DefaultVersionId"], "v2");
  EXPECT_EQ(run("ListPolicyVersions", {{"PolicyArn", arn}})["Versions"].size(), 5U);
  EXPECT_EQ(refusal("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", "v2"}}).type,
            "DeleteConflict");
  EXPECT_EQ(refusal("DeletePolicy", {{"PolicyArn", arn}}).type, "DeleteConflict");
  for (const char* version : {"v1", "v3", "v4", "v5"})
    run("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", version}});
  create("orders");
  run("AttachRolePolicy", {{"RoleName", "orders"}, {"PolicyArn", arn}});
  EXPECT_EQ(run("ListEntitiesForPolicy", {{"PolicyArn", arn}})["PolicyRoles"][0]["RoleName"],
            "orders");
  EXPECT_EQ(refusal("DeletePolicy", {{"PolicyArn", arn}}).message,
            "Cannot delete a policy attached to entities.");
  run("DetachRolePolicy", {{"RoleName", "orders"}, {"PolicyArn", arn}});
  run("DeletePolicy", {{"PolicyArn", arn}});
  EXPECT_EQ(refusal("GetPolicy", {{"PolicyArn", arn}}).type, "NoSuchEntity");
}

TEST_F(IamTest, WhatIsKeptIsReadBack) {
  create("orders");
  run("PutRolePolicy", {{"RoleName", "orders"}, {"PolicyName", "logs"}, {"PolicyDocument", kLogs}});
  run("UpdateRole",
      {{"RoleName", "orders"}, {"Description", "of the shop"}, {"MaxSessionDuration", "7200"}});
  run("CreatePolicy", {{"PolicyName", "logs"}, {"PolicyDocument", kLogs}});
  IamBook again("000000000000", state_);
  for (const auto& [key, document] : state_.documents)
    EXPECT_TRUE(again.load(std::get<0>(key), document).ok());
  IamOperations operations(again, now_);
  for (const auto& [operation, input] : std::vector<std::pair<std::string, json>>{
           {"GetRole", {{"RoleName", "orders"}}},
           {"GetRolePolicy", {{"RoleName", "orders"}, {"PolicyName", "logs"}}},
           {"GetPolicyVersion",
            {{"PolicyArn", "arn:aws:iam::000000000000:policy/logs"}, {"VersionId", "v1"}}}})
    EXPECT_EQ(*operations.run(operation, input), run(operation, input)) << operation;
  EXPECT_FALSE(again.load(IamBook::kRoleKind, "{\"name\": 1}").ok());
}

TEST_F(IamTest, WhatCannotBeErasedStays) {
  create("orders");
  const json arn =
      run("CreatePolicy", {{"PolicyName", "logs"}, {"PolicyDocument", kLogs}})["Policy"]["Arn"];
  state_.full = true;
  EXPECT_EQ(refusal("DeleteRole", {{"RoleName", "orders"}}).message, "the disk is full");
  EXPECT_EQ(refusal("DeletePolicy", {{"PolicyArn", arn}}).message, "the disk is full");
  EXPECT_EQ(run("GetRole", {{"RoleName", "orders"}})["Role"]["RoleName"], "orders");
  EXPECT_EQ(run("GetPolicy", {{"PolicyArn", arn}})["Policy"]["Arn"], arn);
}

TEST_F(IamTest, ListsComeInPages) {
  for (int i = 0; i < 5; ++i) create("role-" + std::to_string(i));
  const json first = run("ListRoles", {{"MaxItems", "2"}});
  EXPECT_EQ(first["IsTruncated"], true);
  const json second = run("ListRoles", {{"MaxItems", "3"}, {"Marker", first["Marker"]}});
  EXPECT_EQ(second["IsTruncated"], false);
  EXPECT_EQ(second["Roles"][0]["RoleName"], "role-2");
  EXPECT_EQ(refusal("ListRoles", {{"Marker", "x"}}).type, "ValidationError");
  // Who deletes all that he is shown sees the rest.
  for (const json& shown : first["Roles"]) run("DeleteRole", {{"RoleName", shown["RoleName"]}});
  EXPECT_EQ(run("ListRoles", {{"MaxItems", "3"}, {"Marker", first["Marker"]}}), second);
  EXPECT_EQ(refusal("ListRoles", {{"MaxItems", "0"}}).type, "ValidationError");
}

TEST_F(IamTest, WhoDeletesPageByPageLeavesNoVersion) {
  const json arn =
      run("CreatePolicy", {{"PolicyName", "p"}, {"PolicyDocument", kLogs}})["Policy"]["Arn"];
  const auto add = [&](bool becomes_default) {
    run("CreatePolicyVersion",
        {{"PolicyArn", arn}, {"PolicyDocument", kLogs}, {"SetAsDefault", becomes_default}});
  };
  const auto remove = [&](const json& version) {
    run("DeletePolicyVersion", {{"PolicyArn", arn}, {"VersionId", version}});
  };
  // Up to v10 beside v9: these numbers are not in the order of their texts.
  for (int i = 2; i <= 10; ++i) {
    add(false);
    if (i <= 6) remove("v" + std::to_string(i));
  }
  std::vector<std::string> seen;
  json input = {{"PolicyArn", arn}, {"MaxItems", "2"}};
  for (json page = json::object(); page.value("IsTruncated", true);
       input["Marker"] = page.value("Marker", "")) {
    page = run("ListPolicyVersions", input);
    for (const json& version : page["Versions"]) {
      seen.push_back(version["VersionId"]);
      if (!version["IsDefaultVersion"]) remove(version["VersionId"]);
    }
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"v10", "v9", "v8", "v7", "v1"}));
}

TEST_F(IamTest, WhoDetachesPageByPageLeavesNoPolicy) {
  create("r");
  // In another order than that of their names.
  for (const char* name : {"e", "a", "d", "b", "c"})
    run("AttachRolePolicy",
        {{"RoleName", "r"}, {"PolicyArn", std::string("arn:aws:iam::aws:policy/") + name}});
  std::string seen;
  json input = {{"RoleName", "r"}, {"MaxItems", "2"}};
  for (json page = json::object(); page.value("IsTruncated", true);
       input["Marker"] = page.value("Marker", "")) {
    page = run("ListAttachedRolePolicies", input);
    for (const json& policy : page["AttachedPolicies"]) {
      seen += policy["PolicyName"].get<std::string>();
      run("DetachRolePolicy", {{"RoleName", "r"}, {"PolicyArn", policy["PolicyArn"]}});
    }
  }
  EXPECT_EQ(seen, "abcde");
}

TEST_F(IamTest, NamesAndTagsHaveLimits) {
  const auto with_name = [](const std::string& name) {
    return json{{"RoleName", name}, {"AssumeRolePolicyDocument", kTrust}};
  };
  EXPECT_EQ(refusal("CreateRole", with_name("")).type, "ValidationError");
  EXPECT_EQ(refusal("CreateRole", with_name(std::string(65, 'a'))).type, "ValidationError");
  EXPECT_EQ(refusal("CreateRole", with_name("a b")).type, "ValidationError");
  create(std::string(64, 'a'));
  for (const char* key : {"aws:mine", "AWS:mine"})
    EXPECT_EQ(refusal("TagRole", {{"RoleName", std::string(64, 'a')},
                                  {"Tags", {{{"Key", key}, {"Value", ""}}}}})
                  .type,
              "InvalidInput");
  json tags = json::array();
  for (int i = 0; i < 51; ++i) tags.push_back({{"Key", std::to_string(i)}, {"Value", ""}});
  EXPECT_EQ(refusal("TagRole", {{"RoleName", std::string(64, 'a')}, {"Tags", tags}}).type,
            "LimitExceeded");
}

TEST_F(IamTest, KeysOfTagsThatDifferInCaseAreOne) {
  create("r");
  const auto tags_of = [&] { return run("ListRoleTags", {{"RoleName", "r"}})["Tags"]; };
  const auto tag = [](const char* key, const char* value) {
    return json{{"Key", key}, {"Value", value}};
  };
  const Error twice =
      refusal("TagRole", {{"RoleName", "r"}, {"Tags", {tag("Team", "a"), tag("team", "b")}}});
  EXPECT_EQ(twice.type, "InvalidInput");
  EXPECT_EQ(twice.message,
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  run("TagRole", {{"RoleName", "r"}, {"Tags", {tag("Team", "a"), tag("Stage", "test")}}});
  run("TagRole", {{"RoleName", "r"}, {"Tags", json::array({tag("team", "b")})}});
  EXPECT_EQ(tags_of(), (json{tag("Stage", "test"), tag("team", "b")}));
  run("UntagRole", {{"RoleName", "r"}, {"TagKeys", {"TEAM"}}});
  EXPECT_EQ(tags_of(), json::array({tag("Stage", "test")}));
}

}  // namespace
}  // namespace kiln::services
