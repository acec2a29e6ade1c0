// The Lambda operations that the commands use, one call each. A thin layer over ApiClient: paths,
// bodies, waiting. Not thread-safe.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "cli/api_client.h"

namespace kiln::cli {

std::string function_path(const std::string& name);  // /2015-03-31/functions/NAME

// PUT or POST of a JSON document.
Result<nlohmann::json> send_document(ApiClient& client, const std::string& method,
                                     const std::string& path, const nlohmann::json& document);

// Waits until the function is Active and its last update is through, and returns its configuration.
// Error: Failed (with the reason), gone, or not ready within `limit`.
Result<nlohmann::json> wait_until_active(ApiClient& client, const std::string& name,
                                         Duration limit = std::chrono::minutes(2));

}  // namespace kiln::cli
