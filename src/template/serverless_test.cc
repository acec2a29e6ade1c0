// What SAM templates become, and what is wrong with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sam_template.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ServerlessFunction, BecomesAFunctionAndARole) {
  const Template parsed =
      read(sam(function(code_uri + "      MemorySize: 256\n"
                                   "      Timeout: 10\n"
                                   "      ReservedConcurrentExecutions: 5\n"
                                   "      EphemeralStorage: {Size: 1024}\n"
                                   "      Architectures: [arm64]\n"
                                   "      Layers: [!Ref AWS::StackId]\n"
                                   "      Environment: {Variables: {TABLE: orders}}\n"
                                   "      Tracing: Active\n"
                                   "      Tags: {team: shop}\n"
                                   "      DeadLetterQueue:\n"
                                   "        Type: SNS\n"
                                   "        TargetArn: arn:aws:sns:us-east-1:1:dead\n")));
  EXPECT_THAT(types(parsed), ElementsAre("Orders Lambda::Function", "OrdersRole IAM::Role"));
  EXPECT_EQ(properties(parsed, "Orders"), json::parse(R"({
    "Handler": "bootstrap", "Runtime": "provided.al2023", "MemorySize": 256, "Timeout": 10,
    "ReservedConcurrentExecutions": 5, "EphemeralStorage": {"Size": 1024},
    "Architectures": ["arm64"], "Layers": [{"Ref": "AWS::StackId"}],
    "Environment": {"Variables": {"TABLE": "orders"}}, "TracingConfig": {"Mode": "Active"},
    "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"}, {"Key": "team", "Value": "shop"}],
    "Code": {"S3Bucket": "code", "S3Key": "orders.zip"},
    "DeadLetterConfig": {"TargetArn": "arn:aws:sns:us-east-1:1:dead"},
    "Role": {"Fn::GetAtt": ["OrdersRole", "Arn"]}})"));
  const json role = properties(parsed, "OrdersRole");
  EXPECT_EQ(role["ManagedPolicyArns"],
            json({"arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
                  "arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess"}));
  EXPECT_EQ(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"][0],
            "lambda.amazonaws.com");
  EXPECT_EQ(role["Policies"][0]["PolicyDocument"]["Statement"],
            json::parse(R"([{"Action": "sns:Publish", "Effect": "Allow",
                             "Resource": "arn:aws:sns:us-east-1:1:dead"}])"));
  EXPECT_EQ(role["Tags"][1]["Value"], "shop");
}

TEST(ServerlessFunction, KeepsWhatIsAroundItsProperties) {
  const Template parsed = read(sam(function(code_uri + "      Role: arn:aws:iam::1:role/r\n") +
                                       "    Condition: Wanted\n"
                                       "    DependsOn: Topic\n"
                                       "    DeletionPolicy: Retain\n"
                                       "    Metadata: {a: b}\n"
                                       "  Topic: {Type: AWS::SNS::Topic}\n",
                                   "Conditions: {Wanted: !Equals [a, a]}\n"));
  const Resource& orders = resource(parsed, "Orders");
  EXPECT_EQ(orders.condition, "Wanted");
  EXPECT_THAT(orders.depends_on, ElementsAre("Topic"));
  EXPECT_EQ(orders.deletion_policy, Policy::kRetain);
  EXPECT_EQ(to_json(orders.metadata), json({{"a", "b"}}));
  EXPECT_EQ(orders.place.line, 4U);
  EXPECT_THAT(types(parsed), ElementsAre("Orders Lambda::Function", "Topic SNS::Topic"));
}

