// Settings with an operation of their own, and other small answers, as AWS recorded them.
#include <gmock/gmock.h>

#include "tests/support/lambda_api.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using testing::HasSubstr;

using LambdaSettingsTest = LambdaApiTest;

TEST_F(LambdaSettingsTest, NoFunctionHasCodeSigning) {
  create("f");
  const std::string path = "/2020-06-30/functions/f/code-signing-config";
  EXPECT_EQ(call("GET", path).body, json({{"FunctionName", "f"}}));
  const std::string arn =
      "arn:aws:lambda:us-east-1:111111111111:code-signing-config:csc-0123456789abcdef0";
  const Answer put = call("PUT", path, {{"CodeSigningConfigArn", arn}});
  EXPECT_EQ(put.status, 404u);
  EXPECT_EQ(put.message,
            "The code signing configuration cannot be found. Check that the provided configuration "
            "is not deleted: " +
                arn + ".");
  EXPECT_EQ(call("PUT", path, {{"CodeSigningConfigArn", arn + "x"}}).type, "ValidationException");
  EXPECT_EQ(call("DELETE", path).status, 204u);
  EXPECT_EQ(call("GET", "/2020-06-30/functions/g/code-signing-config").status, 404u);
}

TEST_F(LambdaSettingsTest, RecursionIsKept) {
  create("f");
  const std::string path = "/2024-08-31/functions/f/recursion-config";
  EXPECT_EQ(call("GET", path).body, json({{"RecursiveLoop", "Terminate"}}));
  EXPECT_EQ(call("PUT", path, {{"RecursiveLoop", "Terminate"}}).body,
            json({{"RecursiveLoop", "Terminate"}}));
  EXPECT_EQ(call("PUT", path, {{"RecursiveLoop", "Allow"}}).body,
            json({{"RecursiveLoop", "Allow"}}));
  reopen();
  EXPECT_EQ(call("GET", path).body, json({{"RecursiveLoop", "Allow"}}));
  EXPECT_THAT(call("PUT", path, {{"RecursiveLoop", "allow"}}).message,
              HasSubstr("Value 'allow' at 'recursiveLoop'"));
  EXPECT_THAT(call("PUT", path).message, HasSubstr("Value null at 'recursiveLoop'"));
}

TEST_F(LambdaSettingsTest, RuntimesAreUpdatedByThemselves) {
  create("f");
  const std::string path = "/2021-07-20/functions/f/runtime-management-config";
  const json automatic = {{"UpdateRuntimeOn", "Auto"}, {"FunctionArn", kArn + "f"}};
  EXPECT_EQ(call("GET", path).body, automatic);
  EXPECT_EQ(call("PUT", path, {{"UpdateRuntimeOn", "Auto"}}).body, automatic);
  EXPECT_THAT(call("PUT", path,
                   {{"UpdateRuntimeOn", "Manual"}, {"RuntimeVersionArn", std::string(26, 'a')}})
                  .message,
              HasSubstr("Kiln"));
  EXPECT_THAT(call("PUT", path, {{"UpdateRuntimeOn", "Never"}}).message,
              HasSubstr("Value 'Never' at 'updateRuntimeOn'"));
  EXPECT_EQ(call("GET", path + "?Qualifier=7").status, 404u);
}

TEST_F(LambdaSettingsTest, ConcurrencyIsTheWholeFunctions) {
  create("f");
  const json two = {{"ReservedConcurrentExecutions", 2}};
  for (const char* name : {"f:$LATEST", "f%3A%24LATEST"})
    EXPECT_EQ(
        call("PUT", "/2017-10-31/functions/" + std::string(name) + "/concurrency", two).message,
        "This operation is permitted on Lambda functions only. Aliases and versions do not "
        "support this operation. Please specify either a function name or an unqualified "
        "function ARN.")
        << name;
}

TEST_F(LambdaSettingsTest, AnEmptyEventConfigIsRefusedBeforeTheFunctionIsLookedFor) {
  expect_invalid(call("PUT", "/2019-09-25/functions/nobody/event-invoke-config"),
                 "You must specify at least one of error handling or destination setting.");
  EXPECT_EQ(
      call("PUT", "/2019-09-25/functions/nobody/event-invoke-config", {{"MaximumRetryAttempts", 1}})
          .status,
      404u);
}

TEST_F(LambdaSettingsTest, AnEnvironmentWithoutVariablesIsGivenBack) {
  const json none = {{"Variables", json::object()}};
  EXPECT_EQ(create("f", {{"Environment", none}}).body["Environment"], none);
  EXPECT_FALSE(create("g").body.contains("Environment"));
  reopen();
  EXPECT_EQ(get("f").body["Configuration"]["Environment"], none);
  EXPECT_EQ(publish("f").body["Environment"], none);
  EXPECT_FALSE(get("g").body["Configuration"].contains("Environment"));
  EXPECT_EQ(update("g", {{"Environment", none}}).body["Environment"], none);
}

