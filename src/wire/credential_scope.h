// The Region and service for which a request was signed: they stand in the SigV4 credential,
// "AKID/20260101/eu-west-1/lambda/aws4_request". Signatures are not checked: this is the user's own
// machine. Values only; thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "net/http_message.h"

namespace kiln::wire {

inline constexpr std::string_view kDefaultRegion = "us-east-1";

struct CredentialScope {
  std::string access_key_id;  // "" without a credential
  std::string region{kDefaultRegion};
  std::string service;  // "" without a credential

  // `authorization`: the header's value; `target`: of the request, for X-Amz-Credential of a
  // presigned one. What is absent or malformed gives the default scope: a Region becomes part of
  // ARNs and file names, so only lower-case letters, digits and '-' are one.
  static CredentialScope parse(std::string_view authorization, std::string_view target);
  static CredentialScope of(const net::RequestHeader& header);
};

}  // namespace kiln::wire
