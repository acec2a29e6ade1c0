// What SAM templates become, and what is wrong with them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "template/template.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Resources of one template, indented by two.
std::string sam(const std::string& resources, const std::string& sections = "") {
  return "Transform: AWS::Serverless-2016-10-31\n" + sections + "Resources:\n" + resources;
}

std::string function(const std::string& properties, const std::string& id = "Orders") {
  return "  " + id +
         ":\n    Type: AWS::Serverless::Function\n    Properties:\n"
         "      Handler: bootstrap\n      Runtime: provided.al2023\n" +
         properties;
}

const std::string code_uri = "      CodeUri: s3://code/orders.zip\n";

Template read(const std::string& text) {
  Reading reading = read_template(text);
  for (const Problem& problem : reading.problems) ADD_FAILURE() << text_of(problem) << "\n" << text;
  return reading.ok() ? std::move(*reading.parsed) : Template{};
}

std::vector<std::string> problems(const std::string& text) {
  std::vector<std::string> out;
  const Reading reading = read_template(text);
  for (const Problem& problem : reading.problems) out.push_back(text_of(problem));
  EXPECT_NE(reading.ok(), !out.empty());
  return out;
}

std::vector<std::string> types(const Template& parsed) {
  std::vector<std::string> out;
  for (const Resource& resource : parsed.resources)
    out.push_back(resource.logical_id + " " + resource.type.substr(sizeof("AWS::") - 1));
  return out;
}

const Resource& resource(const Template& parsed, const std::string& id) {
  static const Resource none;
  const Resource* found = parsed.resource(id);
  if (!found) ADD_FAILURE() << "no resource " << id;
  return found ? *found : none;
}

json properties(const Template& parsed, const std::string& id) {
  return to_json(resource(parsed, id).properties);
}

// The one version's id.
std::string version_id(const Template& parsed) {
  for (const Resource& each : parsed.resources)
    if (each.type == "AWS::Lambda::Version") return each.logical_id;
  return {};
}

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
    yaml.insert(1, "Handler: a, Runtime: b, ");
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
      {"[DynamoDBCrudPolicy: {TableName: t}]", "[]", "null"},
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
  EXPECT_THAT(types(parsed), ElementsAre("Orders Lambda::Function", version + " Lambda::Version",
                                         "OrdersAliaslive Lambda::Alias", "OrdersRole IAM::Role"));
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
  EXPECT_THAT(types(parsed), ElementsAre("Orders Lambda::Function",
                                         "OrdersEventInvokeConfigOnFailureTopic SNS::Topic",
                                         "OrdersEventInvokeConfig Lambda::EventInvokeConfig",
                                         "OrdersRole IAM::Role", "Policy SNS::TopicPolicy"));
  EXPECT_EQ(properties(parsed, "OrdersEventInvokeConfig"), json::parse(R"({
    "FunctionName": {"Ref": "Orders"}, "Qualifier": "$LATEST", "MaximumRetryAttempts": 1,
    "DestinationConfig": {
      "OnFailure": {"Destination": {"Ref": "OrdersEventInvokeConfigOnFailureTopic"}},
      "OnSuccess": {"Destination": "arn:aws:lambda:us-east-1:1:function:f"}}})"));
  EXPECT_EQ(properties(parsed, "Policy")["Topics"][0]["Ref"],
            "OrdersEventInvokeConfigOnFailureTopic");
  EXPECT_EQ(properties(parsed, "OrdersRole")["Policies"][0]["PolicyDocument"]["Statement"].size(),
            2U);
  const Template aliased =
      read(sam(function(code_uri + config + "      AutoPublishAlias: live\n")));
  EXPECT_EQ(properties(aliased, "OrdersEventInvokeConfig")["Qualifier"], "live");
  EXPECT_THAT(resource(aliased, "OrdersEventInvokeConfig").depends_on,
              ElementsAre("OrdersAliaslive"));
}

TEST(ServerlessFunction, Events) {
  const std::string events =
      "      Events:\n"
      "        Placed:\n"
      "          Type: SNS\n"
      "          Properties: {Topic: !Ref Topic, FilterPolicy: {kind: [a]}}\n";
  const std::string topic = "  Topic: {Type: AWS::SNS::Topic}\n";
  const Template parsed = read(sam(function(code_uri + events) + topic));
  EXPECT_EQ(properties(parsed, "OrdersPlaced"), json::parse(R"({
    "Protocol": "lambda", "Endpoint": {"Fn::GetAtt": ["Orders", "Arn"]},
    "TopicArn": {"Ref": "Topic"}, "FilterPolicy": {"kind": ["a"]}})"));
  EXPECT_EQ(properties(parsed, "OrdersPlacedPermission"), json::parse(R"({
    "Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Orders"},
    "Principal": "sns.amazonaws.com", "SourceArn": {"Ref": "Topic"}})"));
  const Template aliased =
      read(sam(function(code_uri + events + "      AutoPublishAlias: live\n") + topic));
  EXPECT_EQ(properties(aliased, "OrdersPlaced")["Endpoint"], json({{"Ref", "OrdersAliaslive"}}));
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

