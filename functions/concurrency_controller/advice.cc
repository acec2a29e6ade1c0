#include "advice.h"

namespace concurrency_controller {

nlohmann::json to_json(const Metrics& metrics) {
  return {{"concurrent_executions", metrics.concurrent_executions},
          {"invocations_per_minute", metrics.invocations_per_minute},
          {"error_rate", metrics.error_rate},
          {"average_duration", metrics.average_duration},
          {"throttles", metrics.throttles}};
}

nlohmann::json to_json(const Capacity& capacity) {
  nlohmann::json out = {{"reserved_concurrency", nullptr},
                        {"concurrency_limit", capacity.limit()},
                        {"limit_source", capacity.reserved ? "reserved" : "account_unreserved"}};
  if (capacity.reserved) {
    out["reserved_concurrency"] = *capacity.reserved;
  } else {
    out["note"] = "No concurrency is reserved; the account's unreserved limit is used";
  }
  return out;
}

nlohmann::json to_json(const Suggestion& suggestion, const Capacity& capacity) {
  nlohmann::json out = {{"action", suggestion.action},
                        {"current", nullptr},
                        {"suggested", suggestion.suggested},
                        {"reason", suggestion.reason}};
  if (capacity.reserved) out["current"] = *capacity.reserved;
  return out;
}

}  // namespace concurrency_controller
