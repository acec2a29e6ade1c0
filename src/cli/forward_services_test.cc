// Which services `kiln serve --forward` passes on.
#include "cli/forward_services.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/cli_program.h"

namespace kiln::cli {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

TEST(Forward, ServicesOfAwsByEitherName) {
  for (const char* service : {"s3", "dynamodb", "sqs", "sts", "ssm", "iam", "events", "eventbridge",
                              "states", "stepfunctions", "secretsmanager", "kinesis", "kms",
                              "access-analyzer", "xray", "IoTSecuredTunneling", "workspaces-web"})
    EXPECT_EQ(wrong_forward(service), "") << service;
}

TEST(Forward, TyposAreSaid) {
  const auto hint = [](const std::string& near) {
    return "; did you mean " + near + "? The names are those of the AWS CLI, such as ";
  };
  EXPECT_THAT(wrong_forward("dynamobd"),
              StartsWith("AWS has no service 'dynamobd'" + hint("dynamodb")));
  EXPECT_THAT(wrong_forward("DynamoDB"),
              StartsWith("AWS has no service 'DynamoDB'" + hint("dynamodb")));
  EXPECT_THAT(wrong_forward("secretmanager"),
              StartsWith("AWS has no service 'secretmanager'" + hint("secretsmanager")));
  EXPECT_THAT(wrong_forward("minio-server"),
              StartsWith("AWS has no service 'minio-server'; the names are those of the AWS CLI"));
  for (const char* own : {"lambda", "cloudwatch", "monitoring", "logs", "sns", "cloudformation",
                          "compute-optimizer", "application-autoscaling"})
    EXPECT_EQ(wrong_forward(own),
              std::string("Kiln has ") + own + " itself; leave this --forward out");
}

TEST(Forward, RequestsAreKnownByTheirTargetToo) {
  EXPECT_THAT(forwarded_names("s3"), ElementsAre("s3"));
  EXPECT_THAT(forwarded_names("eventbridge"), ElementsAre("events"));
  EXPECT_THAT(forwarded_names("states"), ElementsAre("states", "stepfunctions"));
  EXPECT_THAT(forwarded_names("stepfunctions"), ElementsAre("states", "stepfunctions"));
  EXPECT_THAT(forwarded_names("dynamodb"), ElementsAre("dynamodb", "dynamodbstreams"));
  EXPECT_THAT(forwarded_names("dynamodbstreams"), ElementsAre("dynamodbstreams"));
}

TEST(Forward, TheCommandRefusesATypo) {
  const Outcome outcome = run({"serve", "--forward", "dynamobd=http://127.0.0.1:8000"});
  EXPECT_EQ(outcome.code, kExitUsage);
  EXPECT_THAT(outcome.err, StartsWith("kiln: --forward: AWS has no service 'dynamobd'; "));
}

}  // namespace
}  // namespace kiln::cli