TEST(ServerlessFunction, Code) {
  struct Case {
    const char* yaml;
    const char* code;
  };
  const Case cases[] = {
      {"CodeUri: ./build/orders", R"("./build/orders")"},
      {"CodeUri: orders.zip", R"("orders.zip")"},
      {"CodeUri: s3://b/a/k.zip", R"({"S3Bucket": "b", "S3Key": "a/k.zip"})"},
      {"CodeUri: 's3://b/k?versionId=7'",
       R"({"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "7"})"},
      {"CodeUri: {Bucket: !Ref AWS::Region, Key: k}",
       R"({"S3Bucket": {"Ref": "AWS::Region"}, "S3Key": "k"})"},
      {"CodeUri: {Bucket: b, Key: k, Version: v}",
       R"({"S3Bucket": "b", "S3Key": "k", "S3ObjectVersion": "v"})"},
      {"InlineCode: echo", R"({"ZipFile": "echo"})"},
      {"{InlineCode: echo, CodeUri: ./a}", R"({"ZipFile": "echo"})"},
      {"{PackageType: Image, ImageUri: 1.dkr/a}", R"({"ImageUri": "1.dkr/a"})"},
  };
  for (const Case& c : cases) {
    std::string yaml = c.yaml;
    if (yaml[0] != '{') yaml.insert(0, "{").append("}");
    if (yaml.find("Image") == std::string::npos) yaml.insert(1, "Handler: a, Runtime: b, ");
    const Template parsed =
        read(sam("  Orders: {Type: AWS::Serverless::Function, Properties: " + yaml + "}\n"));
    EXPECT_EQ(properties(parsed, "Orders")["Code"], json::parse(c.code)) << c.yaml;
  }
}

TEST(ServerlessFunction, Policies) {
  struct Case {
    const char* yaml;
    const char* managed;  // after the first one
    const char* own;
  };
  const Case cases[] = {
      {"AmazonS3ReadOnlyAccess", R"(["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])", "null"},
      {"[arn:aws:iam::1:policy/x, arn:aws:iam::1:policy/x]", R"(["arn:aws:iam::1:policy/x"])",
       "null"},
      {"service-role/AWSLambdaBasicExecutionRole", "[]", "null"},
      {"[!Ref AWS::StackName]", R"([{"Ref": "AWS::StackName"}])", "null"},
      {"[a, {Statement: []}]", R"(["arn:aws:iam::aws:policy/a"])",
       R"([{"PolicyName": "OrdersRolePolicy1", "PolicyDocument": {"Statement": []}}])"},
      {"[SQSPollerPolicy: {QueueName: q}]", "[]",
       R"([{"PolicyName": "OrdersRolePolicy0", "PolicyDocument": {"Statement": [
            {"Action": ["sqs:ChangeMessageVisibility", "sqs:ChangeMessageVisibilityBatch",
                        "sqs:DeleteMessage", "sqs:DeleteMessageBatch", "sqs:GetQueueAttributes",
                        "sqs:ReceiveMessage"],
             "Effect": "Allow",
             "Resource": {"Fn::Sub": [
               "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${queueName}",
               {"queueName": "q"}]}}]}}])"},
      {"[StepFunctionsExecutionPolicy_v2: {StateMachineName: n}, a]",
       R"(["arn:aws:iam::aws:policy/a"])",
       R"([{"PolicyName": "OrdersRolePolicy0", "PolicyDocument": {"Statement": [
            {"Action": ["states:StartExecution", "states:StartSyncExecution"], "Effect": "Allow",
             "Resource": {"Fn::Sub": [
               "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine:${stateMachineName}",
               {"stateMachineName": "n"}]}}]}}])"},
  };
  for (const Case& c : cases) {
    const Template parsed =
        read(sam(function(code_uri + "      Policies: " + std::string(c.yaml) + "\n")));
    json role = properties(parsed, "OrdersRole");
    role["ManagedPolicyArns"].erase(0);
    EXPECT_EQ(role["ManagedPolicyArns"], json::parse(c.managed)) << c.yaml;
    EXPECT_EQ(role.value("Policies", json()), json::parse(c.own)) << c.yaml;
  }
}

TEST(ServerlessFunction, PublishesAVersionUnderAnAlias) {
  const Template parsed =
      read(sam(function(code_uri + "      AutoPublishAlias: live\n"
                                   "      VersionDescription: first\n"
                                   "      ProvisionedConcurrencyConfig:\n"
                                   "        ProvisionedConcurrentExecutions: 2\n")));
  const std::string version = version_id(parsed);
  EXPECT_THAT(version, testing::MatchesRegex("OrdersVersion[0-9a-f]{10}"));
  EXPECT_THAT(types(parsed),
              ElementsAre("Orders Lambda::Function", "OrdersRole IAM::Role",
                          version + " Lambda::Version", "OrdersAliaslive Lambda::Alias"));
  EXPECT_EQ(resource(parsed, version).deletion_policy, Policy::kRetain);
  EXPECT_EQ(properties(parsed, version),
            json::parse(R"({"FunctionName": {"Ref": "Orders"}, "Description": "first"})"));
  json alias = json::parse(R"({"Name": "live", "FunctionName": {"Ref": "Orders"},
      "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2}})");
  alias["FunctionVersion"] = {{"Fn::GetAtt", {version, "Version"}}};
  EXPECT_EQ(properties(parsed, "OrdersAliaslive"), alias);
}

