// What is refused in a plan, what is left out when asked, and dynamic references.
#include "stack/leave_out.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stack/dynamic_reference.h"
#include "stack/skipped_type.h"

namespace kiln::stack {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAccount = "000000000000";

const ResourceType& function() { return *find_resource_type("AWS::Lambda::Function"); }

json plain() {
  return {{"Runtime", "python3.12"}, {"Handler", "a.b"}, {"Code", {{"ZipFile", "x"}}}};
}

TEST(CheckHoldable, RefusesWhatADeploymentWouldRefuse) {
  EXPECT_TRUE(check_holdable(function(), kAccount, plain()).ok());
  const std::pair<json, const char*> cases[] = {
      {{{"Runtime", "java21"}}, "Runtime java21 is not here; there are python3.x, "},
      {{{"Runtime", "python3.7"}}, "Runtime python3.7 is not here; the nearest is python3.14"},
      {{{"PackageType", "Image"}}, "PackageType Image needs a container runtime"},
      {{{"Code", "./target/orders.jar"}}, "Code is a local path"},
      {{{"VpcConfig", {{"SubnetIds", {"subnet-1"}}}}}, "Kiln has no VpcConfig"},
      {{{"SnapStart", {{"ApplyOn", "PublishedVersions"}}}, {"Runtime", "nodejs20.x"}},
       "Kiln has no SnapStart"},
      {{{"FileSystemConfigs", {{{"Arn", "a"}}}}}, "Kiln has no FileSystemConfigs"},
      {{{"RuntimeManagementConfig", {{"UpdateRuntimeOn", "FunctionUpdate"}}}},
       "Kiln has no RuntimeManagementConfig"},
      {{{"Layers", {"arn:aws:lambda:us-east-1:580247275435:layer:Insights:14"}}},
       "belongs to another account than 000000000000"},
  };
  for (const auto& [more, message] : cases) {
    json properties = plain();
    properties.update(more);
    const auto checked = check_holdable(function(), kAccount, properties);
    ASSERT_FALSE(checked.ok()) << message;
    EXPECT_THAT(checked.error().message, HasSubstr(message));
  }
  for (const json& fine : {json{{"VpcConfig", {{"SubnetIds", json::array()}}}},
                           json{{"SnapStart", {{"ApplyOn", "None"}}}},
                           json{{"SnapStart", {{"ApplyOn", "PublishedVersions"}}}},
                           json{{"Layers", {"arn:aws:lambda:us-east-1:000000000000:layer:a:1"}}},
                           json{{"Runtime", "provided.al2023"}}}) {
    json properties = plain();
    properties.update(fine);
    EXPECT_TRUE(check_holdable(function(), kAccount, properties).ok()) << fine;
  }
}

TEST(LeaveOut, VpcIsRecordedWhereKilnIsToldSo) {
  json properties = plain();
  properties["VpcConfig"] = {{"SubnetIds", {"subnet-1"}}, {"SecurityGroupIds", {"sg-1"}}};
  properties["FileSystemConfigs"] = {{{"Arn", "a"}, {"LocalMountPath", "/mnt/a"}}};
  EXPECT_FALSE(check_holdable(function(), kAccount, properties).ok());
  EXPECT_TRUE(check_holdable(function(), kAccount, properties, VpcPolicy::kRecord).ok());
  json kept = properties;
  EXPECT_THAT(leave_out(function(), kAccount, kept, VpcPolicy::kRecord).parts, IsEmpty());
  EXPECT_EQ(kept, properties);
}

TEST(LeaveOut, PartsOfAFunction) {
  json properties = plain();
  properties["VpcConfig"] = {{"SubnetIds", {"subnet-1"}}};
  properties["DeadLetterConfig"] = {{"TargetArn", skipped_value("Queue", "Arn")}};
  properties["Layers"] = {"arn:aws:lambda:us-east-1:580247275435:layer:Insights:14",
                          skipped_value("Layer", ""),
                          "arn:aws:lambda:us-east-1:000000000000:layer:own:1"};
  properties["Environment"] = {{"Variables", {{"TABLE", skipped_value("Table", "")}}}};
  const LeftOut left = leave_out(function(), kAccount, properties);
  EXPECT_FALSE(left.whole);
  EXPECT_THAT(left.parts,
              ElementsAre(HasSubstr("VpcConfig"), HasSubstr("the layer arn:aws:lambda"),
                          "DeadLetterConfig (of Queue.Arn)", "entries of Layers (of Layer)"));
  EXPECT_FALSE(properties.contains("VpcConfig"));
  EXPECT_FALSE(properties.contains("DeadLetterConfig"));
  EXPECT_EQ(properties["Layers"], json({"arn:aws:lambda:us-east-1:000000000000:layer:own:1"}));
  write_out_skipped(properties);
  EXPECT_EQ(properties["Environment"]["Variables"]["TABLE"], "skipped-Table");
}

TEST(LeaveOut, AResourceThatIsNothingWithoutWhatIsNotThere) {
  json permission = {{"Action", "lambda:InvokeFunction"},
                     {"FunctionName", skipped_value("Java", "")},
                     {"Principal", "sns.amazonaws.com"}};
  EXPECT_EQ(leave_out(*find_resource_type("AWS::Lambda::Permission"), kAccount, permission).whole,
            "FunctionName is (of Java)");
  json subscription = {{"Protocol", "sqs"},
                       {"TopicArn", "arn:aws:sns:us-east-1:000000000000:t"},
                       {"Endpoint", skipped_value("Queue", "Arn")}};
  EXPECT_TRUE(
      leave_out(*find_resource_type("AWS::SNS::Subscription"), kAccount, subscription).whole);
  json java = plain();
  java["Runtime"] = "java21";
  EXPECT_THAT(*leave_out(function(), kAccount, java).whole,
              HasSubstr("Runtime java21 is not here"));
}

TEST(LeaveOut, WhatOtherTypesDoNotHave) {
  json group = {{"LogGroupName", "g"}, {"KmsKeyId", "k"}};
  EXPECT_THAT(leave_out(*find_resource_type("AWS::Logs::LogGroup"), kAccount, group).parts,
              ElementsAre("KmsKeyId (which AWS::Logs::LogGroup does not have here)"));
  EXPECT_EQ(group, json({{"LogGroupName", "g"}}));
  json target = {{"ServiceNamespace", "dynamodb"}};
  EXPECT_THAT(*leave_out(*find_resource_type("AWS::ApplicationAutoScaling::ScalableTarget"),
                         kAccount, target)
                   .whole,
              "scaling of dynamodb is not here, that of lambda is");
  const ResourceType& policy = *find_resource_type("AWS::ApplicationAutoScaling::ScalingPolicy");
  EXPECT_THAT(*leave_out(policy, kAccount, target).whole,
              "scaling of dynamodb is not here, that of lambda is");
  json of_target = {{"PolicyName", "p"}, {"ScalingTargetId", skipped_value("Target", "")}};
  EXPECT_EQ(leave_out(policy, kAccount, of_target).whole, "its ScalingTargetId is (of Target)");
}

TEST(SkippedValue, IsWrittenOutByWhatIsAskedOfIt) {
  json value = {{"a", skipped_value("Q", "Arn")},
                {"b", "https://" + skipped_value("Api", "").get<std::string>() + ".example"},
                {"c", skipped_value("Q", "QueueName")}};
  EXPECT_EQ(skipped_names(value), "Api, Q.Arn, Q.QueueName");
  write_out_skipped(value);
  EXPECT_EQ(value, json({{"a", "arn:aws:skipped:::Q"},
                         {"b", "https://skipped-Api.example"},
                         {"c", "skipped-Q-QueueName"}}));
}

TEST(DynamicReference, ByService) {
  const cfn::SsmLookup lookup = [](const std::string& name) -> std::optional<cfn::SsmParameter> {
    if (name == "/app/db" || name == "/app/db:2")
      return cfn::SsmParameter{"String", "value of " + name};
    if (name.starts_with("/app/secret")) return cfn::SsmParameter{"SecureString", "hush"};
    return std::nullopt;
  };
  const auto refuse = Wish::Unsupported::kRefuse, skip = Wish::Unsupported::kSkip;
  EXPECT_EQ(*resolve_dynamic("ssm", "/app/db", refuse, lookup), "value of /app/db");
  EXPECT_EQ(*resolve_dynamic("ssm", "/app/db:2", refuse, lookup), "value of /app/db:2");
  EXPECT_EQ(resolve_dynamic("ssm", "/none", refuse, lookup).error().message,
            "Parameters: [ssm:/none] cannot be found.");
  EXPECT_THAT(resolve_dynamic("secretsmanager", "s:SecretString:p", refuse, lookup).error().message,
              HasSubstr("Secrets Manager is not here"));
  EXPECT_EQ(resolve_dynamic("ssm", "/app/secret:1", refuse, lookup).error().message,
            "Non-secure ssm prefix was used for secure parameter /app/secret");
  EXPECT_EQ(resolve_dynamic("ssm", "/app/db:prod", refuse, lookup).error().message,
            "Incorrect format is used in the following SSM reference: "
            "[{{resolve:ssm:/app/db:prod}}]");
  EXPECT_EQ(resolve_dynamic("ssm-secure", "/app/secret:prod", refuse, lookup).error().message,
            "Incorrect format is used in the following SSM reference: "
            "[{{resolve:ssm-secure:/app/secret:prod}}]");
  EXPECT_EQ(*resolve_dynamic("secretsmanager", "s", skip, lookup), "skipped-secretsmanager");
  EXPECT_FALSE(resolve_dynamic("vault", "s", skip, lookup).ok());
}

TEST(DynamicReference, ParametersOfAwsItself) {
  const cfn::SsmLookup stored = [](const std::string& name) -> std::optional<cfn::SsmParameter> {
    if (name != "/aws/service/ami/kept") return std::nullopt;
    return cfn::SsmParameter{"String", "ami-1"};
  };
  const auto all = with_aws_parameters(stored, Wish::Unsupported::kSkip);
  EXPECT_EQ(all("/aws/service/ami/kept")->value, "ami-1");
  EXPECT_EQ(all("/aws/service/ami/al2")->value, "skipped-al2");
  EXPECT_FALSE(all("/mine/al2"));
  EXPECT_EQ(all("/aws/service/ami/al2:3")->value, "skipped-al2") << "of a version";
  // It does for a list, too.
  const auto reading = cfn::read_template(R"(
Parameters:
  Zones: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /aws/service/zones}
  Image: {Type: 'AWS::SSM::Parameter::Value<String>', Default: '/aws/service/ami/al2:3'}
Resources: {T: {Type: AWS::SNS::Topic}}
)");
  ASSERT_TRUE(reading.ok());
  const auto values = cfn::resolve_parameters(*reading.parsed, {}, all);
  ASSERT_TRUE(values.ok()) << values.error().message;
  EXPECT_EQ(values->at("Zones"), json::array({"skipped-zones"}));
  EXPECT_EQ(values->at("Image"), "skipped-al2");
  EXPECT_EQ(with_aws_parameters({}, Wish::Unsupported::kSkip)("/aws/service/a")->value,
            "skipped-a");
  EXPECT_FALSE(with_aws_parameters(stored, Wish::Unsupported::kRefuse)("/aws/service/ami/al2"));
}

TEST(SecureReferences, AreNamedByTheirProperty) {
  const auto reading = cfn::read_template(R"(
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Role: r
      Environment:
        Variables:
          API_KEY: '{{resolve:ssm-secure:MyApiKey:1}}'
          DB: !Sub 'postgres://u:{{resolve:ssm-secure:/db:2}}@${AWS::Region}'
          OPEN: '{{resolve:ssm:/open}}'
)");
  ASSERT_TRUE(reading.ok());
  EXPECT_THAT(secure_references(*reading.parsed->resource("F")),
              ElementsAre("AWS::Lambda::Function/Properties/Environment/Variables/API_KEY",
                          "AWS::Lambda::Function/Properties/Environment/Variables/DB"));
}

}  // namespace
}  // namespace kiln::stack
