#include "sdk/clients/aws/credentials.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/http_double.h"
#include "tests/support/server_process.h"

namespace kiln::aws {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HttpDouble;

std::string document(const std::string& id, const std::string& expiration) {
  return R"({"AccessKeyId":")" + id + R"(","SecretAccessKey":"s","Token":"t","Expiration":")" +
         expiration + "\"}";
}

TEST(AwsCredentials, KeysOfTheEnvironmentComeFirst) {
  CredentialsSource source;
  source.keys = {"id", "secret", "token", {}};
  source.uri = "http://127.0.0.1:1/";
  const Credentials got = environment_credentials(source, [] { return WallTime(); })();
  EXPECT_EQ(got.access_key_id, "id");
  EXPECT_EQ(got.session_token, "token");
}

TEST(AwsCredentials, WithoutAnyTheMessageSaysWhatToSet) {
  const auto none = environment_credentials({}, [] { return WallTime(); });
  try {
    none();
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("AWS_ACCESS_KEY_ID"), std::string::npos) << e.what();
  }
}

TEST(AwsCredentials, TheContainersAreFetchedAgainFiveMinutesBeforeTheyExpire) {
  int asked = 0;
  bool down = false;
  std::string head;
  HttpDouble server([&](const HttpDouble::Request& request) {
    head = request.head;
    ++asked;
    if (down) return HttpDouble::Reply{.bytes = HttpDouble::response(500, "", "")};
    return HttpDouble::Reply{
        .bytes = HttpDouble::response(
            200, "", document("id" + std::to_string(asked), "2026-01-01T01:00:00Z"))};
  });
  testing::TemporaryFolder folder;
  const std::string token_file = folder.path() + "/token";
  std::ofstream(token_file) << "first\n";
  WallTime now = *parse_iso("2026-01-01T00:00:00Z");
  CredentialsSource source;
  source.uri = "http://" + server.address() + "/creds";
  source.token = "not this one";
  source.token_file = token_file;
  const auto credentials = environment_credentials(source, [&] { return now; });

  EXPECT_EQ(asked, 0);
  EXPECT_EQ(credentials().access_key_id, "id1");
  EXPECT_NE(head.find("Authorization: first\r\n"), std::string::npos) << head;
  now += minutes(55) - seconds(1);
  EXPECT_EQ(credentials().access_key_id, "id1");
  std::ofstream(token_file) << "second";
  now += seconds(1);
  EXPECT_EQ(credentials().access_key_id, "id2");
  EXPECT_NE(head.find("Authorization: second\r\n"), std::string::npos) << head;
  // A source that fails is no problem before they have expired.
  down = true;
  now += minutes(5) - seconds(1);
  EXPECT_EQ(credentials().access_key_id, "id2");
  now += seconds(1);
  EXPECT_THROW(credentials(), std::runtime_error);
  down = false;
  EXPECT_EQ(credentials().access_key_id, "id5");
}

TEST(AwsCredentials, HostileAnswers) {
  EXPECT_EQ(parse_container_credentials(document("id", "2026-01-01T01:00:00Z")).session_token, "t");
  EXPECT_FALSE(parse_container_credentials(R"({"AccessKeyId":"a","SecretAccessKey":"b"})").expires);
  for (const std::string& bad :
       {std::string(), std::string("{"), std::string("[]"), std::string("null"), std::string("{}"),
        std::string(R"({"AccessKeyId":"a"})"),
        std::string(R"({"AccessKeyId":1,"SecretAccessKey":"b"})"),
        document("", "2026-01-01T01:00:00Z"), document("a", "soon"), document("a", "")}) {
    EXPECT_THROW(parse_container_credentials(bad), std::runtime_error) << bad;
  }
}

TEST(AwsCredentials, ATokenGoesOnlyToTrustedHosts) {
  for (const char* good :
       {"https://example.org/x", "http://127.0.0.1:9001/2021", "http://localhost/a",
        "http://169.254.170.2/v2", "http://169.254.170.23:80/v1", "http://[::1]:80/",
        "http://[fd00:ec2::23]/v1"}) {
    EXPECT_TRUE(is_trusted_container_uri(good)) << good;
  }
  for (const char* bad : {"http://example.org/", "http://169.254.169.254/", "ftp://localhost/", "",
                          "http://localhost@example.org/", "http://127.0.0.1.example.org/",
                          "http://localhost.example.org/", "http://127.evil/"}) {
    EXPECT_FALSE(is_trusted_container_uri(bad)) << bad;
  }
  CredentialsSource source;
  source.uri = "http://example.org/";
  EXPECT_THROW(environment_credentials(source, [] { return WallTime(); })(), std::runtime_error);
}

}  // namespace
}  // namespace kiln::aws
