#include "sdk/clients/aws/retry.h"

#include <gtest/gtest.h>

namespace kiln::aws {
namespace {

TEST(Retry, Answers) {
  const struct {
    int status;
    const char* code;
    bool twice, once;
  } cases[] = {
      {400, "ValidationException", false, false},
      {400, "ThrottlingException", true, true},
      {400, "ProvisionedThroughputExceededException", true, true},
      {400, "ConditionalCheckFailedException", false, false},
      {400, "RequestTimeout", true, false},
      {403, "AccessDenied", false, false},
      {404, "NoSuchKey", false, false},
      {428, "", false, false},
      {429, "", true, true},
      {429, "TooManyRequestsException", true, true},
      {430, "", false, false},
      {499, "", false, false},
      {500, "InternalError", true, false},
      {502, "", true, false},
      {503, "SlowDown", true, true},
      {503, "", true, true},
      {504, "", true, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(worth_retry(c.status, c.code, Repeat::kTwice), c.twice) << c.status << c.code;
    EXPECT_EQ(worth_retry(c.status, c.code, Repeat::kOnce), c.once) << c.status << c.code;
  }
}

TEST(Retry, Connections) {
  using Kind = http::Error::Kind;
  const struct {
    Kind kind;
    bool twice, once;
  } cases[] = {{Kind::kInvalid, false, false}, {Kind::kUnavailable, false, false},
               {Kind::kConnect, true, true},   {Kind::kTimeout, true, false},
               {Kind::kBroken, true, false},   {Kind::kTooLarge, false, false},
               {Kind::kStopped, false, false}};
  for (const auto& c : cases) {
    EXPECT_EQ(worth_retry(c.kind, Repeat::kTwice), c.twice);
    EXPECT_EQ(worth_retry(c.kind, Repeat::kOnce), c.once);
  }
}

TEST(Retry, BackoffIsAPartOfADoublingTime) {
  using std::chrono::milliseconds;
  EXPECT_EQ(backoff(1, 1), milliseconds(100));
  EXPECT_EQ(backoff(1, 0), milliseconds(0));
  EXPECT_EQ(backoff(2, 1), milliseconds(200));
  EXPECT_EQ(backoff(2, 0.5), milliseconds(100));
  EXPECT_EQ(backoff(6, 1), milliseconds(3200));
  EXPECT_EQ(backoff(7, 1), milliseconds(5000));
  EXPECT_EQ(backoff(1000, 1), milliseconds(5000));
}

}  // namespace
}  // namespace kiln::aws
