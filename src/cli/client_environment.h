// The environment variables with which AWS's tools and SDKs talk to a Kiln.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/api_client.h"

namespace kiln::cli {

// Endpoint, Region, and keys: any keys do, since Kiln checks no signature. The keys of the caller's
// own account stay out of it.
std::vector<std::pair<std::string, std::string>> client_environment(const ApiOptions& api);
// Variables of the caller's own account that would win over these keys, or go with them.
inline constexpr const char* kOtherKeys[] = {"AWS_PROFILE", "AWS_DEFAULT_PROFILE",
                                             "AWS_SESSION_TOKEN"};

}  // namespace kiln::cli
