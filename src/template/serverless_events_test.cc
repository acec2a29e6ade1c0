// Events, tables and state machines of SAM templates: what they become.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sam_template.h"

namespace kiln::cfn {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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

TEST(ServerlessEvents, AnApiEventMakesAnApi) {
  const Template parsed = read(sam(function(
      code_uri +
      "      Events: {Hello: {Type: Api, Properties: {Path: '/a/{id}', Method: GET}}}\n")));
  EXPECT_EQ(properties(parsed, "ServerlessRestApi")["Body"], json::parse(R"({
    "swagger": "2.0", "info": {"version": "1.0", "title": {"Ref": "AWS::StackName"}},
    "paths": {"/a/{id}": {"get": {
      "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST",
        "uri": {"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Orders.Arn}/invocations"}},
      "responses": {}}}}})"));
  EXPECT_EQ(properties(parsed, "OrdersHelloPermissionProd")["SourceArn"], json::parse(R"({
    "Fn::Sub": ["arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/GET/a/*",
                {"__ApiId__": {"Ref": "ServerlessRestApi"}, "__Stage__": "*"}]})"));
  EXPECT_EQ(resource(parsed, "ServerlessRestApiProdStage").type, "AWS::ApiGateway::Stage");
}

// An API that isn't SAM's keeps its definition; it only may invoke the function.
TEST(ServerlessEvents, AnApiEventOfAnotherApiIsAPermission) {
  const Template parsed = read(
      sam(function(code_uri + "      Events: {Get: {Type: Api, Properties: {Path: /, Method: get, "
                              "RestApiId: !Ref Plain}}}\n") +
          "  Plain: {Type: AWS::ApiGateway::RestApi, Properties: {Name: plain}}\n"));
  EXPECT_EQ(properties(parsed, "OrdersGetPermissionStage")["Principal"],
            "apigateway.amazonaws.com");
  EXPECT_EQ(properties(parsed, "Plain"), json({{"Name", "plain"}}));
  EXPECT_EQ(parsed.resource("ServerlessRestApi"), nullptr);
}

TEST(ServerlessEvents, AnHttpEventMakesAnHttpApiWithADefaultRoute) {
  const Template parsed = read(sam(function(code_uri + "      Events: {Any: {Type: HttpApi}}\n")));
  const json body = properties(parsed, "ServerlessHttpApi")["Body"];
  EXPECT_EQ(body["paths"]["$default"]["x-amazon-apigateway-any-method"]["isDefaultRoute"], true);
  EXPECT_EQ(resource(parsed, "ServerlessHttpApiApiGatewayDefaultStage").type,
            "AWS::ApiGatewayV2::Stage");
}

TEST(ServerlessEvents, Others) {
  const std::string bucket = "  Files: {Type: AWS::S3::Bucket}\n";
  const Template parsed = read(
      sam(function(code_uri +
                   "      Events:\n"
                   "        Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour), "
                   "Enabled: false}}\n"
                   "        Seen: {Type: EventBridgeRule, Properties: {Pattern: {source: [a]}}}\n"
                   "        Put: {Type: S3, Properties: {Bucket: !Ref Files, Events: "
                   "'s3:ObjectCreated:*'}}\n"
                   "        Work: {Type: SQS, Properties: {Queue: 'arn:aws:sqs:us-east-1:1:q', "
                   "BatchSize: 5}}\n"
                   "        Logs: {Type: CloudWatchLogs, Properties: {LogGroupName: g, "
                   "FilterPattern: ''}}\n") +
          bucket));
  EXPECT_EQ(properties(parsed, "OrdersHourly"), json::parse(R"json({
    "ScheduleExpression": "rate(1 hour)", "State": "DISABLED",
    "Targets": [{"Arn": {"Fn::GetAtt": ["Orders", "Arn"]}, "Id": "OrdersHourlyLambdaTarget"}]})json"));
  EXPECT_EQ(properties(parsed, "OrdersSeen")["EventPattern"], json({{"source", {"a"}}}));
  EXPECT_EQ(properties(parsed, "OrdersWork"), json::parse(R"({
    "FunctionName": {"Ref": "Orders"}, "EventSourceArn": "arn:aws:sqs:us-east-1:1:q",
    "BatchSize": 5})"));
  EXPECT_EQ(properties(parsed, "OrdersRole")["ManagedPolicyArns"][1],
            "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole");
  EXPECT_EQ(properties(parsed, "Files")["NotificationConfiguration"], json::parse(R"({
    "LambdaConfigurations": [{"Function": {"Fn::GetAtt": ["Orders", "Arn"]},
                              "Event": "s3:ObjectCreated:*"}]})"));
  EXPECT_THAT(resource(parsed, "Files").depends_on, ElementsAre("OrdersPutPermission"));
  EXPECT_EQ(properties(parsed, "OrdersLogs")["FilterPattern"], "");
}

