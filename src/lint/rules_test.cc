// Timeouts, queues, memory, names; and what holds for all rules.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <set>

#include "lint/findings_text.h"
#include "tests/support/lint_template.h"

namespace kiln::lint {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(TimeoutRules, TimeLimitsInTheEnvironment) {
  struct Case {
    const char* variable;
    bool is_found;
  };
  const Case cases[] = {
      {"MAX_PROCESSING_TIME: '31'", true},  {"MAX_PROCESSING_TIME: '30'", false},
      {"HTTP_TIMEOUT_SECONDS: 31", true},   {"HTTP_TIMEOUT_MS: 30001", true},
      {"HTTP_TIMEOUT_MS: 30000", false},    {"HTTP_TIMEOUT: 5000", false},
      {"HTTP_TIMEOUT: 31000", true},        {"httpTimeout: 31", true},
      {"SESSION_TIMEOUT: 3600", false},     {"CACHE_TIMEOUT_SECONDS: 300", false},
      {"VIDEO_MAX_DURATION: 3600", false},  {"BATCH_SIZE: 1000", false},
      {"REQUEST_TIMEOUT: '!Ref X'", false}, {"REQUEST_TIMEOUT: soon", false},
  };
  for (const Case& c : cases) {
    const std::string yaml = template_of(
        function_yaml("Timeout: 30, Environment: {Variables: {" + std::string(c.variable) + "}}"));
    EXPECT_EQ(found("time-limit-above-timeout", yaml).size(), c.is_found ? 1U : 0U) << c.variable;
  }
}

TEST(TimeoutRules, RestApi) {
  const auto method = [](int timeout, const std::string& more) {
    return template_of(
        function_yaml("Timeout: " + std::to_string(timeout)) +
        resource_yaml("Get", "ApiGateway::Method",
                      "HttpMethod: GET, ResourceId: a, RestApiId: b, Integration: {Type: "
                      "AWS_PROXY, " +
                          more +
                          "Uri: !Sub "
                          "'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
                          "${Orders.Arn}/invocations'}"));
  };
  EXPECT_THAT(found("timeout-above-api", method(30, "")),
              ElementsAre(HasSubstr("warning Get: the REST API waits 29000 ms for Orders")));
  EXPECT_THAT(found("timeout-above-api", method(29, "")), IsEmpty());
  EXPECT_THAT(found("timeout-above-api", method(29, "TimeoutInMillis: 5000, ")),
              ElementsAre(HasSubstr("waits 5000 ms")));
  EXPECT_THAT(found("timeout-above-api", method(60, "TimeoutInMillis: 60000, ")), IsEmpty());
  EXPECT_THAT(found("timeout-above-api",
                    method(60,
                           "RequestParameters: {integration.request.header.X-Amz-Invocation-Type: "
                           "\"'Event'\"}, ")),
              IsEmpty());
}

TEST(TimeoutRules, HttpApi) {
  const auto integration = [](int timeout) {
    return template_of(function_yaml("Timeout: " + std::to_string(timeout)) +
                       resource_yaml("Api", "ApiGatewayV2::Integration",
                                     "ApiId: a, IntegrationType: AWS_PROXY, IntegrationUri: "
                                     "!GetAtt Orders.Arn"));
  };
  EXPECT_THAT(found("timeout-above-api", integration(31)),
              ElementsAre(HasSubstr("the HTTP API waits 30000 ms")));
  EXPECT_THAT(found("timeout-above-api", integration(30)), IsEmpty());
}

std::string queue(const std::string& queue_properties, const std::string& source_properties = "",
                  const std::string& function_properties = "Timeout: 10") {
  return template_of(
      function_yaml(function_properties) + resource_yaml("Q", "SQS::Queue", queue_properties) +
      resource_yaml("Source", "Lambda::EventSourceMapping",
                    "FunctionName: !Ref Orders, EventSourceArn: !GetAtt Q.Arn" +
                        (source_properties.empty() ? "" : ", " + source_properties)));
}

TEST(TimeoutRules, WebSocketApi) {
  const std::string api =
      "  Api: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: WEBSOCKET}}\n"
      "  I: {Type: AWS::ApiGatewayV2::Integration, Properties: {ApiId: !Ref Api, IntegrationUri: "
      "!Sub "
      "'arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${F.Arn}/"
      "invocations'}}\n";
  const auto with = [&](const char* timeout) {
    return lines_of(
        findings_of({{"Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {Timeout: " +
                      std::string(timeout) + "}}\n" + api}}));
  };
  EXPECT_THAT(with("30"),
              testing::Contains(testing::HasSubstr("the WebSocket API waits 29000 ms for F")));
  EXPECT_THAT(with("29"), testing::IsEmpty());
}

// The integrations that SAM writes into an API's definition.
TEST(TimeoutRules, ApiEventsOfSam) {
  const auto with = [&](const char* timeout) {
    return lines_of(findings_of(
        {{"Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n"
          "    Type: AWS::Serverless::Function\n    Properties:\n      InlineCode: x\n"
          "      Handler: a\n      Runtime: python3.12\n      Timeout: " +
          std::string(timeout) +
          "\n      Events:\n        A: {Type: Api, Properties: {Path: /a, Method: get}}\n"
          "        B: {Type: Api, Properties: {Path: /b, Method: get}}\n"}}));
  };
  EXPECT_THAT(with("30"), testing::ElementsAre(testing::HasSubstr(
                              "the REST API waits 29000 ms for F, which may run for 30 s")));
  EXPECT_THAT(with("29"), testing::IsEmpty());
}

TEST(TimeoutRules, WhatOutlivesAnInvocationIsNoTimeLimit) {
  for (const char* name :
       {"DRAINING_TIMEOUT", "DEREGISTRATION_TIMEOUT", "GRACEFUL_SHUTDOWN_TIMEOUT"})
    EXPECT_THAT(lines_of(findings_of(
                    {{"Resources:\n  F: {Type: AWS::Lambda::Function, Properties: {Timeout: 3, "
                      "Environment: {Variables: {" +
                      std::string(name) + ": '300'}}}}\n"}})),
                testing::IsEmpty())
        << name;
}

TEST(QueueRules, Visibility) {
  const std::string rule = "queue-visibility";
  EXPECT_THAT(found(rule, queue("VisibilityTimeout: 60")), IsEmpty());
  EXPECT_THAT(found(rule, queue("VisibilityTimeout: 59")),
              ElementsAre(HasSubstr("warning Q: messages of Q are hidden for 59 s")));
  EXPECT_THAT(found(rule, queue("VisibilityTimeout: 9")), ElementsAre(HasSubstr("error Q")));
  EXPECT_THAT(found(rule, queue("")), ElementsAre(HasSubstr("hidden for 30 s")));
  EXPECT_THAT(found(rule, queue("VisibilityTimeout: 60", "MaximumBatchingWindowInSeconds: 5")),
              ElementsAre(HasSubstr("hidden for 60 s")));
  EXPECT_THAT(found(rule, queue("VisibilityTimeout: 65", "MaximumBatchingWindowInSeconds: 5")),
              IsEmpty());
}

TEST(QueueRules, ConcurrencyAboveReserved) {
  const auto most = [](int maximum) {
    return queue("VisibilityTimeout: 60",
                 "ScalingConfig: {MaximumConcurrency: " + std::to_string(maximum) + "}",
                 "Timeout: 10, ReservedConcurrentExecutions: 10");
  };
  EXPECT_THAT(found("queue-concurrency-above-reserved", most(11)),
              ElementsAre(HasSubstr("MaximumConcurrency 11 is above the 10")));
  EXPECT_THAT(found("queue-concurrency-above-reserved", most(10)), IsEmpty());
}

Circumstances used(int64_t megabytes, int64_t reports = 20,
                   const std::string& name = "stack-Orders-ABCDEFGHIJ12") {
  return {.memory = {{name, "us-east-1", 256, megabytes, reports}}};
}

TEST(MemoryRules, TooSmall) {
  const std::string yaml = template_of(function_yaml("MemorySize: 200"));
  const std::string rule = "memory-too-small";
  EXPECT_THAT(found(rule, yaml, used(180)), IsEmpty());
  EXPECT_THAT(found(rule, yaml, used(181)), ElementsAre(HasSubstr("warning Orders")));
  EXPECT_THAT(found(rule, yaml, used(199)), ElementsAre(HasSubstr("warning Orders")));
  EXPECT_THAT(found(rule, yaml, used(200)),
              ElementsAre(HasSubstr("error Orders: Orders has 200 MB; of 20 invocations one used "
                                    "200 MB, which is all of it")));
  EXPECT_THAT(found(rule, yaml, used(200, 20, "stack-Other-ABCDEFGHIJ12")), IsEmpty());
  EXPECT_THAT(found(rule, template_of(function_yaml("")), used(128)),
              ElementsAre(HasSubstr("Orders has 128 MB")));
}

TEST(MemoryRules, MostlyUnused) {
  const std::string yaml = template_of(function_yaml("MemorySize: 1024, FunctionName: orders"));
  const std::string rule = "memory-mostly-unused";
  EXPECT_THAT(found(rule, yaml, used(255, 20, "orders")), ElementsAre(HasSubstr("info Orders")));
  EXPECT_THAT(found(rule, yaml, used(256, 20, "orders")), IsEmpty());
  EXPECT_THAT(found(rule, yaml, used(255, 19, "orders")), IsEmpty());
  EXPECT_THAT(found(rule, template_of(function_yaml("MemorySize: 128, FunctionName: orders")),
                    used(10, 20, "orders")),
              IsEmpty());
}

TEST(MemoryUse, KeepsTheInvocationThatTookMost) {
  MemoryUse use;
  add_report({.memory_mb = 128, .max_memory_mb = 36}, use);
  add_report({.memory_mb = 256, .max_memory_mb = 40}, use);
  add_report({.memory_mb = 512, .max_memory_mb = 39}, use);
  EXPECT_EQ(use.reports, 3);
  EXPECT_EQ(use.max_used_mb, 40);
  EXPECT_EQ(use.memory_mb, 256);
}

TEST(MemoryUse, KnowsTheNamesThatStacksGive) {
  Function function{.origin = {.logical_id = "Orders"}, .name = stand_in(0, "Orders", "")};
  EXPECT_TRUE(runs_as(function, "shop", "shop-Orders-ABCDEFGHIJ12"));
  EXPECT_FALSE(runs_as(function, "shop", "shop-Orders"));
  EXPECT_FALSE(runs_as(function, "shop", "shop-OrdersX-ABCDEFGHIJ12"));
  EXPECT_FALSE(runs_as(function, "shop", "shop-Orders-ABCDEFGHIJ_2"));
  EXPECT_FALSE(runs_as(function, "shop", ""));
  function.origin.logical_id = "OrdersFunctionWithQuiteALongName12345678";
  EXPECT_TRUE(runs_as(function, "a-stack-with-quite-a-long-name",
                      "a-stack-with-quite-a-long--OrdersFunctionWithQuiteA-ABCDEFGHIJ12"));
  function.name = "orders";
  EXPECT_TRUE(runs_as(function, "shop", "orders"));
  EXPECT_FALSE(runs_as(function, "shop", "shop-Orders-ABCDEFGHIJ12"));
}

TEST(NameRules, FunctionByLiteralName) {
  const auto named = [](const std::string& function_name, const std::string& dimension) {
    return template_of(function_yaml(function_name) +
                       alarm_yaml("Errors",
                                  "Statistic: Sum, Threshold: 0, Period: 60, EvaluationPeriods: 1, "
                                  "ComparisonOperator: GreaterThanThreshold",
                                  "[{Name: FunctionName, Value: " + dimension + "}]"));
  };
  const std::string rule = "function-not-in-stack";
  EXPECT_THAT(found(rule, named("", "orders")),
              ElementsAre(HasSubstr("no function is called orders; Orders gets a name from "
                                    "CloudFormation")));
  EXPECT_THAT(found(rule, named("FunctionName: my-orders", "my_orders")),
              ElementsAre(HasSubstr("Orders is called my-orders")));
  EXPECT_THAT(found(rule, named("FunctionName: my-orders", "my-orders")), IsEmpty());
  EXPECT_THAT(found(rule, named("", "somebody-elses")), IsEmpty());
  EXPECT_THAT(found(rule, named("", "!Ref Orders")), IsEmpty());
}

TEST(NameRules, AliasByLiteralName) {
  const auto scaled = [](const std::string& id) {
    return template_of(function_yaml("FunctionName: orders") + version_yaml() +
                       alias_yaml(provisioned(1)) +
                       target_yaml("MinCapacity: 1, MaxCapacity: 2", id));
  };
  const std::string rule = "alias-not-in-stack";
  EXPECT_THAT(found(rule, scaled("'function:orders:LIVE'")),
              ElementsAre(HasSubstr("Orders has no alias LIVE here; it has live")));
  EXPECT_THAT(found(rule, scaled("'function:orders:live'")), IsEmpty());
  EXPECT_THAT(found(rule, scaled("'function:orders:3'")), IsEmpty());
  EXPECT_THAT(found(rule, scaled("'function:others:LIVE'")), IsEmpty());
}

// An unknown value never makes a template unreadable.
TEST(Model, WhatCanNotBeEvaluatedIsUnknown) {
  const Model model = model_of({{R"(
Parameters: {P: {Type: String, Default: '', AllowedPattern: '.+'}}
Mappings: {M: {a: {b: '1'}}}
Conditions: {C: !Equals [!FindInMap [M, !Ref P, b], '1']}
Resources:
  F: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Select [9, !Split ['-', !Ref 'AWS::StackId']], MemorySize: !FindInMap [M, x, b]}}
  G: {Type: AWS::Lambda::Function, Properties: {FunctionName: !Join ['-', [f, !Select [4, !Split ['-', !Select [2, !Split ['/', !Ref 'AWS::StackId']]]]]]}}
)"}});
  EXPECT_EQ(model.functions.size(), 2U);
}

TEST(Model, UnknownValuesSkipRules) {
  const std::string yaml =
      "Parameters:\n  Reserve: {Type: Number}\n  Stage: {Type: String}\n"
      "Conditions:\n  IsProd: !Equals [!Ref Stage, prod]\n"
      "Resources:\n" +
      function_yaml("ReservedConcurrentExecutions: !Ref Reserve, Timeout: !If [IsProd, 30, 60]") +
      version_yaml() + alias_yaml(provisioned(30)) +
      alarm_yaml("Duration",
                 "Statistic: Average, Threshold: 24, Period: 60, EvaluationPeriods: 1, "
                 "ComparisonOperator: GreaterThanThreshold");
  EXPECT_THAT(lines_of(findings_of({{yaml}})), IsEmpty());
  EXPECT_THAT(
      lines_of(findings_of({{yaml}}, {}, {{"Reserve", "20"}, {"Stage", "prod"}})),
      ElementsAre(HasSubstr("provisioned-above-reserved"), HasSubstr("Orders may run for 30 s")));
}

TEST(Model, ResourcesWhoseConditionIsFalseOrUndecidedAreLeftOut) {
  const std::string yaml =
      "Parameters:\n  Stage: {Type: String}\n"
      "Conditions:\n  IsProd: !Equals [!Ref Stage, prod]\n"
      "Resources:\n  F:\n    Type: AWS::Lambda::Function\n    Condition: IsProd\n"
      "    Properties: {Role: r, Code: {ZipFile: x}, ReservedConcurrentExecutions: 901}\n";
  EXPECT_THAT(lines_of(findings_of({{yaml}})), IsEmpty());
  EXPECT_THAT(lines_of(findings_of({{yaml}}, {}, {{"Stage", "test"}})), IsEmpty());
  EXPECT_EQ(findings_of({{yaml}}, {}, {{"Stage", "prod"}}).size(), 1U);
}

// Alias.addAutoScaling of the CDK takes the function's name out of the alias's ARN.
TEST(Model, FollowsNamesOutOfArns) {
  const std::string id =
      "!Join ['', ['function:', !Select [6, !Split [':', !Ref Live]], ':', !Select [7, !Split "
      "[':', !Ref Live]]]]";
  const std::string yaml =
      template_of(function_yaml("ReservedConcurrentExecutions: 20") + version_yaml() +
                  alias_yaml(provisioned(5)) + target_yaml("MinCapacity: 5, MaxCapacity: 21", id));
  EXPECT_THAT(found("scaling-above-reserved", yaml),
              ElementsAre(HasSubstr("scaling of function:Orders:live goes up to 21")));
}

TEST(Model, ExportsLeadFromStackToStack) {
  const std::string first = template_of(function_yaml("Timeout: 30")) +
                            "Outputs:\n  Name: {Value: !Ref Orders, Export: {Name: orders}}\n";
  const std::string second =
      template_of(alarm_yaml("Duration",
                             "Statistic: Average, Threshold: 24, Period: 60, EvaluationPeriods: 1, "
                             "ComparisonOperator: GreaterThanThreshold",
                             "[{Name: FunctionName, Value: !ImportValue orders}]"));
  EXPECT_THAT(lines_of(findings_of({{first, "first"}, {second, "second"}})),
              ElementsAre(HasSubstr("duration-alarm-unit")));
  EXPECT_THAT(lines_of(findings_of({{second, "second"}})), IsEmpty());
}

TEST(Lint, MetadataSwitchesARuleOff) {
  const std::string yaml =
      "Resources:\n  F:\n    Type: AWS::Lambda::Function\n"
      "    Metadata: {kiln: {ignore: [reserved-above-account]}}\n"
      "    Properties: {Role: r, Code: {ZipFile: x}, ReservedConcurrentExecutions: 901}\n";
  EXPECT_THAT(lines_of(findings_of({{yaml}})), IsEmpty());
}

TEST(Lint, FindingsHaveTheirPlace) {
  const std::string yaml =
      "Resources:\n"
      "  F:\n"
      "    Type: AWS::Lambda::Function\n"
      "    Properties:\n"
      "      Role: r\n"
      "      Code: {ZipFile: x}\n"
      "      ReservedConcurrentExecutions: 901\n";
  const std::vector<Finding> findings = findings_of({{yaml}});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].place.line, 7U);
  EXPECT_EQ(findings[0].place.column, 37U);
  EXPECT_EQ(place_text(model_of({{yaml}}), findings[0]), "stack.yaml:7:37");
}