TEST(Serverless, Problems) {
  struct Case {
    std::string text;
    const char* problem;
  };
  const auto with = [](const std::string& yaml) { return sam(function(code_uri + yaml)); };
  const Case cases[] = {
      {with("      Memory: 1\n"),
       "line 9, column 7: Resource with id [Orders] is invalid. 'Memory' is not a property"},
      {sam(function("")),
       "line 3, column 3: Resource with id [Orders] is invalid. Either "
       "'InlineCode' or 'CodeUri' must be set"},
      {sam("  Orders: {Type: AWS::Serverless::Function, Properties: {CodeUri: a}}\n"),
       "Runtime and Handler needs to be present"},
      {sam("  Orders: {Type: AWS::Serverless::Function, Properties: [a]}\n"),
       "Properties must be a map"},
      {sam("  Api: {Type: AWS::Serverless::Api}\n"),
       "line 3, column 15: Resource with id [Api] is invalid. AWS::Serverless::Api is not "
       "supported here"},
      {with("      Events: {Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}}\n"),
       "line 9, column 31: Resource with id [Orders] is invalid. Event with id [Hourly] is "
       "invalid. Events of the type Schedule are not supported here, those of the type SNS are"},
      {with("      Events: {Placed: {Type: SNS}}\n"), "Missing required property 'Topic'"},
      {with("      Events: {Placed: {Properties: {Topic: a}}}\n"), "It has no Type"},
      {with("      Events: {Placed: {Type: SNS, Properties: {Topic: a, Colour: b}}}\n"),
       "'Colour' is not a property of an event"},
      {with("      Events: {Placed: {Type: SNS, Properties: {Topic: a, SqsSubscription: true}}}\n"),
       "SqsSubscription needs SQS"},
      {with("      Events: [a]\n"), "Events must be a map"},
      {with("      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 1}\n"),
       "AutoPublishAlias must be defined"},
      {with("      FunctionUrlConfig: {Cors: {}}\n"), "AuthType is required"},
      {with("      FunctionUrlConfig: {AuthType: SOME}\n"), "AuthType is required"},
      {with("      FunctionUrlConfig: {AuthType: NONE, Colour: a}\n"),
       "'Colour' is not a property"},
      {with("      DeadLetterQueue: {Type: SQS}\n"), "requires Type and TargetArn"},
      {with("      DeadLetterQueue: {Type: S3, TargetArn: a}\n"), "requires Type of SQS or SNS"},
      {with("      Tags: {'lambda:createdBy': me}\n"), "reserved Tag key name"},
      {with("      Tags: [a]\n"), "Tags must be a map"},
      {with("      Policies: [{a: b}]\n"), "Policy at index 0"},
      {with("      DeploymentPreference: {Type: Linear10PercentEvery1Minute}\n"), "CodeDeploy"},
      {with("      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: Fax}}}\n"),
       "a Type that is one of"},
      {with("      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: Lambda}}}\n"),
       "Destination is required"},
      {sam(function("      CodeUri: s3://bucket\n")), "is not a valid S3 Uri"},
      {sam(function("      CodeUri: s3:///key\n")), "is not a valid S3 Uri"},
      {sam(function("      CodeUri: {Bucket: b}\n")), "requires Bucket and Key"},
      {sam(function("      CodeUri: !Ref AWS::Region\n")), "must be a path"},
      {sam("  Tools: {Type: AWS::Serverless::LayerVersion, Properties: {}}\n"),
       "Missing required property 'ContentUri'"},
      {sam("  Tools: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: a, Size: "
           "b}}\n"),
       "'Size' is not a property"},
      {sam("  Tools: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: a, "
           "RetentionPolicy: Keep}}\n"),
       "'RetentionPolicy' must be Retain or Delete"},
      {sam(function(code_uri) + "  OrdersRole: {Type: AWS::IAM::Role}\n"),
       "there is another one of this name"},
      {sam(function(code_uri), "Globals: {Function: {Policies: [a]}}\n"),
       "'Policies' is not a supported property of 'Function'"},
      {sam(function(code_uri), "Globals: {Functions: {}}\n"), "'Functions' is not supported"},
      {sam(function(code_uri), "Globals: [a]\n"), "'Globals' section is invalid. It must be a map"},
  };
  for (const Case& c : cases)
    EXPECT_THAT(problems(c.text), ElementsAre(HasSubstr(c.problem))) << c.text;
}

TEST(Serverless, DeploymentPreferenceThatChangesNothingIsFine) {
  for (const char* preference :
       {"{Type: AllAtOnce}", "{Enabled: false, Type: Canary10Percent5Minutes}"})
    EXPECT_THAT(problems(sam(function(
                    code_uri + "      DeploymentPreference: " + std::string(preference) + "\n"))),
                IsEmpty());
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
