// AWS's published vectors: the Signature Version 4 test suite, and the examples of S3's
// documentation.
#include "sdk/clients/aws/sigv4.h"

#include <gtest/gtest.h>

#include "sdk/clients/aws/crypto.h"

namespace kiln::aws {
namespace {

const std::string kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

std::string signature_in(const http::Headers& headers) {
  const std::string& value = headers.back().second;
  return value.substr(value.rfind('=') + 1);
}

TEST(Sigv4, Hashes) {
  EXPECT_EQ(hex(sha256("")), kEmptyHash);
  EXPECT_EQ(hex(hmac_sha256("key", "The quick brown fox jumps over the lazy dog")),
            "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
}

struct Case {
  const char* name;
  std::string method;
  std::string path;
  Query query;
  http::Headers headers;  // besides host
  std::string body;
  const char* signature;
};

TEST(Sigv4, TheTestSuite) {
  const Credentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", {}};
  const Case cases[] = {
      {"get-vanilla",
       "GET",
       "/",
       {},
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"post-vanilla",
       "POST",
       "/",
       {},
       {},
       "",
       "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
      {"get-vanilla-query-order-key-case",
       "GET",
       "/",
       {{"Param2", "value2"}, {"Param1", "value1"}},
       {},
       "",
       "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
      {"get-vanilla-empty-query-key",
       "GET",
       "/",
       {{"Param1", "value1"}},
       {},
       "",
       "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb"},
      {"get-utf8",
       "GET",
       "/\u1234",
       {},
       {},
       "",
       "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"},
      {"get-unreserved",
       "GET",
       "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
       {},
       {},
       "",
       "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"},
      {"get-slash",
       "GET",
       "//",
       {},
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-relative-relative",
       "GET",
       "/example1/example2/../..",
       {},
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-slash-dot-slash",
       "GET",
       "/./",
       {},
       {},
       "",
       "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
      {"get-header-key-duplicate",
       "GET",
       "/",
       {},
       {{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}},
       "",
       "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
      {"get-header-value-trim",
       "GET",
       "/",
       {},
       {{"My-Header1", " value1"}, {"My-Header2", " \"a   b   c\""}},
       "",
       "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
      {"post-header-key-sort",
       "POST",
       "/",
       {},
       {{"My-Header1", "value1"}},
       "",
       "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c"},
      {"post-x-www-form-urlencoded",
       "POST",
       "/",
       {},
       {{"Content-Type", "application/x-www-form-urlencoded"}},
       "Param1=value1",
       "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
  };
  for (const Case& c : cases) {
    http::Headers headers = c.headers;
    headers.emplace_back("Host", "example.amazonaws.com");
    const std::string hash = hex(sha256(c.body));
    sign({c.method, c.path, c.query, hash}, {"us-east-1", "service"}, credentials,
         *parse_iso("2015-08-30T12:36:00Z"), headers);
    EXPECT_EQ(signature_in(headers), c.signature) << c.name;
  }
}

TEST(Sigv4, TheExamplesOfS3) {
  const Credentials credentials{
      "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}};
  const std::string body_hash = hex(sha256("Welcome to Amazon S3."));
  const Case cases[] = {
      {"GET object",
       "GET",
       "/test.txt",
       {},
       {{"range", "bytes=0-9"}},
       kEmptyHash,
       "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
      {"PUT object",
       "PUT",
       "/test%24file.text",
       {},
       {{"date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"}},
       body_hash,
       "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"},
      {"GET bucket lifecycle",
       "GET",
       "/",
       {{"lifecycle", ""}},
       {},
       kEmptyHash,
       "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
      {"GET bucket",
       "GET",
       "/",
       {{"max-keys", "2"}, {"prefix", "J"}},
       {},
       kEmptyHash,
       "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
  };
  for (const Case& c : cases) {
    http::Headers headers = c.headers;
    headers.emplace_back("host", "examplebucket.s3.amazonaws.com");
    headers.emplace_back("x-amz-content-sha256", c.body);
    sign({c.method, c.path, c.query, c.body, PathForm::kAsIs}, {"us-east-1", "s3"}, credentials,
         *parse_iso("2013-05-24T00:00:00Z"), headers);
    EXPECT_EQ(signature_in(headers), c.signature) << c.name;
  }
}

TEST(Sigv4, WhatBotocoreSignsTheSameWay) {
  Credentials credentials{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", {}};
  const struct {
    const char* service;
    const char* method;
    const char* path;
    Query query;
    const char* body;
    const char* token;
    const char* signature;
  } cases[] = {
      {"s3",
       "GET",
       "/b/a%20b/%C3%A4%2Bc%3D1//../d%27%22%2A%28%29",
       {},
       "",
       "",
       "9bba65970c4d346fe758884b07019b9f5c1ae9f2d088ab96be2ac3b9d74eb1c3"},
      {"s3",
       "GET",
       "/b",
       {{"list-type", "2"}, {"prefix", "a/b c"}, {"continuation-token", "1/x+y=="}},
       "",
       "",
       "f163f88e2300d4a1e4c8a8889f969863a7a761ffc2f48fe7ae287d74b99fce6b"},
      {"s3",
       "PUT",
       "/b/k",
       {{"partNumber", "2"}, {"uploadId", "u 1"}},
       "data",
       "the/token",
       "ef7f6317a8745bdb0d6746573dc6474b872ec841d010bb3dbdc3cfa72997562d"},
      {"lambda",
       "GET",
       "/2019-09-30/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af%20x/concurrency",
       {{"Qualifier", "$LATEST"}},
       "",
       "",
       "0a8e237c389e1291a378585e3afc8a2511f28ec07a9bbd28281a25937f0dc435"},
      {"dynamodb",
       "POST",
       "/",
       {},
       "{}",
       "",
       "dc59b6fb72d68f289e7af1861ad60a337743771fa8fae6bdcc2c697215182adc"},
  };
  for (const auto& c : cases) {
    const bool s3 = std::string_view(c.service) == "s3";
    const std::string hash = hex(sha256(c.body));
    http::Headers headers = {{"host", "127.0.0.1:4566"}};
    if (s3) headers.emplace_back("x-amz-content-sha256", hash);
    credentials.session_token = c.token;
    sign({c.method, c.path, c.query, hash, s3 ? PathForm::kAsIs : PathForm::kEncodedTwice},
         {"eu-west-1", c.service}, credentials, *parse_iso("2026-01-02T03:04:05Z"), headers);
    EXPECT_EQ(signature_in(headers), c.signature) << c.service << c.path;
  }
}

TEST(Sigv4, ASessionsTokenIsSigned) {
  http::Headers headers = {{"host", "h"}};
  sign({"GET", "/", {}, kEmptyHash}, {"r", "s"}, {"id", "secret", "token", {}}, WallTime(),
       headers);
  EXPECT_EQ(headers[2], (std::pair<std::string, std::string>("x-amz-security-token", "token")));
  EXPECT_NE(headers[3].second.find("SignedHeaders=host;x-amz-date;x-amz-security-token,"),
            std::string::npos)
      << headers[3].second;
}

TEST(Sigv4, PathsAreEncodedTwiceButForS3) {
  const http::Headers headers = {{"host", "h"}};
  const SignedParts parts{"GET", "/functions/a%3Ab/../c//d", {}, "hash"};
  EXPECT_TRUE(canonical_request(parts, headers).starts_with("GET\n/functions/c/d\n"));
  SignedParts odd{"GET", "/a%3Ab%20c", {}, "hash"};
  EXPECT_TRUE(canonical_request(odd, headers).starts_with("GET\n/a%253Ab%2520c\n"));
  odd.path_form = PathForm::kAsIs;
  odd.path = "/a%20b/../c//d";
  EXPECT_TRUE(canonical_request(odd, headers).starts_with("GET\n/a%20b/../c//d\n"));
}

TEST(Sigv4, QueriesAreSortedByTheirEncodedForm) {
  const SignedParts parts{"GET", "/", {{"b", "2"}, {"a b", "x y"}, {"b", "1"}, {"A", ""}}, "hash"};
  EXPECT_EQ(canonical_request(parts, {{"host", "h"}}),
            "GET\n/\nA=&a%20b=x%20y&b=1&b=2\nhost:h\n\nhost\nhash");
}

}  // namespace
}  // namespace kiln::aws
