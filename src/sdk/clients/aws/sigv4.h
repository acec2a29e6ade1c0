// AWS Signature Version 4.
//
// Made here, because the libcurl of Debian 12 (7.88) signs query strings in the order they come,
// does not encode blanks in paths for the signature, and sends S3 no content hash.
//
//   http::Headers headers = {{"host", "b.s3.amazonaws.com"}, {"x-amz-content-sha256", hash}};
//   sign({.method = "GET", .path = "/a%20b", .query = {{"list-type", "2"}}, .payload_hash = hash,
//         .path_form = PathForm::kAsIs}, {"us-east-1", "s3"}, credentials, now, headers);
//
// Pure functions; any thread. Cost: about 10 hashes of short texts.
#pragma once

#include <string>
#include <string_view>

#include "kiln/aws.h"
#include "kiln/http.h"
#include "sdk/clients/aws/text.h"

namespace kiln::aws {

// What is signed of an encoded path: S3's as it is; all others' encoded once more and with "." and
// ".." resolved.
enum class PathForm { kAsIs, kEncodedTwice };

struct SignedParts {
  std::string_view method;
  std::string_view path;  // percent-encoded, as it is sent
  Query query = {};
  std::string_view payload_hash = {};  // hexadecimal
  PathForm path_form = PathForm::kEncodedTwice;
};

struct Scope {
  std::string_view region;
  std::string_view service;
};

// All of `headers` are signed; "host" must be among them. Adds x-amz-date, x-amz-security-token
// when there is a session, and authorization.
void sign(const SignedParts& parts, const Scope& scope, const Credentials& credentials,
          WallTime now, http::Headers& headers);

// For tests: what the signature is a signature of.
std::string canonical_request(const SignedParts& parts, const http::Headers& headers);

}  // namespace kiln::aws
