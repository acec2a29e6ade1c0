#include "services/sts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::services {
namespace {

using testing::HasSubstr;

TEST(StsService, GetCallerIdentity) {
  const StsService sts("123456789012");
  net::Request request{net::http::verb::post, "/", 11};
  const auto query = wire::QueryRequest::parse("Action=GetCallerIdentity&Version=2011-06-15");
  auto response = sts.handle(request.base(), *query);
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "text/xml");
  EXPECT_THAT(response.body, HasSubstr("<GetCallerIdentityResult>"
                                       "<Arn>arn:aws:iam::123456789012:root</Arn>"
                                       "<UserId>AKIAIOSFODNN7EXAMPLE</UserId>"
                                       "<Account>123456789012</Account>"
                                       "</GetCallerIdentityResult>"));
  request.set("Authorization",
              "AWS4-HMAC-SHA256 Credential=MYKEY/20260101/us-east-1/sts/aws4_request, Signature=a");
  EXPECT_THAT(sts.handle(request.base(), *query).body, HasSubstr("<UserId>MYKEY</UserId>"));
}

TEST(StsService, OtherOperationsAreNamed) {
  const StsService sts("000000000000");
  const net::Request request{net::http::verb::post, "/", 11};
  const auto response = sts.handle(
      request.base(), *wire::QueryRequest::parse("Action=AssumeRole&Version=2011-06-15"));
  EXPECT_EQ(response.status, 400U);
  EXPECT_THAT(response.body, HasSubstr("<Code>InvalidAction</Code>"));
  EXPECT_THAT(response.body, HasSubstr("no operation AssumeRole"));
}

}  // namespace
}  // namespace kiln::services