TEST(ServerlessFunction, AVersionIsNewWithTheCodeAndWhatItRunsWith) {
  const auto id = [](const std::string& more) {
    return version_id(read(sam(function("      AutoPublishAlias: live\n" + more))));
  };
  const std::string first = id(code_uri);
  EXPECT_EQ(id(code_uri), first);
  EXPECT_EQ(id(code_uri + "      Timeout: 9\n"), first);
  EXPECT_NE(id("      CodeUri: s3://code/orders-2.zip\n"), first);
  EXPECT_NE(id(code_uri + "      MemorySize: 512\n"), first);
  EXPECT_NE(id(code_uri + "      Environment: {Variables: {A: b}}\n"), first);
  EXPECT_NE(id(code_uri + "      SnapStart: {ApplyOn: PublishedVersions}\n"), first);
  EXPECT_EQ(id(code_uri + "      SnapStart: {ApplyOn: None}\n"), first);
  const std::string all = "      AutoPublishAliasAllProperties: true\n";
  EXPECT_NE(id(code_uri + all), id(code_uri + all + "      Timeout: 9\n"));
  EXPECT_EQ(id(code_uri + "      AutoPublishCodeSha256: 6b86b273ff34fce19d6b804eff5a3f57\n"),
            "OrdersVersion6b86b273ff");
}

TEST(ServerlessFunction, AliasNames) {
  const std::string parameters =
      "Parameters: {Stage: {Type: String, Default: beta-2}, Name: {Type: String}}\n";
  struct Case {
    const char* alias;
    const char* id;
  };
  const Case cases[] = {{"live", "OrdersAliaslive"},
                        {"blue_green-1", "OrdersAliasblueUgreenD1"},
                        {"!Ref Stage", "OrdersAliasbetaD2"},
                        {"!Ref Name", "OrdersAliasName"}};
  for (const Case& c : cases) {
    const Template parsed = read(sam(
        function(code_uri + "      AutoPublishAlias: " + std::string(c.alias) + "\n"), parameters));
    EXPECT_NE(parsed.resource(c.id), nullptr) << c.alias;
  }
  EXPECT_THAT(
      problems(sam(function(code_uri + "      AutoPublishAlias: !Sub 'a${Stage}'\n"), parameters)),
      ElementsAre(
          HasSubstr("'AutoPublishAlias' must be a string or a Ref to a template parameter")));
}

TEST(ServerlessFunction, Url) {
  const std::string url =
      "      FunctionUrlConfig: {AuthType: NONE, InvokeMode: RESPONSE_STREAM, Cors: {MaxAge: 1}}\n";
  const Template parsed = read(sam(function(code_uri + url)));
  EXPECT_EQ(properties(parsed, "OrdersUrl"),
            json::parse(R"({"TargetFunctionArn": {"Ref": "Orders"}, "AuthType": "NONE",
                            "InvokeMode": "RESPONSE_STREAM", "Cors": {"MaxAge": 1}})"));
  EXPECT_EQ(properties(parsed, "OrdersUrlPublicPermissions"),
            json::parse(R"({"Action": "lambda:InvokeFunctionUrl", "Principal": "*",
                            "FunctionName": {"Ref": "Orders"}, "FunctionUrlAuthType": "NONE"})"));
  EXPECT_EQ(properties(parsed, "OrdersURLInvokeAllowPublicAccess"),
            json::parse(R"({"Action": "lambda:InvokeFunction", "Principal": "*",
                            "FunctionName": {"Ref": "Orders"}, "InvokedViaFunctionUrl": true})"));
  const Template aliased = read(sam(function(code_uri + url + "      AutoPublishAlias: live\n")));
  EXPECT_EQ(properties(aliased, "OrdersUrl")["TargetFunctionArn"],
            json({{"Ref", "OrdersAliaslive"}}));
  const Template closed =
      read(sam(function(code_uri + "      FunctionUrlConfig: {AuthType: AWS_IAM}\n")));
  EXPECT_NE(closed.resource("OrdersUrl"), nullptr);
  EXPECT_EQ(closed.resource("OrdersUrlPublicPermissions"), nullptr);
}

