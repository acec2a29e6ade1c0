#include "wire/credential_scope.h"

#include <gtest/gtest.h>

namespace kiln::wire {
namespace {

struct ScopeCase {
  const char* authorization;
  const char* target;
  const char* region;
  const char* service;
  const char* key;
};

TEST(CredentialScope, Table) {
  const std::string long_region = "AWS4-HMAC-SHA256 Credential=A/20260101/" + std::string(65, 'a') +
                                  "/lambda/aws4_request, S=x";
  const ScopeCase cases[] = {
      {"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/lambda/aws4_request, "
       "SignedHeaders=host;"
       "x-amz-date, Signature=abc",
       "/", "eu-west-1", "lambda", "AKID"},
      // Without the blank after the comma, as some clients write it.
      {"AWS4-HMAC-SHA256 Credential=k/20260101/ap-south-1/logs/aws4_request,SignedHeaders=host",
       "/", "ap-south-1", "logs", "k"},
      {"AWS4-ECDSA-P256-SHA256 Credential=k/20260101/us-west-2/sts/aws4_request, S=x", "/",
       "us-west-2", "sts", "k"},
      {"",
       "/f?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-gov-west-1%2Fs3"
       "%2Faws4_request",
       "us-gov-west-1", "s3", "AKID"},
      {"", "/", "us-east-1", "", ""},
      {"Bearer abc", "/", "us-east-1", "", ""},
      {"AWS4-HMAC-SHA256 Signature=abc", "/", "us-east-1", "", ""},
      {"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/lambda", "/", "us-east-1", "", ""},
      {"AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/lambda/aws4_request/x, S=x", "/",
       "us-east-1", "", ""},
      {"AWS4-HMAC-SHA256 Credential=AKID/20260101//lambda/aws4_request, S=x", "/", "us-east-1", "",
       ""},
      // A Region becomes a folder name: nothing but a plain name may pass.
      {"AWS4-HMAC-SHA256 Credential=AKID/20260101/../lambda/aws4_request, S=x", "/", "us-east-1",
       "", ""},
      {"AWS4-HMAC-SHA256 Credential=AKID/20260101/EU/lambda/aws4_request, S=x", "/", "us-east-1",
       "", ""},
      {long_region.c_str(), "/", "us-east-1", "", ""},
      {"", "/?X-Amz-Credential=rubbish", "us-east-1", "", ""},
  };
  for (const ScopeCase& c : cases) {
    SCOPED_TRACE(std::string(c.authorization) + " " + c.target);
    const CredentialScope scope = CredentialScope::parse(c.authorization, c.target);
    EXPECT_EQ(scope.region, c.region);
    EXPECT_EQ(scope.service, c.service);
    EXPECT_EQ(scope.access_key_id, c.key);
  }
}

TEST(CredentialScope, OfARequest) {
  net::Request request{net::http::verb::post, "/", 11};
  request.set("Authorization",
              "AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-north-1/sts/aws4_request, Signature=a");
  EXPECT_EQ(CredentialScope::of(request).region, "eu-north-1");
}

}  // namespace
}  // namespace kiln::wire