TEST_F(LambdaSettingsTest, VpcIsRefusedUnlessItIsAccepted) {
  const json vpc = {{"VpcConfig", {{"SubnetIds", {"subnet-1"}}, {"SecurityGroupIds", {"sg-1"}}}}};
  const json mount = {{"FileSystemConfigs",
                       {{{"Arn", "arn:aws:elasticfilesystem:us-east-1:1:access-point/a"},
                         {"LocalMountPath", "/mnt/a"}}}}};
  for (const json& more : {vpc, mount}) {
    const Answer refused = create("f", more);
    EXPECT_EQ(refused.type, "InvalidParameterValueException");
    EXPECT_THAT(refused.message, HasSubstr("--accept-vpc"));
  }
  // An id that is none is told of first.
  const json wrong = {{"VpcConfig", {{"SubnetIds", {"subnet-1"}}, {"SecurityGroupIds", {"bad"}}}}};
  expect_error(create("f", wrong), 400, "ValidationException",
               "1 validation error detected: Value '[bad]' at 'vpcConfig.securityGroupIds' failed "
               "to satisfy constraint: Member must satisfy constraint: [Member must have length "
               "less than or equal to 1024, Member must have length greater than or equal to 0, "
               "Member must satisfy regular expression pattern: sg-[0-9a-zA-Z]*]");
}

// The answers are those that were recorded, but for the id of the VPC, which only AWS knows.
TEST_F(LambdaSettingsTest, AnAcceptedVpcIsRecordedAndGivenBack) {
  vpc_ = VpcPolicy::kRecord;
  const auto vpc = [](const json& subnets, const json& groups) {
    return json{{"VpcConfig", {{"SubnetIds", subnets}, {"SecurityGroupIds", groups}}}};
  };
  json created = create("f", vpc({"subnet-1"}, {"sg-1"})).body["VpcConfig"];
  EXPECT_THAT(note_, HasSubstr("VpcConfig of f is recorded without effect"));
  EXPECT_THAT(created["VpcId"].get<std::string>(), testing::MatchesRegex("vpc-[0-9a-f]{17}"));
  created.erase("VpcId");
  EXPECT_EQ(created, json({{"Ipv6AllowedForDualStack", false},
                           {"SecurityGroupIds", {"sg-1"}},
                           {"SubnetIds", {"subnet-1"}}}));
  EXPECT_EQ(update("f", vpc({"subnet-2"}, {"sg-2"})).body["VpcConfig"]["SubnetIds"],
            json({"subnet-2"}));
  update("f", {{"Description", "d"}});
  EXPECT_EQ(note_, "");
  reopen();
  EXPECT_EQ(get("f").body["Configuration"]["VpcConfig"]["SecurityGroupIds"], json({"sg-2"}));
  EXPECT_EQ(update("f", vpc(json::array(), json::array())).body["VpcConfig"],
            json({{"Ipv6AllowedForDualStack", false},
                  {"SecurityGroupIds", json::array()},
                  {"SubnetIds", json::array()},
                  {"VpcId", ""}}));
  EXPECT_EQ(note_, "");
  EXPECT_FALSE(create("g").body.contains("VpcConfig"));
  EXPECT_FALSE(create("h", vpc(json::array(), json::array())).body.contains("VpcConfig"));

  const std::string limits =
      "failed to satisfy constraint: Member must satisfy constraint: [Member must have length less "
      "than or equal to 1024, Member must have length greater than or equal to 0, Member must "
      "satisfy regular expression pattern: ";
  EXPECT_EQ(create("i", vpc({"bad-id"}, {"sg-1"})).message,
            "1 validation error detected: Value '[bad-id]' at 'vpcConfig.subnetIds' " + limits +
                "subnet-[0-9a-z]*]");
  EXPECT_EQ(create("i", vpc({"subnet-1"}, {"bad-id"})).message,
            "1 validation error detected: Value '[bad-id]' at 'vpcConfig.securityGroupIds' " +
                limits + "sg-[0-9a-zA-Z]*]");
}

TEST_F(LambdaSettingsTest, AcceptedFileSystemsAreRecordedAndGivenBack) {
  vpc_ = VpcPolicy::kRecord;
  const json mount = {{{"Arn", "arn:aws:elasticfilesystem:us-east-1:1:access-point/a"},
                       {"LocalMountPath", "/mnt/a"}}};
  EXPECT_EQ(create("f", {{"FileSystemConfigs", mount}}).body["FileSystemConfigs"], mount);
  EXPECT_THAT(note_, HasSubstr("FileSystemConfigs of f is recorded without effect"));
  reopen();
  EXPECT_EQ(get("f").body["Configuration"]["FileSystemConfigs"], mount);
  EXPECT_FALSE(
      update("f", {{"FileSystemConfigs", json::array()}}).body.contains("FileSystemConfigs"));
  json two = mount;
  two.push_back(mount[0]);
  EXPECT_THAT(create("g", {{"FileSystemConfigs", two}}).message, HasSubstr("at most 1"));
  EXPECT_THAT(create("g", {{"FileSystemConfigs", {{{"Arn", "a"}}}}}).message,
              HasSubstr("LocalMountPath"));
}

TEST_F(LambdaSettingsTest, FiltersOfLayersAreChecked) {
  EXPECT_THAT(call("GET", "/2018-10-31/layers?CompatibleRuntime=python2.8").message,
              HasSubstr("Value 'python2.8' at 'compatibleRuntime' failed to satisfy constraint: "
                        "Member must satisfy enum value set: [ruby3.5, "));
  EXPECT_THAT(call("GET", "/2018-10-31/layers/l/versions?CompatibleArchitecture=mips").message,
              HasSubstr("Member must satisfy enum value set: [x86_64, arm64]"));
  EXPECT_EQ(call("GET", "/2018-10-31/layers?CompatibleRuntime=python3.12").status, 200u);
}

}  // namespace
}  // namespace kiln::services