TEST(ServerlessTable, HasOneKey) {
  const Template parsed = read(sam("  T: {Type: AWS::Serverless::SimpleTable}\n"));
  EXPECT_EQ(properties(parsed, "T"), json::parse(R"({
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST"})"));
}

TEST(ServerlessStateMachine, TakesFunctionsOutOfItsDefinition) {
  const Template parsed =
      read(sam("  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n"
               "      Definition: {StartAt: A, States: {A: {Type: Pass, Result: !Ref AWS::Region, "
               "ResultPath: null, End: true}}}\n"));
  const json machine = properties(parsed, "M");
  EXPECT_EQ(machine["DefinitionSubstitutions"],
            json::parse(R"({"definition_substitution_1": {"Ref": "AWS::Region"}})"));
  std::string text;
  for (const json& line : machine["DefinitionString"]["Fn::Join"][1])
    text += line.get<std::string>();
  EXPECT_THAT(text, HasSubstr(R"("Result": "${definition_substitution_1}")"));
  EXPECT_THAT(text, HasSubstr(R"("ResultPath": null)"));
}

// AWS's transform makes an API, a schema, keys and resolvers of it, each with needs of its own.
TEST(Serverless, WhatStaysWholeStandsForItsParts) {
  const Template parsed = read(sam(
      function(code_uri + "      Environment: {Variables: {URL: !GetAtt Graph.GraphQLUrl}}\n") +
      "  Graph: {Type: AWS::Serverless::GraphQLApi, Properties: {Name: a, DataSources: {Lambda: "
      "{F: {FunctionArn: !GetAtt Orders.Arn}}}}}\n"
      "  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt GraphKey.ApiKey}}\n"
      "Outputs: {Id: {Value: !Sub '${GraphSchema} ${GraphKey.ApiKey}'}}\n"));
  const auto needs = dependencies(parsed);
  EXPECT_THAT(needs.at("Graph"), ElementsAre());
  EXPECT_THAT(needs.at("Topic"), ElementsAre("Graph"));
  EXPECT_THAT(read_template(sam("  Graph: {Type: AWS::Serverless::GraphQLApi}\n"
                                "Outputs: {Id: {Value: !Ref Grap}}\n"))
                  .problems[0]
                  .message,
              HasSubstr("Unresolved resource dependencies [Grap]"));
}

// In China's Regions and GovCloud ARNs begin otherwise, and APIs have no endpoints at the edge.
TEST(Serverless, PartitionsFollowTheRegion) {
  const std::string text =
      sam(function(code_uri + "      Tracing: Active\n      Events:\n"
                              "        Get: {Type: Api, Properties: {Path: /, Method: get}}\n"
                              "        Log: {Type: CloudWatchLogs, Properties: {LogGroupName: a, "
                              "FilterPattern: ''}}\n"));
  const auto in = [&](const char* region) {
    return read_template(text, {{"AWS::Region", region}}).parsed.value();
  };
  const auto shown = [](const Template& parsed, const char* id) {
    return to_json(parsed.resource(id)->properties).dump();
  };
  const Template china = in("cn-north-1"), here = in("eu-west-1");
  EXPECT_THAT(shown(china, "OrdersRole"),
              HasSubstr("\"arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole\","
                        "\"arn:aws-cn:iam::aws:policy/AWSXRayDaemonWriteAccess\""));
  EXPECT_THAT(shown(here, "OrdersRole"), HasSubstr("arn:aws:iam::aws:policy/AWSXrayWriteOnlyAcc"));
  EXPECT_THAT(shown(china, "OrdersGetPermissionProd"), HasSubstr("\"arn:aws-cn:execute-api:"));
  EXPECT_THAT(shown(china, "OrdersLogPermission"), HasSubstr("\"arn:aws-cn:logs:"));
  EXPECT_THAT(shown(china, "ServerlessRestApi"),
              HasSubstr("\"EndpointConfiguration\":{\"Types\":[\"REGIONAL\"]}"));
  EXPECT_THAT(shown(here, "ServerlessRestApi"), Not(HasSubstr("EndpointConfiguration")));
  EXPECT_THAT(shown(in("us-gov-west-1"), "ServerlessRestApi"), HasSubstr("arn:aws-us-gov:apig"));
}

