#include "model/destination.h"

#include <gtest/gtest.h>

#include <string>

namespace kiln::model {
namespace {

TEST(Destination, PatternOnBothSides) {
  for (const char* fits :
       {"", "arn:aws:lambda:us-east-1:000000000000:function:f",
        "arn:aws:sqs:eu-west-1:1234567890"
        "12:q",
        "arn:aws-cn:sns:cn-north-1:000000000000:t", "arn:aws:s3:::bucket",
        "arn:aws-us-gov:sns:us-gov-west-1:000000000000:t",
        "arn:aws:sns:us-isob-east-1:000000000000:t",
        "arn:aws-eusc:sns:eusc-de-east-1:000000000000:t",
        "arn:aws:events:us-east-1:000000000000:", "kafka://orders", "kafka://a.b_c-D"})
    EXPECT_TRUE(is_destination(fits)) << fits;
  const std::string topic(249, 'x');
  EXPECT_TRUE(is_destination("kafka://" + topic));
  EXPECT_FALSE(is_destination("kafka://" + topic + "x"));
  for (const char* not_one :
       {"x", "arn", "arn:aws:_-/!lambda:us-east-1:000000000000:function:f",
        "arn:aws:sqs:us-east:"
        "000000000000:q",
        "arn:aws:sqs:us-east-1:12:q", "arn:aws:sqs:us-east-1", "arn:xaws:sqs:::q",
        "arn:aws::us-east-1:000000000000:q", "kafka://", "kafka://.x", "kafka://a/b"})
    EXPECT_FALSE(is_destination(not_one)) << not_one;
}

}  // namespace
}  // namespace kiln::model
