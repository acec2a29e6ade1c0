#include "cli/function_api.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

namespace kiln::cli {

std::string function_path(const std::string& name) {
  return "/2015-03-31/functions/" + percent_encode(name);
}

Result<nlohmann::json> send_document(ApiClient& client, const std::string& method,
                                     const std::string& path, const nlohmann::json& document) {
  ApiRequest request{.method = method, .path = path};
  request.body = document.dump();
  request.headers = {{"Content-Type", "application/json"}};
  return client.json(request);
}

Result<nlohmann::json> wait_until_active(ApiClient& client, const std::string& name,
                                         Duration limit) {
  const SystemClock clock;
  const SteadyTime end = clock.steady_now() + limit;
  Duration pause = std::chrono::milliseconds(10);
  while (true) {
    Result<nlohmann::json> configuration =
        client.json({.method = "GET", .path = function_path(name) + "/configuration"});
    if (!configuration) return configuration;
    const std::string state = string_at(*configuration, "State");
    const std::string update = string_at(*configuration, "LastUpdateStatus");
    if (state == "Failed" || update == "Failed") {
      const bool by_update = state != "Failed";
      const std::string reason =
          string_at(*configuration, by_update ? "LastUpdateStatusReason" : "StateReason");
      return Error{ErrorKind::kBadGateway, "Failed",
                   "the function '" + name + "' could not be made ready" +
                       (reason.empty() ? "" : ": " + reason)};
    }
    if (state != "Pending" && update != "InProgress") return configuration;
    if (clock.steady_now() >= end) {
      return Error{ErrorKind::kUnavailable, "Timeout",
                   "the function '" + name + "' is still " + (state == "Pending" ? state : update) +
                       "; look again with `kiln list`"};
    }
    std::this_thread::sleep_for(pause);
    pause = std::min<Duration>(pause * 2, std::chrono::milliseconds(500));
  }
}

}  // namespace kiln::cli
