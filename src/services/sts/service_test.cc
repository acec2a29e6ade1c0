#include "services/sts/service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::services {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

class StsTest : public testing::Test {
 protected:
  net::Response ask(const std::string& form, const std::string& key = "") {
    net::Request request{net::http::verb::post, "/", 11};
    if (!key.empty())
      request.set("Authorization", "AWS4-HMAC-SHA256 Credential=" + key +
                                       "/20260101/us-east-1/sts/aws4_request, Signature=a");
    return sts_.handle(request.base(),
                       *wire::QueryRequest::parse("Version=2011-06-15&Action=" + form));
  }
  static std::string element(const std::string& xml, const std::string& name) {
    const size_t start = xml.find("<" + name + ">");
    if (start == std::string::npos) return {};
    const size_t from = start + name.size() + 2;
    return xml.substr(from, xml.find('<', from) - from);
  }
  static std::string assume(const std::string& more = "",
                            const std::string& arn = "arn:aws:iam::222222222222:role/path/deploy",
                            const std::string& name = "me@home") {
    return "AssumeRole&RoleArn=" + arn + "&RoleSessionName=" + name + more;
  }

  ManualClock clock_{WallTime(std::chrono::seconds(1'700'000'000))};  // 2023-11-14T22:13:20Z
  RoleIds role_ids_;
  StsService sts_{"123456789012", clock_, role_ids_};
};

TEST_F(StsTest, GetCallerIdentity) {
  const auto response = ask("GetCallerIdentity");
  EXPECT_EQ(response.status, 200U);
  EXPECT_EQ(response.content_type, "text/xml");
  EXPECT_THAT(response.body, HasSubstr("<GetCallerIdentityResult>"
                                       "<Arn>arn:aws:iam::123456789012:root</Arn>"
                                       "<UserId>AKIAIOSFODNN7EXAMPLE</UserId>"
                                       "<Account>123456789012</Account>"
                                       "</GetCallerIdentityResult>"));
  EXPECT_THAT(ask("GetCallerIdentity", "MYKEY").body, HasSubstr("<UserId>MYKEY</UserId>"));
}

TEST_F(StsTest, AnAssumedRoleIsWhoCallsThen) {
  const std::string role = ask(assume()).body;
  EXPECT_EQ(element(role, "Expiration"), "2023-11-14T23:13:20.000Z");
  EXPECT_EQ(element(role, "Arn"), "arn:aws:sts::222222222222:assumed-role/deploy/me@home");
  const std::string key = element(role, "AccessKeyId");
  EXPECT_THAT(key, MatchesRegex("ASIA[A-Z2-7]{16}"));
  EXPECT_EQ(element(role, "SecretAccessKey").size(), 40U);
  EXPECT_GT(element(role, "SessionToken").size(), 100U);
  EXPECT_THAT(element(role, "AssumedRoleId"), MatchesRegex("AROA[A-Z2-7]{17}:me@home"));
  const std::string caller = ask("GetCallerIdentity", key).body;
  EXPECT_EQ(element(caller, "Arn"), element(role, "Arn"));
  EXPECT_EQ(element(caller, "UserId"), element(role, "AssumedRoleId"));
  EXPECT_EQ(element(caller, "Account"), "222222222222");
  // The role has one id, a session has its own key.
  const std::string again =
      ask(assume("", "arn:aws:iam::222222222222:role/path/deploy", "you")).body;
  EXPECT_EQ(element(again, "AssumedRoleId").substr(0, 20),
            element(role, "AssumedRoleId").substr(0, 20));
  EXPECT_NE(element(again, "AccessKeyId"), key);
}

TEST_F(StsTest, ARoleOfIamHasIamsId) {
  role_ids_.set("arn:aws:iam::222222222222:role/path/deploy", "AROAOFIAM");
  EXPECT_EQ(element(ask(assume()).body, "AssumedRoleId"), "AROAOFIAM:me@home");
  EXPECT_EQ(element(ask(assume("", "arn:aws-cn:iam::222222222222:role/path/deploy")).body,
                    "AssumedRoleId"),
            "AROAOFIAM:me@home");
}

TEST_F(StsTest, ASessionTokenIsAsLargeAsWanted) {
  for (const auto& what : {std::string("GetSessionToken"), assume()}) {
    const auto token = [&](int size) {
      return element(ask(what + "&MinimumSessionTokenSize=" + std::to_string(size)).body,
                     "SessionToken");
    };
    EXPECT_GE(token(4096).size(), 4096U) << what;
    EXPECT_LT(token(0).size(), 1000U) << what;
    const auto refused = ask(what + "&MinimumSessionTokenSize=4097");
    EXPECT_EQ(refused.status, 400U);
    EXPECT_THAT(refused.body, HasSubstr("less than or equal to 4096"));
  }
}

TEST_F(StsTest, PackedPolicySizeIsOfWhatWasGiven) {
  EXPECT_THAT(ask(assume()).body, Not(HasSubstr("PackedPolicySize")));
  EXPECT_THAT(ask(assume("&Tags.member.1.Key=a&Tags.member.1.Value=b")).body,
              HasSubstr("<PackedPolicySize>"));
}

TEST_F(StsTest, SessionTagsAreRefusedWithAwsTexts) {
  const std::string tag = "&Tags.member.1.Key=SessionTag1&Tags.member.1.Value=v";
  const auto code_and_text = [&](const std::string& form, const std::string& key = "") {
    const std::string body = ask(form, key).body;
    return element(body, "Code") + ": " + element(body, "Message");
  };
  EXPECT_EQ(code_and_text(assume(tag + "&TransitiveTagKeys.member.1=InvalidKey")),
            "InvalidParameterValue: The specified transitive tag key must be included in the "
            "requested tags.");
  EXPECT_EQ(code_and_text(assume(tag + "&Tags.member.2.Key=sessiontag1&Tags.member.2.Value=w")),
            "InvalidParameterValue: Duplicate tag keys found. Please note that Tag keys are case "
            "insensitive.");
  const std::string key =
      element(ask(assume(tag + "&TransitiveTagKeys.member.1=sessiontag1")).body, "AccessKeyId");
  ASSERT_EQ(key.substr(0, 4), "ASIA");
  for (const char* again : {"SessionTag1", "sessiontag1"})
    EXPECT_EQ(
        code_and_text(assume("&Tags.member.1.Key=" + std::string(again) + "&Tags.member.1.Value=w"),
                      key),
        "InvalidParameterValue: One of the specified transitive tag keys can't be set because "
        "it conflicts with a transitive tag key from the calling session.");
  EXPECT_EQ(ask(assume("&Tags.member.1.Key=Other&Tags.member.1.Value=w"), key).status, 200U);
}

TEST_F(StsTest, AnExpiredSessionIsRefused) {
  const std::string key = element(ask(assume("&DurationSeconds=900")).body, "AccessKeyId");
  clock_.advance(std::chrono::seconds(899));
  EXPECT_EQ(ask("GetCallerIdentity", key).status, 200U);
  clock_.advance(std::chrono::seconds(1));
  const auto refused = ask("GetCallerIdentity", key);
  EXPECT_EQ(refused.status, 403U);
  EXPECT_THAT(refused.body, HasSubstr("<Code>ExpiredToken</Code>"));
}

TEST_F(StsTest, ASessionToken) {
  const std::string body = ask("GetSessionToken").body;
  EXPECT_EQ(element(body, "Expiration"), "2023-11-15T10:13:20.000Z");
  EXPECT_THAT(element(body, "AccessKeyId"), MatchesRegex("ASIA[A-Z2-7]{16}"));
  EXPECT_EQ(ask("GetSessionToken&DurationSeconds=129600").status, 200U);
  EXPECT_THAT(ask("GetSessionToken&DurationSeconds=129601").body,
              HasSubstr("Value '129601' at 'durationSeconds'"));
}

TEST_F(StsTest, WhatAssumeRoleRefuses) {
  const std::string role = "arn:aws:iam::222222222222:role/r";
  const std::pair<std::string, const char*> cases[] = {
      {assume("&DurationSeconds=899"),
       "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy "
       "constraint: Member must have value greater than or equal to 900"},
      {assume("&DurationSeconds=43201"), "Member must have value less than or equal to 43200"},
      {assume("", role, "a"), "Member must have length greater than or equal to 2"},
      {assume("", role, std::string(65, 'a')), "Member must have length less than or equal to 64"},
      {assume("", role, "a%20b"), "Member must satisfy regular expression pattern: [\\w+=,.@-]*"},
      {assume("", "arn:aws:iam::2"), "Member must have length greater than or equal to 20"},
      {assume("", role, ""), "at 'roleSessionName' failed to satisfy constraint"},
      {assume("", "arn:aws:iam::222222222222:user/u"),
       "arn:aws:iam::222222222222:user/u is invalid"},
      {assume("", "arn:aws:iam::22222222222x:role/r"), "is invalid"},
      {assume("", "arn:aws:iam::222222222222:role/"), "is invalid"},
  };
  for (const auto& [form, text] : cases) {
    const auto response = ask(form);
    EXPECT_EQ(response.status, 400U) << form;
    EXPECT_THAT(response.body, HasSubstr("<Code>ValidationError</Code>")) << form;
    EXPECT_THAT(response.body, HasSubstr(text)) << form;
  }
  EXPECT_THAT(ask(assume("&DurationSeconds=x")).body, HasSubstr("<Code>MalformedInput</Code>"));
  for (const char* seconds : {"900", "43200"})
    EXPECT_EQ(ask(assume(std::string("&DurationSeconds=") + seconds)).status, 200U);
  EXPECT_EQ(ask(assume("", role, "ab")).status, 200U);
  EXPECT_EQ(ask(assume("", role, std::string(64, 'a'))).status, 200U);
}

TEST_F(StsTest, AThousandSessionsAreRemembered) {
  const auto key = [&] { return element(ask(assume()).body, "AccessKeyId"); };
  const std::string oldest = key(), second = key();
  for (int i = 0; i < 998; ++i) (void)key();
  EXPECT_THAT(ask("GetCallerIdentity", oldest).body, HasSubstr(":assumed-role/"));
  (void)key();
  EXPECT_THAT(ask("GetCallerIdentity", oldest).body, Not(HasSubstr(":assumed-role/")));
  EXPECT_THAT(ask("GetCallerIdentity", second).body, HasSubstr(":assumed-role/"));
}

TEST_F(StsTest, OtherOperationsAreNamed) {
  const auto response = ask("GetFederationToken");
  EXPECT_EQ(response.status, 400U);
  EXPECT_THAT(response.body, HasSubstr("<Code>InvalidAction</Code>"));
  EXPECT_THAT(response.body, HasSubstr("no operation GetFederationToken"));
}

}  // namespace
}  // namespace kiln::services
