// The Lambda operations that the commands use, one call each. A thin layer over ApiClient: paths,
// bodies, waiting. Not thread-safe.
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cli/api_client.h"

namespace kiln::cli {

std::string function_path(const std::string& name);  // /2015-03-31/functions/NAME

// The functions of the Region, as ListFunctions gives them: all, or at least so many of the first.
Result<nlohmann::json> list_functions(ApiClient& client, size_t enough = SIZE_MAX);

// "NAME" or "NAME:QUALIFIER" in two parts, or the same of a whole ARN or of one that begins with
// the account.
struct FunctionTarget {
  std::string name;       // or the ARN up to it
  std::string qualifier;  // may be empty
};
FunctionTarget split_target(const std::string& target);
// Without the rest of an ARN.
std::string plain_name(const FunctionTarget& target);
// That of an ARN; "": it is none.
std::string region_of(const FunctionTarget& target);
// "?Qualifier=…" of a path; "" without one.
std::string qualifier_query(const std::string& qualifier);
// Of an operation on the target: "configuration", "invocations", …
std::string target_path(const FunctionTarget& target, const std::string& operation);
// Of the target's GetFunctionConfiguration.
std::string configuration_path(const FunctionTarget& target);
// The version that its qualifier stands for; "": it has none.
Result<std::string> version_of(ApiClient& client, const FunctionTarget& target);
// The versions that its qualifier may run as: two for an alias that routes. Empty: it has none.
Result<std::set<std::string>> versions_of(ApiClient& client, const FunctionTarget& target);
// The log group that its settings name.
Result<std::string> find_log_group(ApiClient& client, const FunctionTarget& target);
// The one of a function whose settings name none.
std::string default_log_group(const FunctionTarget& target);
// The one that was found, or else the default.
std::string log_group_of(ApiClient& client, const FunctionTarget& target);

// PUT or POST of a JSON document.
Result<nlohmann::json> send_document(ApiClient& client, const std::string& method,
                                     const std::string& path, const nlohmann::json& document);

// An operation of a service that speaks JSON 1.1, such as "logs", "Logs_20140328.FilterLogEvents".
Result<nlohmann::json> json_call(ApiClient& client, const std::string& service,
                                 const std::string& operation, const nlohmann::json& input);
// An operation of a service that speaks the query protocol; all values of the answer are texts.
using Form = std::vector<std::pair<std::string, std::string>>;
Result<nlohmann::json> query_call(ApiClient& client, const std::string& service,
                                  const std::string& version, const std::string& action,
                                  const Form& parameters);

// The error that an answer of such a service reports.
Error query_error(const ApiResponse& response);

// Waits until the function is Active and its last update is through, and returns its configuration.
// Error: Failed (with the reason), gone, or not ready within `limit`.
Result<nlohmann::json> wait_until_active(ApiClient& client, const std::string& name,
                                         Duration limit = std::chrono::minutes(2));

// Waits until a version of `name` that was just published is Active, and returns its configuration.
// With SnapStart, its snapshot is made first, which may take long, and may fail.
Result<nlohmann::json> wait_for_version(ApiClient& client, const std::string& name,
                                        const nlohmann::json& version);

}  // namespace kiln::cli
