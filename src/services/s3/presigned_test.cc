#include "services/s3/presigned.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/s3/xml.h"

namespace kiln::services {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kNowS = 1'767'225'600;  // 2026-01-01T00:00:00Z

std::string said(const std::string& query) {
  const auto checked = check_presigned(wire::QueryParams::parse(query), kNowS);
  return checked.ok() ? "ok"
                      : checked.error().type + " | " + std::string(s3_message(checked.error()));
}

std::string version_4(const std::string& date, const std::string& expires) {
  return said(
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=c&X-Amz-SignedHeaders=host"
      "&X-Amz-Signature=0&X-Amz-Date=" +
      date + "&X-Amz-Expires=" + expires);
}

TEST(Presigned, VersionFourHasAWeekAtMost) {
  EXPECT_EQ(version_4("20260101T000000Z", "0"), "ok");
  EXPECT_EQ(version_4("20251231T235950Z", "10"), "ok");
  EXPECT_EQ(version_4("20251231T235950Z", "9"), "AccessDenied | Request has expired");
  EXPECT_EQ(version_4("20260101T000000Z", "604800"), "ok");
  EXPECT_THAT(version_4("20260101T000000Z", "604801"),
              StartsWith("AuthorizationQueryParametersError | X-Amz-Expires must be less than a "
                         "week (in seconds)"));
  EXPECT_EQ(version_4("20260101T000000Z", "-1"),
            "AuthorizationQueryParametersError | X-Amz-Expires must be non-negative");
  for (const char* wrong : {"", "1s", "99999999999999999999"})
    EXPECT_EQ(version_4("20260101T000000Z", wrong),
              "AuthorizationQueryParametersError | X-Amz-Expires should be a number");
  for (const char* wrong : {"", "20260101", "20260101T000000", "20261301T000000Z"})
    EXPECT_THAT(version_4(wrong, "1"), HasSubstr("X-Amz-Date must be in the ISO8601 Long Format"));
}

TEST(Presigned, WhatHasExpiredSaysWhen) {
  const auto checked = check_presigned(
      wire::QueryParams::parse("X-Amz-Algorithm=a&X-Amz-Credential=c&X-Amz-SignedHeaders=host"
                               "&X-Amz-Signature=0&X-Amz-Date=20251231T000000Z&X-Amz-Expires=5"),
      kNowS);
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(s3_error(checked.error(), "b", "k").body,
              HasSubstr("<Message>Request has expired</Message><X-Amz-Expires>5</X-Amz-Expires>"
                        "<Expires>2025-12-31T00:00:05Z</Expires>"
                        "<ServerTime>2026-01-01T00:00:00Z</ServerTime>"));
}

TEST(Presigned, VersionTwoSaysItsEnd) {
  const std::string start = "AWSAccessKeyId=a&Signature=s&Expires=";
  EXPECT_EQ(said(start + "1767225600"), "ok");
  EXPECT_EQ(said(start + "1767225599"), "AccessDenied | Request has expired");
  EXPECT_EQ(said(start + "soon"),
            "AccessDenied | Invalid date (should be seconds since epoch): soon");
  EXPECT_EQ(said(start + "999999999999999"),
            "AccessDenied | Invalid date (should be seconds since epoch): 999999999999999");
}

TEST(Presigned, AllParametersOfAVersion) {
  EXPECT_EQ(said("AWSAccessKeyId=a&Expires=1"),
            "AccessDenied | Query-string authentication requires the Signature, Expires and "
            "AWSAccessKeyId parameters");
  EXPECT_THAT(said("X-Amz-Signature=0&X-Amz-Expires=1"),
              StartsWith("AuthorizationQueryParametersError | Query-string authentication version "
                         "4 requires the X-Amz-Algorithm"));
  // What else is in an address says nothing.
  EXPECT_EQ(said("versionId=null&response-expires=x"), "ok");
}

}  // namespace
}  // namespace kiln::services
