#include "template/template.h"

#include <gtest/gtest.h>

namespace kiln::cfn {
namespace {

constexpr const char* kTopic = "Resources: {T: {Type: AWS::SNS::Topic}}\n";

// Each problem in a line.
std::string problems_of(const std::string& text) {
  const Reading reading = read_template(text);
  EXPECT_EQ(reading.ok(), reading.problems.empty());
  std::string out;
  for (const Problem& problem : reading.problems)
    out += (out.empty() ? "" : "\n") + text_of(problem);
  return out;
}

// A resource with these properties in flow style, and more sections.
std::string with_properties(const std::string& properties, const std::string& more = {}) {
  return "Resources:\n  T: {Type: AWS::SNS::Topic}\n  R:\n    Type: AWS::SNS::Topic\n"
         "    Properties: " +
         properties + "\n" + more;
}

TEST(Template, EverySectionIsRead) {
  const Reading reading = read_template(R"(
AWSTemplateFormatVersion: 2010-09-09
Description: All of it
Metadata: {Some: [thing, null]}
Parameters:
  Stage: {Type: String, Default: dev, NoEcho: true, Description: d, AllowedValues: [dev, prod],
          AllowedPattern: '.*', MinLength: 1, MaxLength: 4, ConstraintDescription: c}
  Size: {Type: Number, MinValue: 1.5, MaxValue: 3}
Rules:
  R: {RuleCondition: !Equals [!Ref Stage, prod], Assertions: [{Assert: !Equals [a, a], AssertDescription: x}]}
Mappings:
  M: {dev: {n: 1, l: [a, b]}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Transform: AWS::LanguageExtensions
Hooks: {H: {Type: 'AWS::CodeDeploy::BlueGreen'}}
Resources:
  First:
    Type: AWS::SNS::Topic
    Condition: IsProd
    DeletionPolicy: RetainExceptOnCreate
    UpdateReplacePolicy: Snapshot
    DependsOn: Second
    Metadata: {a: b}
    CreationPolicy: {}
    UpdatePolicy: {}
    Properties: {TopicName: !Ref Stage}
  Second:
    Type: AWS::SNS::Topic
  Third: {Type: AWS::SNS::Topic, DependsOn: [First, Second]}
Outputs:
  O: {Value: !Ref First, Description: d, Condition: IsProd, Export: {Name: !Sub '${AWS::StackName}-o'}}
)");
  for (const Problem& problem : reading.problems) ADD_FAILURE() << text_of(problem);
  ASSERT_TRUE(reading.ok());
  const Template& t = *reading.parsed;
  EXPECT_EQ(t.description, "All of it");
  EXPECT_EQ(t.transforms, std::vector<std::string>{"AWS::LanguageExtensions"});
  const Parameter* stage = t.parameter("Stage");
  ASSERT_NE(stage, nullptr);
  EXPECT_EQ(stage->default_value, "dev");
  EXPECT_TRUE(stage->no_echo);
  EXPECT_EQ(stage->allowed_values, (std::vector<std::string>{"dev", "prod"}));
  EXPECT_EQ(stage->max_length, 4U);
  EXPECT_EQ(t.parameter("Size")->min_value, 1.5);
  EXPECT_EQ(t.parameter("None"), nullptr);
  const Resource* first = t.resource("First");
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->type, "AWS::SNS::Topic");
  EXPECT_EQ(first->condition, "IsProd");
  EXPECT_EQ(first->deletion_policy, Policy::kRetainExceptOnCreate);
  EXPECT_EQ(first->update_replace_policy, Policy::kSnapshot);
  EXPECT_EQ(first->place.line, 18U);
  EXPECT_EQ(first->type_place.line, 19U);
  EXPECT_TRUE(t.resource("Second")->properties.is_map());
  EXPECT_EQ(t.resource("Third")->depends_on, (std::vector<std::string>{"First", "Second"}));
  ASSERT_EQ(t.outputs.size(), 1U);
  EXPECT_EQ(t.outputs[0].condition, "IsProd");
  EXPECT_TRUE(t.outputs[0].export_name.has_value());
}

struct SectionCase {
  std::string text;
  const char* problem;  // all of them, a line each
};

TEST(Template, ProblemsOfSections) {
  const SectionCase kCases[] = {
      {"Description: x", "Template format error: At least one Resources member must be defined."},
      {"Resources: {}",
       "line 1, column 12: Template format error: At least one Resources member must be defined."},
      {"[a]",
       "line 1, column 1: Template format error: unsupported structure.\nA template is a map of "
       "sections"},
      {std::string(kTopic) + "Foo: 1",
       "line 2, column 1: Template format error: Invalid template property or properties [Foo]"},
      {std::string(kTopic) + "AWSTemplateFormatVersion: 2010-09-10",
       "line 2, column 27: Template format error: unsupported value for AWSTemplateFormatVersion: "
       "'2010-09-10'; it is 2010-09-09"},
      {std::string(kTopic) + "Outputs:",
       "line 2, column 1: [/Outputs] 'null' values are not allowed in templates"},
      {"Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      A: {B: [x, null]}\n",
       "line 5, column 18: [/Resources/T/Properties/A/B/1] 'null' values are not allowed in "
       "templates"},
      {"Resources: [a]",
       "line 1, column 12: Template format error: Any Resources member must be an object."},
      {std::string(kTopic) + "Outputs: [a]",
       "line 2, column 10: Template format error: Outputs must be a map"},
      {"Resources: {A-b: {Type: AWS::SNS::Topic}}",
       "line 1, column 13: Template format error: Resource name A-b is non alphanumeric."},
      {"Resources: {A: {Properties: {}}}",
       "line 1, column 13: Template format error: [/Resources/A] Every Resources object must "
       "contain a Type member."},
      {"Resources: {A: x}",
       "line 1, column 13: Template format error: Every Resources member must be a map: A"},
      {"Resources: {A: {Type: AWS::SNS::Topic, Foo: 1}}",
       "line 1, column 40: Invalid template resource property 'Foo'"},
      {"Resources: {A: {Type: AWS::SNS::Topic, DeletionPolicy: Keep}}",
       "line 1, column 56: Template format error: Unrecognized DeletionPolicy Keep of A"},
      {"Resources: {A: {Type: AWS::SNS::Topic, DependsOn: {}}}",
       "line 1, column 51: Template format error: DependsOn of A must be a text or a list of "
       "texts"},
      {"Resources: {A: {Type: AWS::SNS::Topic, Condition: {Ref: X}}}",
       "line 1, column 51: Template format error: Every Condition member must be a string."},
      {"Resources: {'Fn::ForEach::X': {}}",
       "line 1, column 13: Template format error: Fn::ForEach::X needs `Transform: "
       "AWS::LanguageExtensions`"},
      {std::string(kTopic) + "Parameters: {P: {}}",
       "line 2, column 14: Template format error: Every Parameters object must contain a Type "
       "member: P"},
      {std::string(kTopic) + "Parameters: {P: {Type: Text}}",
       "line 2, column 14: Template format error: Unrecognized parameter type: Text"},
      {std::string(kTopic) + "Parameters: {P: {Type: String, Foo: x}}",
       "line 2, column 32: Template format error: Invalid template parameter property 'Foo'"},
      {std::string(kTopic) + "Parameters: {P: {Type: Number, MinValue: x}}",
       "line 2, column 42: Template format error: MinValue of the parameter P must be a number, "
       "not 'x'"},
      {std::string(kTopic) + "Parameters: {P: {Type: String, Default: [a]}}",
       "line 2, column 41: Template format error: Default of the parameter P must be a text"},
      {std::string(kTopic) + "Mappings: {M: {a: x}}",
       "line 2, column 16: Template format error: Every Mappings member a must be a map"},
      {std::string(kTopic) + "Mappings: {M: {a: {b: {Ref: T}}}}",
       "line 2, column 23: Template format error: Every Mappings attribute must be a String or a "
       "List."},
      {std::string(kTopic) + "Outputs: {O: {}}",
       "line 2, column 11: Template format error: Every Outputs member must contain a Value "
       "object"},
      {std::string(kTopic) + "Outputs: {O: {Value: x, Export: {}}}",
       "line 2, column 33: Template format error: Output O is malformed. The Name field of every "
       "Export member must be specified and consist of a string."},
      {std::string(kTopic) + "Outputs: {O: {Value: [a]}}",
       "line 2, column 22: Template format error: Output O is malformed. The Value field of every "
       "Outputs member must evaluate to a String."},
      {std::string(kTopic) + "Transform: {Name: !Ref Macro}",
       "line 2, column 12: Key Name of transform definition must be a string."},
      {std::string(kTopic) + "Transform: [AWS::Include]",
       "line 2, column 13: Template format error: No transform named AWS::Include found; there are "
       "AWS::Serverless-2016-10-31 and AWS::LanguageExtensions"},
      {std::string(kTopic) + "Rules: {R: {}}",
       "line 2, column 9: Template format error: the rule R must have a list of Assertions"},
      {std::string(kTopic) + "Rules: {R: {Assertions: [{}]}}",
       "line 2, column 26: Template format error: an assertion of the rule R has no Assert"},
  };
  for (const SectionCase& each : kCases)
    EXPECT_EQ(problems_of(each.text), each.problem) << each.text;
}

TEST(Template, ProblemsOfReferences) {
  const SectionCase kCases[] = {
      {with_properties("{A: !Ref X}"),
       "line 5, column 21: Template format error: Unresolved resource dependencies [X] in the "
       "Resources block of the template"},
      {with_properties("{A: !Sub '${X} ${AWS::Region} ${!Y} ${T}'}"),
       "line 5, column 21: Template format error: Unresolved resource dependencies [X] in the "
       "Resources block of the template"},
      {with_properties("{A: !Sub ['${X} ${V}', {V: 1}]}"),
       "line 5, column 21: Template format error: Unresolved resource dependencies [X] in the "
       "Resources block of the template"},
      {with_properties("{A: !Sub '${X.Arn}'}"),
       "line 5, column 21: Template format error: Unresolved resource dependencies [X] in the "
       "Resources block of the template"},
      {with_properties("{A: !Sub '${X:-y}'}"),
       "line 5, column 21: Template error: variable names in Fn::Sub syntax must contain only "
       "alphanumeric characters, underscores, periods, and colons; this one is 'X:-y'. ${!Name} is "
       "the text ${Name}"},
      {with_properties("{A: !GetAtt X.Arn}"),
       "line 5, column 21: Template error: instance of Fn::GetAtt references undefined resource X"},
      {with_properties("{A: !GetAtt X}"),
       "line 5, column 21: Template error: every Fn::GetAtt object requires two non-empty "
       "parameters, the resource name and the resource attribute"},
      {with_properties("{A: !Ref R}"),
       "line 5, column 21: Circular dependency between resources: [R]"},
      {with_properties("{A: {'Fn::Foo': x}}"),
       "line 5, column 22: Template error: Fn::Foo is not a function of CloudFormation"},
      {with_properties("{A: {'Fn::Join': [a, [b]], C: d}}"),
       "line 5, column 22: Template format error: Fn::Join must be the only key of its map"},
      {with_properties("{A: !Join [a]}"),
       "line 5, column 21: Template error: every Fn::Join object requires a list of 2 arguments, "
       "this one has 1"},
      {with_properties("{A: !FindInMap [M, a, b]}"),
       "line 5, column 21: Template error: Mapping named 'M' is not present in the 'Mappings' "
       "section of template."},
      {with_properties("{A: !FindInMap [T, a, b, c]}", "Mappings: {T: {a: {b: c}}}"),
       "line 5, column 21: Template error: the fourth argument of Fn::FindInMap is a map with "
       "DefaultValue"},
      {with_properties("{A: !If [C, a, b]}"),
       "line 5, column 21: Template error: unresolved condition dependency C in Fn::If"},
      {with_properties("{A: !Equals [a, b]}"),
       "line 5, column 21: Template error: Fn::Equals gives no value; give it a name in Conditions "
       "and use Fn::If"},
      {with_properties("{}", "Conditions: {C: !Ref T}"),
       "line 6, column 17: Template error: Ref can't stand for a condition in Conditions"},
      {with_properties("{}", "Conditions: {C: x}"),
       "line 6, column 17: Template format error: every Conditions member must be a boolean "
       "function: Fn::And, Fn::Or, Fn::Not, Fn::Equals or Condition"},
      {with_properties("{}", "Conditions: {C: !Equals [!Ref T, a]}"),
       "line 6, column 26: Template format error: Unresolved dependencies [T]. Cannot reference "
       "resources in the Conditions block of the template"},
      {with_properties("{}", "Conditions: {C: !Equals [!GetAtt T.Arn, a]}"),
       "line 6, column 26: Template format error: Unresolved dependencies [T]. Cannot reference "
       "resources in the Conditions block of the template"},
      {with_properties("{}", "Conditions: {C: !Not [!Condition D]}"),
       "line 6, column 23: Template format error: Unresolved condition dependency D"},
      {with_properties("{}", "Conditions: {C: !Not x}"),
       "line 6, column 17: Template error: every Fn::Not object requires a list of 1 arguments"},
      {with_properties("{}", "Rules: {R: {Assertions: [{Assert: !Not x}]}}"),
       "line 6, column 35: Template error: every Fn::Not object requires a list of 1 arguments"},
      {with_properties("{}", "Outputs: {O: {Value: !Ref X}}"),
       "line 6, column 22: Template format error: Unresolved resource dependencies [X] in the "
       "Outputs block of the template"},
      {"Parameters: {T: {Type: String}}\n" + std::string(kTopic),
       "line 2, column 13: Template format error: T is the name of a parameter and of a resource"},
      {"Resources: {A: {Type: AWS::SNS::Topic, Condition: C}}",
       "line 1, column 13: Template format error: Unresolved condition dependency C"},
      {"Resources: {A: {Type: AWS::SNS::Topic, DependsOn: [B]}}",
       "line 1, column 13: Template format error: Unresolved resource dependencies [B] in the "
       "Resources block of the template"},
  };
  for (const SectionCase& each : kCases)
    EXPECT_EQ(problems_of(each.text), each.problem) << each.text;
}

// As recorded on AWS, which takes no such name of a parameter or a resource.
TEST(Template, AConditionMayHaveAnyName) {
  const Reading reading = read_template(
      "Conditions: {'AWS::NoValue': !Equals [a, a], is-prod: !Condition 'AWS::NoValue'}\n"
      "Resources:\n"
      "  T: {Type: AWS::SNS::Topic, Condition: is-prod}\n"
      "  U: {Type: AWS::SNS::Topic, Properties: {DisplayName: !If [is-prod, a, b]}}\n");
  EXPECT_TRUE(reading.ok()) << text_of(reading.problems[0]);
  EXPECT_FALSE(read_template(std::string(kTopic) + "Conditions: {'': !Equals [a, a]}").ok());
  EXPECT_FALSE(read_template(std::string(kTopic) + "Parameters: {a-b: {Type: String}}").ok());
}

// What is built wrongly comes first, as AWS tells it, then what is referred to; each in the order
// of the file.
TEST(Template, AllProblemsAreTold) {
  EXPECT_EQ(
      problems_of("Resources:\n"
                  "  A: {Type: AWS::SNS::Topic, Properties: {X: !Ref Nope, Y: !Ref Nope}}\n"
                  "  B: {Properties: {X: !GetAtt Gone.Arn, Y: !Ref B-c}}\n"
                  "  C: {Type: AWS::SNS::Topic, DependsOn: B}\n"
                  "Foo: {}\n"),
      "line 3, column 3: Template format error: [/Resources/B] Every Resources object must "
      "contain a Type member.\n"
      "line 5, column 1: Template format error: Invalid template property or properties [Foo]\n"
      "line 2, column 46: Template format error: Unresolved resource dependencies [Nope] in "
      "the Resources block of the template\n"
      "line 3, column 23: Template error: instance of Fn::GetAtt references undefined "
      "resource Gone\n"
      "line 3, column 44: Template format error: Unresolved resource dependencies [B-c] in "
      "the Resources block of the template");
}

TEST(Template, OneHundredProblemsAreEnough) {
  std::string text = "Resources:\n";
  for (int i = 0; i < 300; ++i) text += "  R" + std::to_string(i) + ": {}\n";
  EXPECT_EQ(read_template(text).problems.size(), 100U);
}

// Whatever stands in the template: a message is UTF-8, and no longer than a terminal can show.
TEST(Template, MessagesAreUtf8AndShort) {
  const std::string accents = [] {
    std::string text;
    while (text.size() < 100'000) text += "\u00e9";
    return text;
  }();
  const std::string kTexts[] = {
      "{\"A\": 1, \u00e9}",
      "{\"A\": x\u00e9",
      "{\"A\": \"" + accents,
      "{\"A\": " + std::string(100'000, '1') + "e99999}",
      "A: !" + std::string(100'000, 'x') + " y",
      "Resources: {R: {Type: AWS::SNS::Topic, Properties: {A: !Ref '" + accents + "'}}}",
      "Resources: {R: {Type: AWS::SNS::Topic, Properties: {A: !Ref 'a" + accents + "'}}}",
      "? " + accents + "\n: 1",
  };
  for (const std::string& text : kTexts) {
    const Reading reading = read_template(text);
    EXPECT_FALSE(reading.ok());
    for (const Problem& problem : reading.problems) {
      EXPECT_LT(problem.message.size(), 1010U);
      EXPECT_NO_THROW((void)nlohmann::json(problem.message).dump()) << text.substr(0, 40);
    }
  }
  EXPECT_EQ(problems_of("{\"A\": 1, \u00e9}"),
            "line 1, column 10: Template format error: JSON not well-formed. (line 1, column 11)\n"
            "syntax error while parsing object key - invalid literal; expected string literal");
}

TEST(Template, Circles) {
  const auto chain = [](const std::string& last) {
    return "Resources:\n"
           "  A: {Type: AWS::SNS::Topic, DependsOn: B}\n"
           "  B: {Type: AWS::SNS::Topic, Properties: {X: !GetAtt C.TopicName}}\n"
           "  C: {Type: AWS::SNS::Topic, Properties: {X: !Sub '${" +
           last +
           "}'}}\n"
           "  D: {Type: AWS::SNS::Topic}\n";
  };
  EXPECT_EQ(problems_of(chain("D")), "");
  EXPECT_EQ(problems_of(chain("A")),
            "line 2, column 3: Circular dependency between resources: [A, B, C]");
  EXPECT_EQ(problems_of(chain("B.Arn")),
            "line 3, column 3: Circular dependency between resources: [B, C]");
  EXPECT_EQ(problems_of("Resources: {A: {Type: AWS::SNS::Topic, DependsOn: A}}"),
            "line 1, column 13: Circular dependency between resources: [A]");
}

TEST(Template, CirclesOfConditions) {
  EXPECT_EQ(problems_of(std::string(kTopic) +
                        "Conditions:\n  A: !Not [!Condition B]\n  B: !Not [!Condition C]\n"
                        "  C: !Not [!Condition B]\n"),
            "line 4, column 6: Template format error: Found circular condition dependency between "
            "B, C");
  EXPECT_EQ(
      problems_of(std::string(kTopic) + "Conditions:\n  A: !Equals [!If [A, x, y], x]\n"),
      "line 3, column 6: Template format error: Found circular condition dependency between A");
}

TEST(Template, DependenciesAreWhatIsNamed) {
  const Reading reading = read_template(R"(
Parameters: {P: {Type: String}}
Resources:
  A: {Type: AWS::SNS::Topic, DependsOn: [B, C], Properties: {X: !Ref P, Y: !Ref B}}
  B: {Type: AWS::SNS::Topic, Properties: {X: {Y: [!GetAtt C.Arn, !Ref AWS::Region]}}}
  C: {Type: AWS::SNS::Topic, Properties: {X: !Sub ['${D.Arn} ${V} ${!B}', {V: !Ref E}]}}
  D: {Type: AWS::SNS::Topic}
  E: {Type: AWS::SNS::Topic, Metadata: {X: !Ref A}}
)");
  ASSERT_TRUE(reading.ok());
  using Names = std::vector<std::string>;
  const auto needs = dependencies(*reading.parsed);
  EXPECT_EQ(needs.at("A"), (Names{"B", "C"}));
  EXPECT_EQ(needs.at("B"), (Names{"C"}));
  EXPECT_EQ(needs.at("C"), (Names{"D", "E"}));
  EXPECT_EQ(needs.at("D"), Names{});
  EXPECT_EQ(needs.at("E"), Names{});
}

std::string members(const char* section, size_t count, const char* value) {
  std::string text = std::string(section) + ":\n";
  for (size_t i = 0; i < count; ++i) text += "  N" + std::to_string(i) + ": " + value + "\n";
  return text;
}

TEST(Template, LimitsHoldOnBothSides) {
  struct Limit {
    const char* section;
    size_t most;
    const char* value;
    const char* what;
  };
  const Limit kLimits[] = {
      {"Resources", kMaxResources, "{Type: AWS::SNS::Topic}", "resources"},
      {"Parameters", kMaxParameters, "{Type: String}", "parameters"},
      {"Outputs", kMaxOutputs, "{Value: x}", "outputs"},
      {"Mappings", kMaxMappings, "{a: {b: c}}", "mappings"},
  };
  for (const Limit& limit : kLimits) {
    const std::string topic = std::string(limit.section) == "Resources" ? "" : kTopic;
    EXPECT_EQ(problems_of(topic + members(limit.section, limit.most, limit.value)), "");
    const std::string over =
        problems_of(topic + members(limit.section, limit.most + 1, limit.value));
    EXPECT_NE(
        over.find("Number of " + std::string(limit.what) + ", " + std::to_string(limit.most + 1) +
                  ", is greater than maximum allowed, " + std::to_string(limit.most)),
        std::string::npos)
        << over;
  }
}

TEST(Template, LengthsHoldOnBothSides) {
  const auto described = [](size_t bytes) {
    return std::string(kTopic) + "Description: " + std::string(bytes, 'x');
  };
  EXPECT_EQ(problems_of(described(1024)), "");
  EXPECT_NE(problems_of(described(1025)).find("'Description' length is greater than 1024"),
            std::string::npos);
  const auto named = [](size_t length) {
    return "Resources:\n  ? " + std::string(length, 'x') + "\n  : {Type: AWS::SNS::Topic}\n";
  };
  EXPECT_EQ(problems_of(named(255)), "");
  EXPECT_NE(problems_of(named(256)).find("is longer than 255 characters"), std::string::npos);
}

TEST(Template, JsonAndYamlSayTheSame) {
  const Reading yaml = read_template(with_properties("{A: !GetAtt T.TopicName, B: 'x'}"));
  const Reading as_json = read_template(
      R"({"Resources": {"T": {"Type": "AWS::SNS::Topic"}, "R": {"Type": "AWS::SNS::Topic",
          "Properties": {"A": {"Fn::GetAtt": ["T", "TopicName"]}, "B": "x"}}}})");
  ASSERT_TRUE(yaml.ok() && as_json.ok());
  EXPECT_EQ(to_json(yaml.parsed->resource("R")->properties),
            to_json(as_json.parsed->resource("R")->properties));
}

// Everything refers to everything: what is checked must not grow with the square of that.
TEST(Template, AMegabyteOfReferencesEnds) {
  std::string text = "Conditions:\n";
  for (int i = 0; i < 999; ++i)
    text += "  C" + std::to_string(i) + ": !Not [!Condition C" + std::to_string(i + 1) + "]\n";
  text += "  C999: !Equals [a, a]\nResources:\n";
  for (int i = 0; i < 500; ++i) {
    text += "  R" + std::to_string(i) +
            ":\n    Type: AWS::SNS::Topic\n    Properties:\n      A:\n      - x\n";
    for (int k = i + 1; k < 500 && text.size() < 1'000'000; ++k)
      text += "      - !Ref R" + std::to_string(k) + "\n";
  }
  ASSERT_LE(text.size(), kMaxTemplateBytes);
  EXPECT_EQ(problems_of(text), "");
}

// What a template becomes may depend on its parameters: without their values nothing is said of it.
TEST(Template, ParametersWithoutAValue) {
  const std::string sections =
      "Parameters: {Kept: {Type: String}, Given: {Type: String}, Usual: {Type: String, Default: "
      "x}}\n"
      "Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref Kept}}\n";
  const Reading without = read_template(sections, {{"Given", "x"}});
  ASSERT_FALSE(without.ok());
  EXPECT_THAT(without.valueless, testing::ElementsAre("Kept"));
  EXPECT_TRUE(read_template(sections, {{"Given", "x"}, {"Kept", "Retain"}}).ok());
  const Reading wrong = read_template(sections, {{"Given", "x"}, {"Kept", "Keep"}});
  ASSERT_FALSE(wrong.ok());
  EXPECT_TRUE(wrong.valueless.empty());
  // AWS refuses it at once: it has no transforms.
  EXPECT_EQ(wrong.processing_failure, "");
  const auto written = read_as_written(sections);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->parameters.size(), 3U);
  EXPECT_EQ(written->resources[0].type, "AWS::SNS::Topic");
  EXPECT_FALSE(read_as_written("Parameters: {P: {Type: Boolean}}\nResources: {}\n"));
  EXPECT_FALSE(read_as_written("Resources: ["));
}

TEST(Template, MacrosAreNamed) {
  const std::string resources = "Resources: {T: {Type: AWS::SNS::Topic}}\n";
  for (const char* transform :
       {"Upper", "[AWS::LanguageExtensions, Upper]", "[{Name: Upper, Parameters: {A: b}}]"}) {
    const Reading reading =
        read_template(std::string("Transform: ") + transform + "\n" + resources);
    ASSERT_EQ(reading.problems.size(), 1U) << transform;
    EXPECT_THAT(reading.problems[0].message, HasSubstr("No transform named Upper found"));
  }
  // The transforms that are here may be asked for in the same way.
  const Reading named = read_template(
      "Transform: [{Name: AWS::LanguageExtensions}, {Name: AWS::Serverless-2016-10-31}]\n"
      "Resources: {'Fn::ForEach::X': [X, [A, B], {'${X}': {Type: "
      "AWS::Serverless::SimpleTable}}]}\n");
  ASSERT_TRUE(named.ok()) << named.problems[0].message;
  EXPECT_EQ(named.parsed->resource("B")->type, "AWS::DynamoDB::Table");
}

TEST(Template, WhyAChangeSetFails) {
  const auto reason = [](const std::string& text) {
    return read_template(text).processing_failure;
  };
  EXPECT_EQ(reason("Transform: AWS::Serverless-2016-10-31\n"
                   "Resources:\n"
                   "  B: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {}, X: 1}}\n"
                   "  A: {Type: AWS::Serverless::Function}\n"),
            "Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application "
            "Specification document. Number of errors found: 2. Resource with id [A] is invalid. "
            "Runtime and Handler needs to be present when PackageType is of type `Zip` Resource "
            "with id [B] is invalid. property X not defined for resource of type "
            "AWS::Serverless::SimpleTable");
  // Of each resource, with its events, SAM tells one error.
  const std::string events =
      "Transform: AWS::Serverless-2016-10-31\n"
      "Resources:\n"
      "  F:\n    Type: AWS::Serverless::Function\n    Properties:\n"
      "      CodeUri: s3://b/k\n      Handler: a.b\n      Runtime: python3.12\n      Events:\n"
      "        A: {Type: Schedule, Properties: {Schedule: [x]}}\n"
      "        B: {Type: SQS, Properties: {BatchSize: [1], Queue: !GetAtt Q.Arn}}\n"
      "        C: {Type: SNS}\n";
  EXPECT_THAT(reason(events), HasSubstr("Number of errors found: 1. Resource with id ["));
  // All count, and a hundred are told.
  std::string many = "Transform: AWS::Serverless-2016-10-31\nResources:\n";
  for (int i = 0; i < 120; ++i)
    many += "  F" + std::to_string(i) + ": {Type: AWS::Serverless::Function}\n";
  EXPECT_THAT(reason(many), HasSubstr("Number of errors found: 120. "));
  EXPECT_EQ(reason("Transform: AWS::LanguageExtensions\n"
                   "Resources: {'Fn::ForEach::X': [A]}\n"),
            "Transform AWS::LanguageExtensions failed with: Fn::ForEach::X must have an "
            "identifier, a collection that is known before the deployment, and a map");
  EXPECT_EQ(reason("Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref X}}}\n"),
            "");
  EXPECT_EQ(reason("Resources: ["), "");
  EXPECT_EQ(reason("Transform: AWS::LanguageExtensions\n"
                   "Resources: {T: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub "
                   "{'Fn::Transform': {Name: Texts}}}}}\n"),
            "Template error: Fn::Transform asks for a macro; there are none here");
}

}  // namespace
}  // namespace kiln::cfn
