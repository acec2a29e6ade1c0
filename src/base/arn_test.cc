#include "base/arn.h"

#include <gtest/gtest.h>

namespace kiln {
namespace {

TEST(Arn, ThePartitionFollowsTheRegion) {
  const struct {
    const char* region;
    const char* partition;
    const char* suffix;
  } cases[] = {{"us-east-1", "aws", "amazonaws.com"},
               {"eu-central-1", "aws", "amazonaws.com"},
               {"ca-central-1", "aws", "amazonaws.com"},
               {"cn-north-1", "aws-cn", "amazonaws.com.cn"},
               {"cn-northwest-1", "aws-cn", "amazonaws.com.cn"},
               {"us-gov-west-1", "aws-us-gov", "amazonaws.com"},
               {"us-gov-east-1", "aws-us-gov", "amazonaws.com"},
               {"us-iso-east-1", "aws-iso", "c2s.ic.gov"},
               {"us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"},
               {"", "aws", "amazonaws.com"}};
  for (const auto& c : cases) {
    EXPECT_EQ(partition_of(c.region), c.partition) << c.region;
    EXPECT_EQ(url_suffix_of(c.region), c.suffix) << c.region;
  }
  EXPECT_EQ(arn_start("lambda", "us-east-1"), "arn:aws:lambda:us-east-1:");
  EXPECT_EQ(arn_start("lambda", "cn-north-1"), "arn:aws-cn:lambda:cn-north-1:");
  EXPECT_EQ(global_arn_start("iam", "us-gov-west-1"), "arn:aws-us-gov:iam::");
}

TEST(Arn, OfAServiceInEveryPartition) {
  EXPECT_TRUE(is_arn_of("arn:aws:sqs:us-east-1:000000000000:q", "sqs"));
  EXPECT_TRUE(is_arn_of("arn:aws-cn:sqs:cn-north-1:000000000000:q", "sqs"));
  EXPECT_TRUE(is_arn_of("arn:aws-us-gov:sqs:us-gov-west-1:000000000000:q", "sqs"));
  for (const char* other : {"", "arn:aws", "arn:aws:sqs", "arn:awsx:sqs:a", "arn:aws:sqsx:a",
                            "arn:aws:sns:a", "arn:azure:sqs:a", "q"})
    EXPECT_FALSE(is_arn_of(other, "sqs")) << other;
}

}  // namespace
}  // namespace kiln
