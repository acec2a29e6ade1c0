// The execution environments of an engine, as GET /_kiln/environments tells of them.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/api_client.h"

namespace kiln::cli {

struct EnvironmentRow {
  std::string id, function, version, phase;
  std::string debugger;  // "gdbserver :2345"; empty: none
  pid_t pid = -1;
  int64_t memory_bytes = 0;
  int64_t memory_limit_mb = 0;
  int64_t age_ms = 0;
  int64_t invocations = 0;
};

// The document's list, of the Region alone that `api` names.
Result<nlohmann::json> list_environments(ApiClient& client);
EnvironmentRow row_of(const nlohmann::json& environment);

// The one whose id begins with `wanted`, or the only one of the function `wanted`, NAME or
// NAME:QUALIFIER, which stands for `version` ("": any). Error: none, of type kNoEnvironment, or
// several, which it names with the `command` that takes an id.
inline constexpr std::string_view kNoEnvironment = "NoEnvironment";
Result<EnvironmentRow> choose_environment(const nlohmann::json& environments,
                                          const std::string& command, const std::string& wanted,
                                          const std::string& version);

// "850 ms", "12 s", "3 m 20 s", "2 h 5 m".
std::string age_text(int64_t ms);

}  // namespace kiln::cli