TEST(Lint, AKeyThatStandsTwice) {
  const std::string yaml =
      template_of(function_yaml("Timeout: 3, Timeout: 4") + function_yaml("Timeout: 5", "Billing") +
                  function_yaml("Timeout: 6", "Billing"));
  EXPECT_THAT(
      found("duplicate-key", yaml),
      ElementsAre("duplicate-key warning Orders: duplicate key 'Timeout': the last one holds",
                  "duplicate-key warning Billing: duplicate key 'Billing': the last one holds"));
  EXPECT_THAT(
      found("duplicate-key",
            "Description: a\nDescription: b\n" + template_of("  T:\n    Type: AWS::SNS::Topic\n")),
      ElementsAre(
          "duplicate-key warning Template: duplicate key 'Description': the last one holds"));
  // Behind the resources, and before them.
  EXPECT_THAT(found("duplicate-key", template_of(function_yaml("Timeout: 3")) +
                                         "Outputs:\n  O: {Value: a, Value: b}\n"),
              ElementsAre("duplicate-key warning Template: duplicate key 'Value': the last one "
                          "holds"));
  EXPECT_THAT(found("duplicate-key", "Mappings: {M: {A: {B: c, B: d}}}\n" +
                                         template_of(function_yaml("Timeout: 3"))),
              ElementsAre("duplicate-key warning Template: duplicate key 'B': the last one holds"));
  EXPECT_THAT(found("duplicate-key", template_of(function_yaml("Timeout: 3"))), IsEmpty());
}