TEST(ServerlessFunction, EventInvokeConfig) {
  const std::string config =
      "      EventInvokeConfig:\n"
      "        MaximumRetryAttempts: 1\n"
      "        DestinationConfig:\n"
      "          OnFailure: {Type: SNS}\n"
      "          OnSuccess: {Type: Lambda, Destination: arn:aws:lambda:us-east-1:1:function:f}\n";
  const Template parsed = read(sam(function(code_uri + config) + "  Policy:\n"
                                                                 "    Type: AWS::SNS::TopicPolicy\n"
                                                                 "    Properties:\n"
                                                                 "      Topics: [!Ref "
                                                                 "Orders.DestinationTopic]\n"));
  EXPECT_THAT(types(parsed), ElementsAre("Orders Lambda::Function", "OrdersRole IAM::Role",
                                         "OrdersEventInvokeConfigOnFailureTopic SNS::Topic",
                                         "OrdersEventInvokeConfig Lambda::EventInvokeConfig",
                                         "Policy SNS::TopicPolicy"));
  EXPECT_EQ(properties(parsed, "OrdersEventInvokeConfig"), json::parse(R"({
    "FunctionName": {"Ref": "Orders"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1,
    "DestinationConfig": {
      "OnFailure": {"Destination": {"Ref": "OrdersEventInvokeConfigOnFailureTopic"}},
      "OnSuccess": {"Destination": "arn:aws:lambda:us-east-1:1:function:f"}}})"));
  EXPECT_EQ(properties(parsed, "Policy")["Topics"][0]["Ref"],
            "OrdersEventInvokeConfigOnFailureTopic");
  EXPECT_EQ(properties(parsed, "OrdersRole")["Policies"].size(), 2U);
  const Template aliased =
      read(sam(function(code_uri + config + "      AutoPublishAlias: live\n")));
  EXPECT_EQ(properties(aliased, "OrdersEventInvokeConfig")["Qualifier"], "live");
  EXPECT_THAT(resource(aliased, "OrdersEventInvokeConfig").depends_on,
              ElementsAre("OrdersAliaslive"));
}

TEST(ServerlessLayer, BecomesALayerVersionUnderANameOfItsContent) {
  const auto text = [](const std::string& uri) {
    return sam(
        "  Tools:\n    Type: AWS::Serverless::LayerVersion\n    Properties:\n"
        "      ContentUri: " +
            uri + "\n      CompatibleRuntimes: [provided.al2023]\n" +
            function(code_uri + "      Layers: [!Ref Tools, !Sub '${Tools}']\n"),
        "");
  };
  const Template parsed = read(text("s3://code/tools.zip"));
  const Resource& layer = parsed.resources.front();
  EXPECT_THAT(layer.logical_id, testing::MatchesRegex("Tools[0-9a-f]{10}"));
  EXPECT_EQ(layer.type, "AWS::Lambda::LayerVersion");
  EXPECT_EQ(layer.deletion_policy, Policy::kRetain);
  EXPECT_EQ(to_json(layer.properties), json::parse(R"({
    "LayerName": "Tools", "CompatibleRuntimes": ["provided.al2023"],
    "Content": {"S3Bucket": "code", "S3Key": "tools.zip"}})"));
  EXPECT_EQ(properties(parsed, "Orders")["Layers"],
            json({{{"Ref", layer.logical_id}}, {{"Fn::Sub", "${" + layer.logical_id + "}"}}}));
  EXPECT_NE(read(text("./tools")).resources.front().logical_id, layer.logical_id);
  EXPECT_EQ(to_json(read(text("./tools")).resources.front().properties)["Content"], "./tools");
  const Template deleted = read(
      sam("  Tools:\n    Type: AWS::Serverless::LayerVersion\n"
          "    Properties: {ContentUri: ./tools, RetentionPolicy: Delete, LayerName: mine}\n"));
  EXPECT_EQ(deleted.resources.front().deletion_policy, Policy::kDelete);
  EXPECT_EQ(to_json(deleted.resources.front().properties)["LayerName"], "mine");
}

TEST(Serverless, ReferencesFollowWhatWasMade) {
  const Template parsed =
      read(sam(function(code_uri + "      AutoPublishAlias: live\n") +
                   "  Alarm:\n"
                   "    Type: AWS::CloudWatch::Alarm\n"
                   "    DependsOn: [Orders.Alias]\n"
                   "    Properties:\n"
                   "      A: !Ref Orders.Alias\n"
                   "      B: !Ref Orders.Version\n"
                   "      C: !GetAtt Orders.Version.Version\n"
                   "      D: !GetAtt OrdersRole.Arn\n"
                   "      E: !Sub '${Orders.Alias}-${!Orders.Alias}-${Orders.Arn}'\n"
                   "      F: !Sub ['${Orders.Alias}${X}', {X: !Ref Orders}]\n"
                   "      G: {'Fn::GetAtt': [Orders, Arn]}\n",
               "Outputs: {Alias: {Value: !Ref Orders.Alias}}\n"));
  const std::string version = version_id(parsed);
  EXPECT_EQ(properties(parsed, "Alarm"),
            json({{"A", {{"Ref", "OrdersAliaslive"}}},
                  {"B", {{"Ref", version}}},
                  {"C", {{"Fn::GetAtt", {version, "Version"}}}},
                  {"D", {{"Fn::GetAtt", {"OrdersRole", "Arn"}}}},
                  {"E", {{"Fn::Sub", "${OrdersAliaslive}-${!Orders.Alias}-${Orders.Arn}"}}},
                  {"F",
                   {{"Fn::Sub",
                     json::array({"${OrdersAliaslive}${X}", json({{"X", {{"Ref", "Orders"}}}})})}}},
                  {"G", {{"Fn::GetAtt", {"Orders", "Arn"}}}}}));
  EXPECT_THAT(resource(parsed, "Alarm").depends_on, ElementsAre("OrdersAliaslive"));
  EXPECT_EQ(to_json(parsed.outputs[0].value), json({{"Ref", "OrdersAliaslive"}}));
}

TEST(Serverless, Problems) {
  struct Case {
    std::string text;
    const char* problem;
  };
  const auto with = [](const std::string& yaml) { return sam(function(code_uri + yaml)); };
  const Case cases[] = {
      {with("      Memory: 1\n"),
       "line 9, column 7: Resource with id [Orders] is invalid. property Memory not defined for "
       "resource of type AWS::Serverless::Function"},
      {sam("  Orders: {Type: AWS::Serverless::Function, Properties: {CodeUri: a}}\n"),
       "Runtime and Handler needs to be present"},
      {sam("  Orders: {Type: AWS::Serverless::Function, Properties: [a]}\n"),
       "Attribute 'Properties' should be a map."},
      {sam("  Api: {Type: AWS::Serverless::Api}\n"), "Missing required property 'StageName'."},
      {with("      Events: {Hourly: {Type: Schedule, Properties: {}}}\n"),
       "line 9, column 16: Resource with id [OrdersHourly] is invalid. Missing required property "
       "'Schedule'."},
      {with("      Events: {Get: {Type: Api, Properties: {Path: /}}}\n"),
       "Property 'Method' is required."},
      {with("      Events: {Get: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref "
            "Gone}}}\n"),
       "RestApiId must be a valid reference to an 'AWS::Serverless::Api' resource in same "
       "template."},
      {with("      Events: {A: {Type: Fax}}\n"), "Event Type is: Fax."},
      {with("      Events: {Placed: {Type: SNS}}\n"), "Missing required property 'Topic'"},
      {with("      Events: {Placed: {Properties: {Topic: a}}}\n"),
       "missing or invalid value for key Type"},
      {with("      Events: [a]\n"), "Events must be a map"},
      {with("      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}\n"),
       "AutoPublishALias must be defined"},
      {with("      FunctionUrlConfig: {Cors: {}}\n"), "AuthType is required"},
      {with("      FunctionUrlConfig: {AuthType: SOME}\n"), "AuthType is required"},
      {with("      DeadLetterQueue: {Type: SQS}\n"), "requires Type and TargetArn"},
      {with("      DeadLetterQueue: {Type: S3, TargetArn: a}\n"),
       "requires Type of ['SQS', 'SNS']"},
      {with("      Tags: {'lambda:createdBy': me}\n"), "reserved Tag key name"},
      {with("      Tags: [a]\n"), "Tags must be a map"},
      {with("      Policies: [{a: b}]\n"), "Policy at index 0"},
      {with("      DeploymentPreference: {Type: Linear10PercentEvery1Minute}\n"),
       "'DeploymentPreference' requires AutoPublishAlias property to be specified."},
      {with("      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: Fax}}}\n"),
       "'Type: Fax' must be one of"},
      {with("      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: Lambda}}}\n"),
       "Destination is required"},
      {sam(function("      CodeUri: s3://bucket\n")), "is not a valid S3 Uri"},
      {sam(function("      CodeUri: s3:///key\n")), "is not a valid S3 Uri"},
      {sam(function("      CodeUri: {Bucket: b}\n")), "requires Bucket and Key"},
      {sam(function("      CodeUri: !Ref AWS::Region\n")), "'CodeUri' is not a valid S3 Uri"},
      {sam("  Tools: {Type: AWS::Serverless::LayerVersion, Properties: {}}\n"),
       "Missing required property 'ContentUri'"},
      {sam("  Tools: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: a, Size: "
           "b}}\n"),
       "property Size not defined for resource of type AWS::Serverless::LayerVersion"},
      {with("      Timout: 3\n"),
       "property Timout not defined for resource of type AWS::Serverless::Function; did you mean "
       "Timeout?"},
      {sam(function(code_uri), "Globals: {Function: {Memory: 128}}\n"),
       "'VersionDeletionPolicy']; did you mean MemorySize?"},
      {sam(function(code_uri), "Globals: {Api: {StageName: a}}\n"),
       "'Globals' section is invalid. 'StageName' is not a supported property of 'Api'. Must be "
       "one "
       "of the following values - ['Auth', 'Name', "},
      {sam(function(code_uri), "Globals: {Queue: {}}\n"),
       "'Queue' is not supported. Must be one of the following values - ['Api', "
       "'CapacityProvider', "
       "'Function', 'HttpApi', 'LayerVersion', 'SimpleTable', 'StateMachine', 'WebSocketApi']"},
      {with("      Policies: [{LambdaInvokePolicy: {}}]\n"),
       "Following required parameters of template 'LambdaInvokePolicy' don't have values: "
       "['FunctionName']"},
      {with("      Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 minute), "
            "DeadLetterConfig: {Type: SQS, QueueLogicalId: [a]}}}}\n"),
       "Resource with id [Orders] is invalid. Event with id [OrdersE] is invalid. QueueLogicalId "
       "must be a string"},
      {with("      Events: {E: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 minute), "
            "DeadLetterConfig: {Type: SNS}}}}\n"),
       "Event with id [OrdersE] is invalid. The only valid value for 'Type' property of "
       "DeadLetterConfig is 'SQS'."},
      {sam("  Tools: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: a, "
           "RetentionPolicy: Keep}}\n"),
       "'RetentionPolicy' must be one of the following options: ['Retain', 'Delete']."},
      {sam(function(code_uri) + "  OrdersRole: {Type: AWS::IAM::Role}\n"),
       "there is another one of this name"},
      {sam(function(code_uri), "Globals: {Function: {Policies: [a]}}\n"),
       "'Policies' is not a supported property of 'Function'"},
      {sam(function(code_uri), "Globals: {Functions: {}}\n"), "'Functions' is not supported"},
      {sam(function(code_uri), "Globals: [a]\n"),
       "'Globals' section is invalid. It must be a non-empty dictionary"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(problems(c.text), ElementsAre(HasSubstr(c.problem))) << c.text;
}

TEST(Serverless, DeploymentPreferenceIsRecordedAndSaysSo) {
  const Reading on = read_template(
      sam(function(code_uri +
                   "      AutoPublishAlias: live\n"
                   "      DeploymentPreference: {Type: Canary10Percent10Minutes, Alarms: [a]}\n")));
  ASSERT_TRUE(on.ok());
  ASSERT_EQ(on.notes.size(), 1U);
  EXPECT_THAT(on.notes[0].message, HasSubstr("the alias moves to the new version at once"));
  EXPECT_EQ(properties(*on.parsed, "OrdersDeploymentGroup")["DeploymentConfigName"],
            json::parse(R"({"Fn::Sub": ["CodeDeployDefault.Lambda${ConfigName}",
                                        {"ConfigName": "Canary10Percent10Minutes"}]})"));
  EXPECT_NE(on.parsed->resource("ServerlessDeploymentApplication"), nullptr);
  EXPECT_NE(on.parsed->resource("CodeDeployServiceRole"), nullptr);
  const Reading off = read_template(
      sam(function(code_uri + "      DeploymentPreference: {Enabled: false, Type: AllAtOnce}\n")));
  ASSERT_TRUE(off.ok());
  EXPECT_THAT(off.notes, IsEmpty());
  EXPECT_EQ(off.parsed->resource("ServerlessDeploymentApplication"), nullptr);
}

TEST(ServerlessFunction, WithoutCodeTheFolderIsThePackage) {
  EXPECT_EQ(properties(read(sam(function(""))), "Orders")["Code"], ".");
}

TEST(ServerlessFunction, NullIsNotGiven) {
  const Template parsed = read(sam(function(code_uri + "      Role: null\n")));
  EXPECT_EQ(properties(parsed, "Orders")["Role"], json({{"Fn::GetAtt", {"OrdersRole", "Arn"}}}));
}

// A condition that takes a destination away makes the topic that stands for it.
TEST(ServerlessFunction, ADestinationUnderACondition) {
  const std::string sections =
      "Parameters: {Q: {Type: String, Default: ''}}\n"
      "Conditions: {HasQ: !Not [!Equals [!Ref Q, '']]}\n";
  const Template parsed = read(sam(
      function(code_uri + "      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SNS, "
                          "Destination: !If [HasQ, !Ref 'AWS::Region', !Ref 'AWS::NoValue']}}}\n"),
      sections));
  const Resource& topic = resource(parsed, "OrdersEventInvokeConfigOnFailureTopic");
  EXPECT_TRUE(topic.condition.starts_with("NOTHasQ")) << topic.condition;
  EXPECT_EQ(
      properties(
          parsed,
          "OrdersEventInvokeConfig")["DestinationConfig"]["OnFailure"]["Destination"]["Fn::If"][1],
      json({{"Ref", "OrdersEventInvokeConfigOnFailureTopic"}}));
}

TEST(Serverless, TheProcessedTemplateKeepsWhatTheTransformLeavesAlone) {
  const std::string text =
      sam("  T: {Type: AWS::SNS::Topic, DeletionPolicy: Retain, Metadata: {a: b}}\n" +
              function(code_uri),
          "Outputs: {O: {Description: text, Value: !Ref T}}\n");
  const json processed = processed_template(text);
  EXPECT_EQ(processed["Resources"]["T"], json::parse(R"({"Type": "AWS::SNS::Topic",
      "DeletionPolicy": "Retain", "Metadata": {"a": "b"}})"));
  EXPECT_EQ(processed["Outputs"]["O"],
            json::parse(R"({"Description": "text", "Value": {"Ref": "T"}})"));
  EXPECT_EQ(processed["Resources"]["Orders"]["Type"], "AWS::Lambda::Function");
  EXPECT_FALSE(processed.contains("Transform"));
}

TEST(Serverless, ConnectorsAreLeftOutWithANote) {
  const Reading reading = read_template(
      sam(function(code_uri) +
          "  C: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: Orders}, "
          "Destination: {Id: Orders}, Permissions: [Read]}}\n"));
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading.parsed->resource("C"), nullptr);
  EXPECT_THAT(reading.notes[0].message, HasSubstr("the connector C is without effect"));
}

TEST(Serverless, OtherTypesKeepTheirNames) {
  const Template parsed =
      read(sam("  A: {Type: AWS::Serverless::GraphQLApi, Properties: {Name: a}}\n"
               "  B: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: "
               "a, SemanticVersion: 1.0.0}}}\n"));
  EXPECT_THAT(types(parsed), ElementsAre("A Serverless::GraphQLApi", "B Serverless::Application"));
}

TEST(Serverless, AnApplicationWithATemplateIsANestedStack) {
  const Template parsed =
      read(sam("  A:\n    Type: AWS::Serverless::Application\n    Properties:\n"
               "      Location: https://s3.amazonaws.com/b/template.yaml\n"
               "      Parameters: {P: x}\n      TimeoutInMinutes: 15\n      Tags: {T: v}\n"));
  EXPECT_THAT(types(parsed), ElementsAre("A CloudFormation::Stack"));
  EXPECT_EQ(to_json(parsed.resource("A")->properties),
            json::parse(R"({"TemplateURL": "https://s3.amazonaws.com/b/template.yaml",
                            "Parameters": {"P": "x"}, "TimeoutInMinutes": 15,
                            "Tags": [{"Key": "lambda:createdBy", "Value": "SAM"},
                                     {"Key": "T", "Value": "v"}]})"));
}

TEST(Serverless, EventsDoNotMultiply) {
  std::string events = "      Events:\n";
  for (int i = 0; i < 2'100; ++i)
    events += "        E" + std::to_string(i) + ": {Type: AlexaSkill}\n";
  EXPECT_THAT(problems(sam(function(code_uri + events))),
              ElementsAre(HasSubstr("more of this template than a template may have")));
}

TEST(Serverless, NamesWithAttributesAreThoseOfWhatWasMade) {
  const Template parsed =
      read(sam(function(code_uri + "      AutoPublishAlias: live\n") +
               "  Tools: {Type: AWS::Serverless::LayerVersion, Properties: "
               "{ContentUri: s3://code/tools.zip}}\n"
               "  T:\n    Type: AWS::SNS::Topic\n    Properties:\n"
               "      A: !Sub '${Orders.Alias.AliasArn} ${Orders.Arn} ${!Orders.Alias}'\n"
               "      B: !Sub ['${Orders.Alias}', {Orders.Alias: own}]\n"
               "      C: !GetAtt Orders.Alias.AliasArn\n"
               "      D: !GetAtt Orders.SnapStartResponse.ApplyOn\n"));
  const json properties = to_json(resource(parsed, "T").properties);
  EXPECT_EQ(properties["A"]["Fn::Sub"],
            "${OrdersAliaslive.AliasArn} ${Orders.Arn} ${!Orders.Alias}");
  EXPECT_EQ(properties["B"]["Fn::Sub"][0], "${Orders.Alias}");
  EXPECT_EQ(properties["C"]["Fn::GetAtt"], json({"OrdersAliaslive", "AliasArn"}));
  EXPECT_EQ(properties["D"]["Fn::GetAtt"], json({"Orders", "SnapStartResponse.ApplyOn"}));
}

// A megabyte of dots, and of variables to look for: the test's time limit is the assertion.
TEST(Serverless, HostileNamesEnd) {
  std::string dots = "a";
  while (dots.size() < 1'000'000) dots += ".a";
  EXPECT_THAT(problems(sam("  T: {Type: AWS::SNS::Topic, Properties: {A: !Ref " + dots + "}}\n")),
              ElementsAre(HasSubstr("Unresolved resource dependencies [a.a.a")));
  std::string variables, text;
  for (int i = 0; i < 9'000; ++i) variables += "v" + std::to_string(i) + ": x, ";
  while (text.size() < 800'000) text += "${v8999}";
  EXPECT_THAT(problems(sam("  T: {Type: AWS::SNS::Topic, Properties: {A: !Sub ['" + text + "', {" +
                           variables + "}]}}\n")),
              IsEmpty());
}

TEST(Serverless, IsAskedForByTransform) {
  const std::string resources = "Resources:\n" + function(code_uri);
  EXPECT_THAT(types(read("Transform: [AWS::Serverless-2016-10-31]\n" + resources)),
              ElementsAre("Orders Lambda::Function", "OrdersRole IAM::Role"));
  // CloudFormation itself has no such type; a deployment says so.
  EXPECT_THAT(types(read(resources)), ElementsAre("Orders Serverless::Function"));
}

}  // namespace
}  // namespace kiln::cfn
