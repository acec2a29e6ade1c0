#include "template/language_extensions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "template/template.h"

namespace kiln::cfn {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string with(const std::string& resources, const std::string& sections = "") {
  return "Transform: AWS::LanguageExtensions\n" + sections + "Resources:\n" + resources;
}

std::string ids(const std::string& text) {
  const Reading reading = read_template(text);
  if (!reading.ok()) return text_of(reading.problems[0]);
  std::string out;
  for (const Resource& resource : reading.parsed->resources)
    out += resource.logical_id + " " + to_json(resource.properties).dump() + ";";
  return out;
}

TEST(LanguageExtensions, ForEachIsWrittenOut) {
  EXPECT_EQ(
      ids(with("  Fn::ForEach::Topics:\n"
               "    - Name\n"
               "    - [Success, Fail]\n"
               "    - Topic${Name}: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref "
               "Name, TopicName: !Sub '${Name}-${AWS::Region}'}}\n")),
      R"(TopicSuccess {"DisplayName":"Success","TopicName":{"Fn::Sub":"Success-${AWS::Region}"}};)"
      R"(TopicFail {"DisplayName":"Fail","TopicName":{"Fn::Sub":"Fail-${AWS::Region}"}};)");
  const std::string parameter =
      "Parameters: {Names: {Type: CommaDelimitedList, Default: 'a.b, c'}}\n";
  EXPECT_EQ(ids(with("  Fn::ForEach::T:\n    - N\n    - !Ref Names\n"
                     "    - T&{N}: {Type: AWS::SNS::Topic, Properties: {DisplayName: '${N}'}}\n",
                     parameter)),
            R"(Tab {"DisplayName":"a.b"};Tc {"DisplayName":"c"};)");
  EXPECT_EQ(ids(with("  Fn::ForEach::Outer:\n    - A\n    - [x, y]\n"
                     "    - Fn::ForEach::Inner${A}:\n        - B\n        - ['1']\n"
                     "        - T${A}${B}: {Type: AWS::SNS::Topic}\n")),
            "Tx1 {};Ty1 {};");
}

TEST(LanguageExtensions, ForEachThatMakesTooMuchEnds) {
  std::string names = "[";
  for (int i = 0; i < 1000; ++i) names += "a" + std::to_string(i) + ", ";
  names += "z]";
  std::string text = "  Fn::ForEach::A:\n    - A\n    - " + names +
                     "\n    - Fn::ForEach::B:\n        - B\n        - " + names +
                     "\n        - T${A}${B}: {Type: AWS::SNS::Topic}\n";
  EXPECT_THAT(ids(with(text)), HasSubstr("makes more of this template than 200000 values"));
  EXPECT_THAT(ids(with("  Fn::ForEach::A:\n    - A\n    - [x, y]\n    - T: {Type: "
                       "AWS::SNS::Topic}\n")),
              HasSubstr("Fn::ForEach makes 'T' twice"));
  EXPECT_THAT(ids(with("  Fn::ForEach::A: [A, [x]]\n  T: {Type: AWS::SNS::Topic}\n")),
              HasSubstr("must have an identifier, a collection"));
}

TEST(LanguageExtensions, PoliciesByReference) {
  const Reading reading =
      read_template(with("  T: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref Keep}\n",
                         "Parameters: {Keep: {Type: String, Default: Retain}}\n"));
  ASSERT_TRUE(reading.ok()) << text_of(reading.problems[0]);
  EXPECT_EQ(reading.parsed->resources[0].deletion_policy, Policy::kRetain);
  const Reading given =
      read_template(with("  T: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref Keep}\n",
                         "Parameters: {Keep: {Type: String, Default: Retain}}\n"),
                    {{"Keep", "Delete"}});
  EXPECT_EQ(given.parsed->resources[0].deletion_policy, Policy::kDelete);
}

TEST(LanguageExtensions, PoliciesByConditionNeedNoTransform) {
  const std::string text =
      "Parameters: {Env: {Type: String}}\n"
      "Conditions:\n"
      "  IsProd: !Equals [!Ref Env, prod]\n"
      "  IsTest: !And [!Not [!Condition IsProd], !Or [!Equals [!Ref Env, test], !Equals [a, b]]]\n"
      "Resources:\n"
      "  T:\n"
      "    Type: AWS::SNS::Topic\n"
      "    DeletionPolicy: !If [IsProd, Retain, !If [IsTest, Delete, !Ref AWS::NoValue]]\n"
      "    UpdateReplacePolicy: !If [IsProd, Retain, Delete]\n";
  const auto policies = [&](const std::string& env) {
    const Reading reading = read_template(text, {{"Env", env}});
    EXPECT_TRUE(reading.ok()) << text_of(reading.problems[0]);
    const Resource& resource = reading.parsed->resources[0];
    return std::pair(resource.deletion_policy, resource.update_replace_policy);
  };
  EXPECT_EQ(policies("prod"), std::pair(Policy::kRetain, Policy::kRetain));
  EXPECT_EQ(policies("test"), std::pair(Policy::kDelete, Policy::kDelete));
  EXPECT_EQ(policies("dev"), std::pair(Policy::kDelete, Policy::kDelete));
  EXPECT_EQ(read_template(text, {{"Env", "AWS::NoValue"}}).parsed->resources[0].deletion_policy,
            Policy::kDelete);
  const Reading circular = read_template(
      "Conditions: {A: !Condition B, B: !Condition A}\n"
      "Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: !If [A, Retain, Delete]}}\n");
  EXPECT_FALSE(circular.ok());
}

// Each condition is found once: a few that name one another often would else take for ever.
TEST(LanguageExtensions, ConditionsThatNameOneAnotherOftenAreFoundOnce) {
  std::string text = "Conditions:\n  C0: !Equals [a, a]\n";
  for (int i = 1; i <= 14; ++i) {
    text += "  C" + std::to_string(i) + ": !And [";
    for (int n = 0; n < 10; ++n)
      text += (n > 0 ? ", " : "") + ("!Condition C" + std::to_string(i - 1));
    text += "]\n";
  }
  text += "Resources: {T: {Type: AWS::SNS::Topic, DeletionPolicy: !If [C14, Retain, Delete]}}\n";
  const Reading reading = read_template(text);
  ASSERT_TRUE(reading.ok()) << text_of(reading.problems[0]);
  EXPECT_EQ(reading.parsed->resources[0].deletion_policy, Policy::kRetain);
}

// Each level asks for the one below it four times; the innermost text is empty.
TEST(LanguageExtensions, TextsThatAreMadeOfOneAnotherOftenAreMadeOnce) {
  std::string text = "''";
  for (int i = 0; i < 30; ++i) text = "{'Fn::Sub': ['${a}${a}${a}${a}', {a: " + text + "}]}";
  EXPECT_THAT(
      ids(with("  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: {Ref: " + text + "}}}\n")),
      Not(HasSubstr("makes more")));
}

// Nor can few words become more text than a template may have.
TEST(LanguageExtensions, WhatIsReferredToHasTheLimitOfATemplate) {
  std::string resources = "  T: {Type: AWS::SNS::Topic, Metadata: [";
  for (int i = 0; i < 100; ++i) resources += "{Ref: {'Fn::FindInMap': [M, a, b]}}, ";
  resources += "]}\n";
  const std::string large = "Mappings: {M: {a: {b: " + std::string(50'000, 'x') + "}}}\n";
  EXPECT_THAT(ids(with(resources, large)), HasSubstr("or 4194304 bytes of text"));
}

// One that asks for too much is refused as it stands, also where SAM comes next.
TEST(LanguageExtensions, PoliciesOfTooMuchTextAreRefused) {
  std::string text, map;
  for (int i = 0; i < 60; ++i) {
    text += "${v" + std::to_string(i) + "}";
    map += (i > 0 ? ", v" : "v") + std::to_string(i) + ": !FindInMap [M, a, b]";
  }
  std::string resources = "Resources:\n";
  for (int i = 0; i < 20; ++i)
    resources += "  T" + std::to_string(i) + ":\n    Type: AWS::Serverless::SimpleTable\n" +
                 "    DeletionPolicy: !Sub ['" + text + "', {" + map + "}]\n";
  const std::string large = "Mappings: {M: {a: {b: " + std::string(50'000, 'x') + "}}}\n";
  for (const char* transform :
       {"AWS::Serverless-2016-10-31", "[AWS::LanguageExtensions, AWS::Serverless-2016-10-31]"}) {
    const Reading reading =
        read_template(std::string("Transform: ") + transform + "\n" + large + resources);
    ASSERT_FALSE(reading.ok());
    EXPECT_LT(text_of(reading.problems[0]).size(), 2000U);
  }
}

// What is given for such a parameter is the name of its value, which is known only later.
TEST(LanguageExtensions, ValuesInTheParameterStoreAreNotKnown) {
  const std::string parameter =
      "Parameters: {Names: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /names}}\n";
  const std::string topics =
      "  Fn::ForEach::T:\n    - N\n    - !Ref Names\n    - T&{N}: {Type: AWS::SNS::Topic}\n";
  EXPECT_THAT(ids(with(topics, parameter)), HasSubstr("collection that is known before"));
  const Reading given = read_template(with(topics, parameter), {{"Names", "/names"}});
  ASSERT_FALSE(given.ok());
  EXPECT_THAT(given.problems[0].message, HasSubstr("collection that is known before"));
  const Reading code = read_template(
      "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
      "Parameters: {Key: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /key}}\n"
      "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: "
      "python3.12, CodeUri: !Sub 's3://code/${Key}'}}}\n");
  ASSERT_FALSE(code.ok());
  EXPECT_THAT(code.problems[0].message, HasSubstr("'CodeUri' is not a valid S3 Uri"));
}

TEST(LanguageExtensions, FunctionsNameWhatIsReferredTo) {
  const std::string text =
      with(
          "  OneTopic: {Type: AWS::SNS::Topic, Properties: {DisplayName: {Ref: !Sub "
          "'${Stage}Name'}}}\n",
          "Parameters: {Stage: {Type: String}, liveName: {Type: String, Default: x}}\n"
          "Mappings: {M: {live: {Id: OneTopic}}}\n") +
      "Outputs:\n"
      "  O: {Value: !GetAtt [!FindInMap [M, !Ref Stage, Id], !Join ['', [Topic, Name]]]}\n";
  const Reading reading = read_template(text, {{"Stage", "live"}});
  ASSERT_TRUE(reading.ok()) << reading.problems[0].message;
  EXPECT_EQ(to_json(reading.parsed->resources[0].properties).dump(),
            R"({"DisplayName":{"Ref":"liveName"}})");
  EXPECT_EQ(to_json(reading.parsed->outputs[0].value).dump(),
            R"({"Fn::GetAtt":["OneTopic","TopicName"]})");
}

TEST(LanguageExtensions, SamFindsTheTextOfCode) {
  const std::string function =
      "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: "
      "python3.12, CodeUri: !Sub 's3://code-${AWS::AccountId}/f.zip'}}}\n";
  const std::map<std::string, std::string> known = {{"AWS::AccountId", "000000000000"}};
  const Reading both = read_template(
      "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n" + function, known);
  ASSERT_TRUE(both.ok()) << both.problems[0].message;
  EXPECT_EQ(to_json(*both.parsed->resource("F")->properties.find("Code")).dump(),
            R"({"S3Bucket":"code-000000000000","S3Key":"f.zip"})");
  const Reading globals = read_template(
      "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
      "Globals: {Function: {CodeUri: !Sub 's3://code-${AWS::AccountId}/g.zip'}}\n"
      "Resources: {F: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: "
      "python3.12}}}\n",
      known);
  ASSERT_TRUE(globals.ok()) << globals.problems[0].message;
  EXPECT_EQ(to_json(*globals.parsed->resource("F")->properties.find("Code")).dump(),
            R"({"S3Bucket":"code-000000000000","S3Key":"g.zip"})");
  const Reading alone = read_template("Transform: AWS::Serverless-2016-10-31\n" + function, known);
  ASSERT_FALSE(alone.ok());
  EXPECT_THAT(alone.problems[0].message,
              HasSubstr("'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key'"));
}

}  // namespace
}  // namespace kiln::cfn
