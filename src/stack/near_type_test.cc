#include "stack/near_type.h"

#include <gtest/gtest.h>

namespace kiln::stack {
namespace {

TEST(NearType, IsOneSlipAwayInItsServiceOrItsLastPart) {
  const std::vector<std::string> known = {
      "AWS::Lambda::Function",     "AWS::Lambda::EventInvokeConfig",
      "AWS::Serverless::Function", "AWS::SNS::Topic",
      "AWS::SNS::TopicPolicy",     "AWS::S3::Bucket",
      "AWS::IAM::Policy",          "AWS::CloudFormation::WaitConditionHandle"};
  const struct {
    const char* name;
    const char* near;
  } cases[] = {
      {"AWS::Lambda::Fuction", "AWS::Lambda::Function"},
      {"AWS::Lamda::Function", "AWS::Lambda::Function"},
      {"aws::lambda::function", "AWS::Lambda::Function"},
      {"AWS::Serverless::Functions", "AWS::Serverless::Function"},
      {"AWS::SNS::Topics", "AWS::SNS::Topic"},
      // Types that AWS has.
      {"AWS::SQS::Queue", ""},
      {"AWS::CloudFormation::WaitCondition", ""},
      {"AWS::IoT::Policy", ""},
      {"AWS::SQS::QueuePolicy", ""},
      {"AWS::EC2::Instance", ""},
      {"AWS::Lambda::CodeSigningConfig", ""},
      {"AWS::S3::AccessPoint", ""},
      {"Function", ""},
      {"", ""},
  };
  for (const auto& c : cases) EXPECT_EQ(near_type(c.name, known), c.near) << c.name;
}

TEST(NearType, AdviceNamesTheTransformThatIsMissing) {
  EXPECT_EQ(advice_for_types({"AWS::Lambda::Fuction", "AWS::EC2::VPC"}, false),
            "Did you mean AWS::Lambda::Function?");
  EXPECT_EQ(advice_for_types({"AWS::Serverless::Function"}, false),
            "AWS::Serverless's types need the line 'Transform: AWS::Serverless-2016-10-31' at the "
            "top of the template.");
  EXPECT_EQ(advice_for_types({"AWS::Serverless::Function"}, true), "");
  EXPECT_EQ(advice_for_types({"AWS::Serverless::Functions"}, true),
            "Did you mean AWS::Serverless::Function?");
  EXPECT_EQ(advice_for_types({"AWS::EC2::VPC"}, false), "");
}

}  // namespace
}  // namespace kiln::stack