TEST(Lint, RulesAreNamedOnce) {
  std::set<std::string_view> ids;
  for (const Rule& rule : rules()) {
    EXPECT_TRUE(ids.insert(rule.id).second) << rule.id;
    EXPECT_FALSE(rule.title.empty() || rule.why.empty()) << rule.id;
  }
}

TEST(Lint, SarifHasWhatItsSchemaRequires) {
  const std::string yaml = template_of(function_yaml("ReservedConcurrentExecutions: 901"));
  const Model model = model_of({{yaml, "a b"}});
  const nlohmann::json sarif = sarif_document(model, lint(model, {}), "1.2.3");
  EXPECT_EQ(sarif["version"], "2.1.0");
  const nlohmann::json& run = sarif["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["version"], "1.2.3");
  EXPECT_EQ(run["tool"]["driver"]["rules"].size(), rules().size());
  const nlohmann::json& result = run["results"][0];
  const size_t index = result["ruleIndex"];
  EXPECT_EQ(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
  EXPECT_EQ(result["level"], "error");
  const nlohmann::json& location = result["locations"][0];
  EXPECT_EQ(location["physicalLocation"]["artifactLocation"]["uri"], "a%20b.yaml");
  EXPECT_GT(location["physicalLocation"]["region"]["startLine"], 1);
  EXPECT_EQ(location["logicalLocations"][0]["fullyQualifiedName"], "a b/Orders");
}

}  // namespace
}  // namespace kiln::lint
