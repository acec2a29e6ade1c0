#include "template/evaluate.h"

#include <gtest/gtest.h>

namespace kiln::cfn {
namespace {

using nlohmann::json;

constexpr const char* kBase = R"(
Parameters:
  Stage: {Type: String}
  Count: {Type: Number}
  Zones: {Type: CommaDelimitedList}
Mappings:
  M: {dev: {size: 128, zones: [a, b]}, prod: {size: 512}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
  Never: !And [!Condition IsProd, !Condition IsDev]
  Always: !Or [!Condition IsProd, !Condition IsDev]
  Three: !Equals [!Ref Count, 3]
  Truth: !Equals [true, 'true']
  Mapped: !Equals [!FindInMap [M, !Ref Stage, size], 128]
  Regional: !Equals [!Sub '${AWS::Region}-${Stage}', eu-west-1-dev]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Later: {Type: AWS::SNS::Topic}
  Gone: {Type: AWS::SNS::Topic, Condition: IsProd}
)";

Surroundings surroundings() {
  Surroundings out;
  out.parameters = {{"Stage", "dev"}, {"Count", "3"}, {"Zones", json::array({"x", "y"})}};
  out.account = "000000000000";
  out.region = "eu-west-1";
  out.stack_name = "shop";
  out.stack_id = "arn:stack";
  out.notification_arns = {"arn:n"};
  out.import_value = [](const std::string& name) -> std::optional<std::string> {
    if (name == "shared") return "value";
    return std::nullopt;
  };
  out.resource = [](const std::string& id, const std::string& attribute) -> Result<json> {
    if (id == "Later") return json(kUnknown);
    if (attribute.empty()) return json("arn:" + id);
    if (attribute == "Parts") return json::array({"p", "q"});
    if (attribute == "Gone")
      return json(std::string(kLeftOut) + "Topic.Gone" + std::string(kLeftOut));
    if (attribute == "None")
      return Error{ErrorKind::kInvalid, "ValidationError", "there is no attribute None"};
    return json(id + "/" + attribute);
  };
  return out;
}

// The value of `yaml` as JSON, or the error's message.
std::string value_of_yaml(const std::string& yaml) {
  const Reading reading = read_template(
      std::string(kBase) + "  R: {Type: AWS::SNS::Topic, Properties: {V: " + yaml + "}}\n");
  if (!reading.ok()) return "unread: " + text_of(reading.problems[0]);
  Evaluator evaluator(*reading.parsed, surroundings());
  const auto value = evaluator.value(reading.parsed->resource("R")->properties);
  if (!value) return value.error().message;
  return value->contains("V") ? (*value)["V"].dump() : "no value";
}

struct EvaluateCase {
  const char *yaml, *value;
};

TEST(Evaluate, Functions) {
  constexpr EvaluateCase kCases[] = {
      {"text", R"("text")"},
      {"12", "12"},
      {"true", "true"},
      {"{a: [1, {b: x}]}", R"({"a":[1,{"b":"x"}]})"},
      {"!Ref Stage", R"("dev")"},
      {"!Ref Zones", R"(["x","y"])"},
      {"!Ref Topic", R"("arn:Topic")"},
      {"!GetAtt Topic.TopicName", R"("Topic/TopicName")"},
      {"!GetAtt Topic.A.B", R"("Topic/A.B")"},
      {"{'Fn::GetAtt': [Topic, !Ref Stage]}", R"("Topic/dev")"},
      {"!Ref AWS::AccountId", R"("000000000000")"},
      {"!Ref AWS::Region", R"("eu-west-1")"},
      {"!Ref AWS::StackName", R"("shop")"},
      {"!Ref AWS::StackId", R"("arn:stack")"},
      {"!Ref AWS::Partition", R"("aws")"},
      {"!Ref AWS::URLSuffix", R"("amazonaws.com")"},
      {"!Ref AWS::NotificationARNs", R"(["arn:n"])"},
      {"!Ref AWS::NoValue", "no value"},
      {"[a, !Ref AWS::NoValue, b]", R"(["a","b"])"},
      {"{a: !If [IsProd, x, !Ref AWS::NoValue], b: 1}", R"({"b":1})"},
      {"!Sub '${Stage}-${Topic}-${Topic.Arn}-${!Stage}-${ AWS::Region }'",
       R"("dev-arn:Topic-Topic/Arn-${Stage}-eu-west-1")"},
      {"!Sub ['${V}-${Stage}-${N}', {V: !Ref Topic, N: 5}]", R"("arn:Topic-dev-5")"},
      {"!Sub 'no variable $ { } ${'", R"("no variable $ { } ${")"},
      {"!Join ['-', [a, !Ref Stage, 3, true]]", R"("a-dev-3-true")"},
      {"!Join [',', !Ref Zones]", R"("x,y")"},
      {"!Join [',', []]", R"("")"},
      {"!Join [',', [a, !Ref AWS::NoValue]]", R"("a")"},
      {"!Split [',', 'a,b,,c']", R"(["a","b","","c"])"},
      {"!Split ['ab', xabyab]", R"(["x","y",""])"},
      {"!Select [1, [a, b]]", R"("b")"},
      {"!Select ['0', !Ref Zones]", R"("x")"},
      {"!Select [1, !Split ['/', !GetAtt Topic.Arn]]", R"("Arn")"},
      {"!Select [0, !GetAtt Topic.Parts]", R"("p")"},
      {"!If [IsDev, a, b]", R"("a")"},
      {"!If [IsProd, a, !If [Three, c, d]]", R"("c")"},
      {"!If [IsDev, a, !GetAtt Topic.None]", R"("a")"},
      {"!FindInMap [M, !Ref Stage, size]", "128"},
      {"!FindInMap [M, dev, zones]", R"(["a","b"])"},
      {"!FindInMap [M, no, size, {DefaultValue: !Ref Stage}]", R"("dev")"},
      {"!FindInMap [None, no, size, {DefaultValue: [1]}]", "[1]"},
      {"!Base64 hi", R"("aGk=")"},
      {"!Base64 {'Fn::Sub': '${Stage}'}", R"("ZGV2")"},
      {"!ImportValue shared", R"("value")"},
      {"!GetAZs ''", R"(["eu-west-1a","eu-west-1b","eu-west-1c"])"},
      {"!GetAZs us-east-1", R"(["us-east-1a","us-east-1b","us-east-1c"])"},
      {"!Select [0, !GetAZs {Ref: AWS::Region}]", R"("eu-west-1a")"},
      {"!Cidr [10.0.0.0/16, 2, 8]", R"(["10.0.0.0/24","10.0.1.0/24"])"},
      {"!Length [a, b]", "2"},
      {"!Length {Ref: Zones}", "2"},
      {"!ToJsonString {a: !Ref Stage, b: [1]}", R"("{\"a\":\"dev\",\"b\":[1]}")"},
  };
  for (const EvaluateCase& each : kCases)
    EXPECT_EQ(value_of_yaml(each.yaml), each.value) << each.yaml;
}

TEST(Evaluate, AParameterMayStandForNoValue) {
  const Reading reading = read_template(
      "Parameters: {Name: {Type: String, Default: AWS::NoValue}}\n"
      "Conditions: {None: !Equals [!Ref Name, 'AWS::NoValue']}\n"
      "Resources: {R: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Ref Name, A: x,\n"
      "  B: !If [None, one, two], C: !If [None, !Ref Name, x], D: !Sub '${Name}!',\n"
      "  E: [!Ref Name, y], F: 'AWS::NoValue'}}}\n");
  ASSERT_TRUE(reading.ok()) << text_of(reading.problems[0]);
  Surroundings around = surroundings();
  around.parameters["Name"] = "AWS::NoValue";
  Evaluator evaluator(*reading.parsed, std::move(around));
  const auto value = evaluator.value(reading.parsed->resource("R")->properties);
  ASSERT_TRUE(value.ok()) << value.error().message;
  EXPECT_EQ(*value, json({{"A", "x"},
                          {"B", "one"},
                          {"D", "AWS::NoValue!"},
                          {"E", json::array({"y"})},
                          {"F", "AWS::NoValue"}}));
}

TEST(Evaluate, WhatIsNotKnownYet) {
  const std::string unknown = json(kUnknown).dump();
  const std::string inner = unknown.substr(1, unknown.size() - 2);
  const std::pair<const char*, std::string> kCases[] = {
      {"!Ref Later", unknown},
      {"!GetAtt Later.Arn", unknown},
      {"!Sub 'a-${Later}-b'", "\"a-" + inner + "-b\""},
      {"!Join ['-', [a, !Ref Later]]", "\"a-" + inner + "\""},
      {"!Join ['-', !GetAtt Later.Parts]", unknown},
      {"!Split ['-', !Ref Later]", unknown},
      {"!Select [3, !Split ['-', !Ref Later]]", unknown},
      {"!Select [0, !GetAtt Later.Parts]", unknown},
      {"!Select [0, [a, !Ref Later]]", "\"a\""},
      {"!Base64 {Ref: Later}", unknown},
      {"!GetAZs {Ref: Later}", unknown},
      {"!Cidr [!Ref Later, 2]", unknown},
      {"!Length {Ref: Later}", unknown},
      {"!FindInMap [M, !Ref Later, size]", unknown},
      {"!ToJsonString {a: !Ref Later}", "\"{\\\"a\\\":\\\"" + inner + "\\\"}\""},
      {"{'Fn::GetAtt': [Topic, !Ref Later]}", unknown},
  };
  for (const auto& [yaml, value] : kCases) EXPECT_EQ(value_of_yaml(yaml), value) << yaml;
  EXPECT_TRUE(is_unknown(json{{"a", {1, std::string("x") + std::string(kUnknown)}}}));
  EXPECT_FALSE(is_unknown(json{{"a", {1, "x"}}}));
}

TEST(Evaluate, WhatGoesWrongHasItsPlace) {
  constexpr EvaluateCase kCases[] = {
      {"!Select [2, [a, b]]", "Fn::Select requires a list argument with two elements"},
      {"!Select [2, !Split [',', 'a,b']]",
       "Template error: Fn::Select cannot select nonexistent value at index 2"},
      {"!Select [-1, [a]]",
       "Fn::Select requires a list argument with two elements: an integer index and a list"},
      {"!Select [x, [a]]",
       "Fn::Select requires a list argument with two elements: an integer index and a list"},
      {"!Select [0, a]",
       "Fn::Select requires a list argument with two elements: an integer index and a list"},
      {"!Join ['-', a]", "every Fn::Join object requires two parameters"},
      {"!Join ['-', [[a]]]", "Fn::Join has something that is no string in its list"},
      {"!Split ['', a]", "every Fn::Split object requires two parameters"},
      {"!Split [',', [a]]", "every Fn::Split object requires two parameters"},
      {"!Sub '${Zones}'", "variable Zones in Fn::Sub expression does not resolve to a string"},
      {"!FindInMap [M, dev, none]", "Unable to get mapping for M::dev::none"},
      {"!FindInMap [M, [a], size]", "Fn::FindInMap needs three strings"},
      {"!Base64 [a]", "every Fn::Base64 object must have a String"},
      {"!ImportValue nothing", "No export named nothing found."},
      {"!ImportValue {Ref: Later}", "must be a string that depends on no resource"},
      {"!Cidr [x, 1]", "Fn::Cidr: 'x' is not a CIDR block"},
      {"!Length a", "Fn::Length needs a list"},
      {"!ToJsonString a", "Fn::ToJsonString needs a list or a map"},
      {"!GetAtt Topic.None", "there is no attribute None"},
      {"!Ref Gone",
       "Template format error: Unresolved resource dependencies [Gone] in the Resources block of "
       "the template\nThe condition of Gone, IsProd, is false"},
  };
  for (const EvaluateCase& each : kCases) {
    const std::string message = value_of_yaml(each.yaml);
    EXPECT_NE(message.find(each.value), std::string::npos) << each.yaml << "\n" << message;
    EXPECT_TRUE(message.starts_with("line 21, column ")) << message;
  }
}

TEST(Evaluate, Conditions) {
  const Reading reading = read_template(kBase);
  ASSERT_TRUE(reading.ok());
  Evaluator evaluator(*reading.parsed, surroundings());
  const std::pair<const char*, bool> kCases[] = {
      {"IsProd", false}, {"IsDev", true}, {"Never", false}, {"Always", true},
      {"Three", true},   {"Truth", true}, {"Mapped", true}, {"Regional", true}};
  for (const auto& [name, expected] : kCases) {
    const auto holds = evaluator.condition(name);
    ASSERT_TRUE(holds.ok()) << name;
    EXPECT_EQ(*holds, expected) << name;
  }
  EXPECT_FALSE(evaluator.condition("Unknown").ok());
  EXPECT_TRUE(*evaluator.exists(""));
  EXPECT_FALSE(*evaluator.exists("IsProd"));
}

// A thousand conditions, each deep and each on the one before: no stack holds them all at once.
TEST(Evaluate, ALongChainOfDeepConditions) {
  std::string text = "Resources: {T: {Type: AWS::SNS::Topic}}\nConditions:\n  C0: !Equals [a, a]\n";
  for (int i = 1; i < 1000; ++i) {
    text += "  C" + std::to_string(i) + ": ";
    for (int k = 0; k < 46; ++k) text += "!Not [";
    text += "!Condition C" + std::to_string(i - 1) + std::string(46, ']') + "\n";
  }
  const Reading reading = read_template(text);
  ASSERT_TRUE(reading.ok()) << text_of(reading.problems[0]);
  Evaluator evaluator(*reading.parsed, {});
  const auto holds = evaluator.condition("C999");
  ASSERT_TRUE(holds.ok()) << holds.error().message;
  EXPECT_TRUE(*holds);
}

// What was not read by read_template may go round in circles; it must not do so for ever.
TEST(Evaluate, ACircleIsAnError) {
  Template parsed;
  Node name;
  name.kind = Node::Kind::kText;
  name.text = "A";
  Node condition;
  condition.kind = Node::Kind::kMap;
  condition.map.push_back({"Condition", {}, name});
  parsed.conditions.emplace_back("A", condition);
  Evaluator evaluator(parsed, {});
  const auto holds = evaluator.condition("A");
  ASSERT_FALSE(holds.ok());
  EXPECT_EQ(holds.error().message, "Template format error: the condition A depends on itself");
}

using Unanswered = Evaluator::Unanswered;

std::string rules_of(const std::string& rules, Unanswered unanswered = Unanswered::kRefused) {
  const Reading reading = read_template(std::string(kBase) + "Rules:\n" + rules);
  if (!reading.ok()) return "unread: " + text_of(reading.problems[0]);
  Evaluator evaluator(*reading.parsed, surroundings());
  const auto kept = evaluator.check_rules(unanswered);
  return kept ? "kept" : kept.error().message;
}

TEST(Evaluate, Rules) {
  const std::string assertion =
      "Assertions: [{Assert: !Equals [!Ref Stage, prod], AssertDescription: only prod}]";
  EXPECT_EQ(rules_of("  A: {" + assertion + "}"),
            "line 22, column 20: Template error: the rule A is not kept: only prod");
  EXPECT_EQ(rules_of("  A: {RuleCondition: !Equals [!Ref Stage, prod], " + assertion + "}"),
            "kept");
  EXPECT_EQ(rules_of("  A: {RuleCondition: !Equals [!Ref Stage, dev], Assertions: [{Assert: "
                     "!Equals [a, a]}]}"),
            "kept");
  const std::pair<const char*, bool> kFunctions[] = {
      {"'Fn::Contains': [[dev, prod], !Ref Stage]", true},
      {"'Fn::Contains': [[prod], !Ref Stage]", false},
      {"'Fn::EachMemberEquals': [[dev, dev], !Ref Stage]", true},
      {"'Fn::EachMemberEquals': [[dev, x], !Ref Stage]", false},
      {"'Fn::EachMemberIn': [!Ref Zones, [x, y, z]]", true},
      {"'Fn::EachMemberIn': [!Ref Zones, [x]]", false},
  };
  for (const auto& [function, kept] : kFunctions)
    EXPECT_EQ(rules_of("  A: {Assertions: [{Assert: {" + std::string(function) + "}}]}") == "kept",
              kept)
        << function;
}

TEST(Evaluate, RulesAboutThingsThatAreNotHere) {
  const std::string asks =
      "{Assert: !EachMemberEquals [!ValueOfAll ['AWS::EC2::Subnet::Id', VpcId], x]}";
  const std::string fails = "{Assert: !Contains [!RefAll Number, '4']}";
  EXPECT_EQ(rules_of("  A: {Assertions: [" + asks + "]}"),
            "line 22, column 48: Template error: Fn::ValueOfAll asks for attributes of things that "
            "are not here, such as VPCs; `kiln deploy --skip-unsupported` takes the rule as kept");
  EXPECT_EQ(rules_of("  A: {Assertions: [" + asks + "]}", Unanswered::kKept), "kept");
  EXPECT_EQ(rules_of("  A: {RuleCondition: !Equals [!ValueOf [Zones, VpcId], x], Assertions: [" +
                         fails + "]}",
                     Unanswered::kKept),
            "kept");
  EXPECT_EQ(rules_of("  A: {Assertions: [" + asks + ", " + fails + "]}", Unanswered::kKept),
            "line 22, column 98: Template error: the rule A is not kept");
  EXPECT_EQ(rules_of("  A: {Assertions: [{Assert: !Contains [!RefAll Number, '3']}]}"), "kept");
}

// Texts that multiply: 1,000 times 1,000 bytes fit, 2,000 times 2,000 do not.
TEST(Evaluate, WhatFunctionsMakeIsLimited) {
  const auto join = [](size_t size) {
    return "!Join ['" + std::string(size, 'x') + "', !Split [',', '" + std::string(size, ',') +
           "']]";
  };
  EXPECT_EQ(value_of_yaml(join(900)).size(), 900U * 900U + 2);
  EXPECT_NE(value_of_yaml(join(2000)).find("make more than 2097152 bytes"), std::string::npos);
}

// Quotes in quotes: each level doubles the backslashes.
TEST(Evaluate, JsonInJsonIsLimited) {
  std::string yaml = "x";
  for (int i = 0; i < 30; ++i) yaml = "!ToJsonString [" + yaml + "]";
  EXPECT_NE(value_of_yaml(yaml).find("make more than 2097152 bytes"), std::string::npos);
}

// What was left out of a stack is a value that no function looks into.
TEST(Evaluate, WhatWasLeftOutStaysWhatItIs) {
  const std::string mark =
      json(std::string(kLeftOut) + "Topic.Gone" + std::string(kLeftOut)).dump();
  for (const char* yaml :
       {"!GetAtt Topic.Gone", "!Select [0, !GetAtt Topic.Gone]",
        "!Select [5, !Split [':', !GetAtt Topic.Gone]]", "!Split [':', !GetAtt Topic.Gone]",
        "!Join [',', !GetAtt Topic.Gone]", "{'Fn::Base64': !GetAtt Topic.Gone}"})
    EXPECT_EQ(value_of_yaml(yaml), mark) << yaml;
}

TEST(Evaluate, DynamicReferencesAreResolvedWhereverTheyStand) {
  const Reading reading = read_template(
      std::string(kBase) +
      "  R: {Type: AWS::SNS::Topic, Properties: {V: ['{{resolve:ssm:/a}}', !Sub "
      "'x-{{resolve:ssm:/${Stage}:1}}-{{resolve:ssm:/b}}', '{{resolve:ssm', {W: plain}]}}\n");
  ASSERT_TRUE(reading.ok());
  Surroundings around = surroundings();
  around.dynamic = [](const std::string& service,
                      const std::string& reference) -> Result<std::string> {
    if (reference == "/none") return Error{ErrorKind::kInvalid, "ValidationError", "no such thing"};
    return service + "=" + reference;
  };
  Evaluator evaluator(*reading.parsed, around);
  EXPECT_EQ(evaluator.value(*reading.parsed->resource("R")->properties.find("V"))->dump(),
            R"(["ssm=/a","x-ssm=/dev:1-ssm=/b","{{resolve:ssm",{"W":"plain"}])");
}

}  // namespace
}  // namespace kiln::cfn
