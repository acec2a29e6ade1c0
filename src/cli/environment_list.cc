#include "cli/environment_list.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/function_api.h"
#include "cli/shell.h"

namespace kiln::cli {
namespace {

// As much of an id as is shown, and enough to choose by.
constexpr size_t kShownId = 8;

}  // namespace

Result<nlohmann::json> list_environments(ApiClient& client) {
  Result<nlohmann::json> answer = client.json({.path = "/_kiln/environments"});
  if (!answer) return answer;
  nlohmann::json out = nlohmann::json::array();
  if (!answer->is_object() || !answer->contains("environments")) return out;
  for (nlohmann::json& each : (*answer)["environments"])
    if (string_at(each, "region") == client.options().region) out.push_back(std::move(each));
  return out;
}

EnvironmentRow row_of(const nlohmann::json& environment) {
  EnvironmentRow row;
  row.id = string_at(environment, "id").substr(0, kShownId);
  row.function = string_at(environment, "function");
  row.version = string_at(environment, "version");
  row.phase = string_at(environment, "phase");
  row.debugger = string_at(environment, "debugger");
  if (const int64_t port = number_at(environment, "debugPort"); port > 0)
    row.debugger += " :" + std::to_string(port);
  row.pid = static_cast<pid_t>(number_at(environment, "pid", -1));
  row.memory_bytes = number_at(environment, "memoryBytes");
  row.memory_limit_mb = number_at(environment, "memoryLimitMb");
  row.age_ms = number_at(environment, "ageMs");
  row.invocations = number_at(environment, "invocations");
  return row;
}

Result<EnvironmentRow> choose_environment(const nlohmann::json& environments,
                                          const std::string& command, const std::string& wanted,
                                          const std::string& version) {
  // A function's name may be the beginning of some environment's id: the function is meant.
  std::vector<EnvironmentRow> found, by_id;
  const FunctionTarget target = split_target(wanted);
  for (const nlohmann::json& each : environments) {
    EnvironmentRow row = row_of(each);
    if (row.function == plain_name(target) && (version.empty() || row.version == version))
      found.push_back(std::move(row));
    else if (string_at(each, "id").starts_with(wanted))
      by_id.push_back(std::move(row));
  }
  if (found.empty()) found = std::move(by_id);
  if (found.size() == 1 && found[0].pid > 0) return std::move(found[0]);
  if (found.size() == 1)
    return Error{ErrorKind::kNotFound, "NoProcess",
                 "environment " + found[0].id + " has no process yet; try again"};
  if (found.empty())
    return Error{ErrorKind::kNotFound, std::string(kNoEnvironment),
                 "no environment of '" + wanted + "' runs now; `kiln invoke " + shell_word(wanted) +
                     "` starts one, and `kiln ps` shows those that are there"};
  std::string list;
  for (const EnvironmentRow& row : found)
    list += (list.empty() ? "" : ", ") + row.id + " (" + row.function + ":" + row.version + ", " +
            row.phase + ", " + age_text(row.age_ms) + " old)";
  return Error{ErrorKind::kInvalid, "SeveralEnvironments",
               "'" + wanted + "' may be any of " + std::to_string(found.size()) +
                   " environments: " + list + "; choose one by its id, as in `kiln " + command +
                   " " + found[0].id + "`"};
}

std::string age_text(int64_t ms) {
  const int64_t s = ms / 1000;
  if (s < 1) return std::to_string(ms) + " ms";
  if (s < 60) return std::to_string(s) + " s";
  if (s < 3600) return std::to_string(s / 60) + " m " + std::to_string(s % 60) + " s";
  return std::to_string(s / 3600) + " h " + std::to_string(s % 3600 / 60) + " m";
}

}  // namespace kiln::cli