// As SAM names them: by the id of what the event becomes.
TEST(ServerlessEvents, UnknownPropertiesAreRefused) {
  const auto event = [](const std::string& type, const std::string& given) {
    return sam(function(code_uri + "      Events:\n        E: {Type: " + type + ", Properties: {" +
                        given + "}}\n"));
  };
  const auto unknown = [](const std::string& what) {
    return testing::EndsWith(": Resource with id [OrdersE] is invalid. property " + what);
  };
  EXPECT_THAT(problems(event("Api", "Path: /a, Method: get, Pth: /b")),
              ElementsAre(unknown("Pth not defined for resource of type Api; did you mean Path?")));
  EXPECT_THAT(problems(event("SQS", "Queue: a, Stream: b")),
              ElementsAre(unknown("Stream not defined for resource of type SQS")));
  EXPECT_THAT(problems(event("ScheduleV2", "ScheduleExpression: rate(1 day), Enabled: true")),
              ElementsAre(unknown("Enabled not defined for resource of type ScheduleV2")));
  EXPECT_THAT(
      problems(event("Schedule", "Schedule: rate(1 day), Zone: UTC, Pattern: x")),
      ElementsAre(HasSubstr("property Zone not defined"), HasSubstr("property Pattern not")));
  EXPECT_THAT(problems(event("EventBridgeRule", "Pattern: {source: [a]}, Enabled: true")),
              testing::IsEmpty());
  const std::string machine =
      "  Flow:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n"
      "      Definition: {StartAt: A, States: {A: {Type: Succeed}}}\n"
      "      Events: {E: {Type: EventBridgeRule, Properties: {Pattern: {a: [b]}, Enabled: "
      "true}}}\n";
  EXPECT_THAT(problems(sam(machine)), ElementsAre(testing::EndsWith(
                                          ": Resource with id [FlowE] is invalid. property Enabled "
                                          "not defined for resource of type EventBridgeRule")));
}

// What AWS's own transform (1.110) says of each.
TEST(ServerlessEvents, PropertiesOfAWrongFormAreRefused) {
  const struct {
    const char* type;
    const char* properties;
    const char* message;  // nullptr: fine
  } cases[] = {
      {"Schedule", "Schedule: [1]", "Property 'Schedule' should be a string."},
      {"Schedule", "Schedule: rate(1 day), Enabled: maybe",
       "Type of property 'Enabled' is invalid."},
      {"Schedule", "Schedule: rate(1 day), Enabled: 'true'",
       "Type of property 'Enabled' is invalid."},
      {"Schedule", "Schedule: rate(1 day), Enabled: yes", nullptr},
      {"Schedule", "Schedule: rate(1 day), Enabled: Off", nullptr},
      {"Schedule", "Schedule: rate(1 day), Description: 5",
       "Property 'Description' should be a string."},
      {"Schedule", "Schedule: rate(1 day), Input: {a: 1, b: 2}",
       "Property 'Input' should be a string."},
      {"Schedule", "Schedule: rate(1 day), Input: {Ref: Orders}", nullptr},
      {"SQS", "Queue: a, BatchSize: '10'", "Type of property 'BatchSize' is invalid."},
      {"SQS", "Queue: a, BatchSize: 10", nullptr},
      {"SQS", "Queue: a, BatchSize: true", nullptr},
      {"SQS", "Queue: a, BatchSize: 1.5", "Type of property 'BatchSize' is invalid."},
      {"SQS", "Queue: a, KmsKeyArn: [x]", nullptr},
      {"SQS", "Queue: a, Enabled: 'no'", "Type of property 'Enabled' is invalid."},
      {"SQS", "Queue: a, FunctionResponseTypes: x",
       "Type of property 'FunctionResponseTypes' is invalid."},
      {"SNS", "Topic: [x]", "Property 'Topic' should be a string."},
      {"SNS", "Topic: x, SqsSubscription: maybe", "Type of property 'SqsSubscription' is invalid."},
      {"SNS", "Topic: x, RedrivePolicy: maybe", "Property 'RedrivePolicy' should be a map."},
      {"SNS", "Topic: x, FilterPolicy: {a: [b], c: [d]}", nullptr},
      {"EventBridgeRule", "Pattern: x", "Property 'Pattern' should be a map."},
      {"AlexaSkill", "SkillId: [x]", "Property 'SkillId' should be a string."},
      {"CloudWatchLogs", "LogGroupName: [g], FilterPattern: ''",
       "Property 'LogGroupName' should be a string."},
      {"Cognito", "UserPool: !Ref Orders, Trigger: {a: 1, b: 2}",
       "Type of property 'Trigger' is invalid."},
  };
  for (const auto& c : cases) {
    const auto found =
        problems(sam(function(code_uri + "      Events:\n        E: {Type: " + c.type +
                              ", Properties: {" + c.properties + "}}\n")));
    if (c.message)
      EXPECT_THAT(found, testing::Contains(testing::EndsWith(
                             std::string(": Resource with id [OrdersE] is invalid. ") + c.message)))
          << c.properties;
    else
      EXPECT_THAT(found, testing::IsEmpty()) << c.properties;
  }
}

}  // namespace
}  // namespace kiln::cfn
