// Where the credentials of <kiln/aws.h>'s Config come from when it names no other source.
//
// Threading: the returned function is for any thread. Cost: for keys in the environment nothing;
// for the container's endpoint one request, and another each time they are about to expire.
#pragma once

#include <functional>
#include <string>

#include "kiln/aws.h"
#include "kiln/http.h"
#include "sdk/clients/aws/text.h"

namespace kiln::aws {

// Where the environment says that credentials are to be had.
struct CredentialsSource {
  Credentials keys;        // access_key_id is empty: none in the environment
  std::string uri;         // AWS_CONTAINER_CREDENTIALS_FULL_URI
  std::string token;       // AWS_CONTAINER_AUTHORIZATION_TOKEN
  std::string token_file;  // …_FILE: read anew each time, as it rotates

  static CredentialsSource from_environment();
};

// The function throws std::runtime_error when there are none.
std::function<Credentials()> environment_credentials(CredentialsSource source,
                                                     std::function<WallTime()> now);

// The answer of a container's endpoint. Throws std::runtime_error.
Credentials parse_container_credentials(std::string_view body);

// Whether a token may be sent there: https, or this machine, or the link-local addresses of ECS and
// EKS.
bool is_trusted_container_uri(std::string_view uri);

}  // namespace kiln::aws
