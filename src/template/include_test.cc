#include "template/include.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "template/template.h"

namespace kiln::cfn {
namespace {

using testing::HasSubstr;

using IncludedFiles = std::map<std::string, std::string>;

Include from_files(const IncludedFiles& files) {
  return [files](const std::string& location) -> std::optional<Result<std::string>> {
    if (location.starts_with("unknown")) return std::nullopt;
    const auto found = files.find(location);
    if (found == files.end())
      return Result<std::string>(Error{ErrorKind::kNotFound, "NoSuchKey", "It does not exist"});
    return Result<std::string>(found->second);
  };
}

std::string with_included(const std::string& text, const IncludedFiles& files,
                          const std::map<std::string, std::string>& parameters = {}) {
  const Reading reading = read_template(text, parameters, from_files(files));
  if (!reading.ok()) return text_of(reading.problems[0]);
  std::string out;
  for (const Resource& resource : reading.parsed->resources)
    out += resource.logical_id + " " + to_json(resource.properties).dump() + ";";
  return out;
}

TEST(Include, StandsInThePlaceOfTheTransform) {
  EXPECT_EQ(with_included(
                "Resources:\n"
                "  T:\n"
                "    Type: AWS::SNS::Topic\n"
                "    Properties:\n"
                "      DisplayName: own\n"
                "      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/p.yaml}}\n"
                "  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/r.json}}\n",
                {{"s3://b/p.yaml", "TopicName: n\nDisplayName: other\n"},
                 {"s3://b/r.json", R"({"U": {"Type": "AWS::SNS::Topic"}})"}}),
            R"(T {"DisplayName":"other","TopicName":"n"};U {};)");
}

TEST(Include, ReplacesAResourceOfTheSameName) {
  const char* text =
      "Resources:\n"
      "  T: {Type: AWS::SNS::Topic, Properties: {TopicName: own, DisplayName: d}}\n"
      "  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/r.json}}\n";
  EXPECT_EQ(with_included(text, {{"s3://b/r.json", R"({"T": {"Type": "AWS::SNS::Topic", )"
                                                   R"("Properties": {"TopicName": "n"}}})"}}),
            R"(T {"TopicName":"n"};)");
  EXPECT_EQ(with_included("Transform: {Name: AWS::Include, Parameters: {Location: s3://b/all}}\n"
                          "Resources:\n"
                          "  T: {Type: AWS::SNS::Topic, Properties: {TopicName: own}}\n"
                          "  U: {Type: AWS::SNS::Topic}\n",
                          {{"s3://b/all", "Resources: {T: {Type: AWS::SNS::Topic}}"}}),
            R"(T {};U {};)");
}

TEST(Include, AValueMayBeAnything) {
  EXPECT_EQ(with_included(
                "Resources:\n"
                "  T:\n"
                "    Type: AWS::SNS::Topic\n"
                "    Properties:\n"
                "      Tags:\n"
                "        Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/t}}\n",
                {{"s3://b/t", "- {Key: a, Value: b}\n"}}),
            R"(T {"Tags":[{"Key":"a","Value":"b"}]};)");
}

TEST(Include, AtTheTopItBelongsToTheWholeTemplate) {
  const std::string text =
      "Transform: {Name: AWS::Include, Parameters: {Location: !Sub 's3://${Bucket}/all.yaml'}}\n"
      "Parameters: {Bucket: {Type: String, Default: b}}\n"
      "Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref P}}\n";
  const std::string all =
      "Parameters: {P: {Type: String, Default: x}}\nResources: {U: {Type: AWS::SNS::Topic}}\n";
  EXPECT_EQ(with_included(text, {{"s3://b/all.yaml", all}}),
            R"(T {"DisplayName":{"Ref":"P"}};U {};)");
  EXPECT_EQ(with_included(text, {{"s3://c/all.yaml", all}}, {{"Bucket", "c"}}),
            R"(T {"DisplayName":{"Ref":"P"}};U {};)");
  const Reading reading = read_template(text, {}, from_files({{"s3://b/all.yaml", all}}));
  ASSERT_TRUE(reading.ok());
  EXPECT_EQ(reading.parsed->transforms, std::vector<std::string>{"AWS::Include"});
  const auto processed = processed_template(text, {}, from_files({{"s3://b/all.yaml", all}}));
  EXPECT_FALSE(processed.contains("Transform"));
  EXPECT_EQ(processed["Resources"]["U"]["Type"], "AWS::SNS::Topic");
}

TEST(Include, ComesBeforeSam) {
  EXPECT_THAT(
      with_included("Transform: [AWS::Serverless-2016-10-31]\n"
                    "Resources:\n"
                    "  F:\n"
                    "    Type: AWS::Serverless::Function\n"
                    "    Properties:\n"
                    "      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/f}}\n",
                    {{"s3://b/f", "Runtime: python3.12\nHandler: a.b\nInlineCode: x\n"}}),
      HasSubstr(R"("Runtime":"python3.12")"));
}

TEST(Include, SaysWhatIsWrong) {
  const auto at = [](const std::string& location) {
    return "Resources:\n  Fn::Transform: {Name: AWS::Include, Parameters: {Location: " + location +
           "}}\n";
  };
  EXPECT_EQ(with_included(at("s3://b/none"), {}),
            "line 2, column 18: Transform AWS::Include failed with: It does not exist "
            "(s3://b/none)");
  EXPECT_THAT(with_included(at("!Ref Nowhere"), {}),
              HasSubstr("The location parameter is not a valid S3 uri."));
  EXPECT_THAT(with_included(at("s3://b/bad"), {{"s3://b/bad", "a: [b"}}),
              HasSubstr("The specified S3 object's content should be valid Yaml/JSON"));
  EXPECT_THAT(
      with_included(at("s3://b/list") + "  T: {Type: AWS::SNS::Topic}\n", {{"s3://b/list", "[a]"}}),
      HasSubstr("what is included must be a map here"));
  EXPECT_THAT(
      with_included(at("s3://b/big"), {{"s3://b/big", std::string(kMaxIncludedBytes + 1, ' ')}}),
      HasSubstr("has more than 1048576 bytes"));
}

TEST(Include, WhatIsUnknownHereIsNoProblem) {
  const Reading reading = read_template(
      "Resources:\n"
      "  T: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref InTheOther}}\n"
      "  Fn::Transform: {Name: AWS::Include, Parameters: {Location: unknown}}\n",
      {}, from_files({}));
  EXPECT_TRUE(reading.ok());
  ASSERT_EQ(reading.notes.size(), 1U);
  EXPECT_THAT(reading.notes[0].message, HasSubstr("can't be read from here"));
}

}  // namespace
}  // namespace kiln::cfn
