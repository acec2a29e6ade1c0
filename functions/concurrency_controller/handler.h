// concurrency_controller: looks at a function's metrics and says, or sets, which reserve would suit
// it.
//
//   {"action":"analyze_performance","period_minutes":5}
//       → {"action":"performance_analysis","analysis":{"current_metrics","performance_status",
//          "alerts","recommendations","utilization","capacity"},"timestamp"}
//   {"action":"optimize_concurrency","period_minutes":5,"apply":true}
//       → {"action":"concurrency_optimization","analysis","optimization":{"optimization_available",
//          "recommendations":[{"action","current","suggested","reason"}],"current_settings","applied"},
//          "timestamp"}
//   {"action":"health_check"} →
//   {"action","status":"healthy","memory_used_mb","remaining_time_ms",…}
//   {"action":anything else,"processing_delay":0.1} → simulates work of so many seconds
//
// The period ends now, or at the event's "end_time" in seconds since 1970: metrics of a Kiln that
// runs with --speed are ahead of this machine's clock.
// The function looked at is this one, or the event's "function_name". With "apply" the suggested
// reserve is set; without, nothing is changed. Every answer is {"statusCode","body"}, body being
// JSON text; a request that makes no sense is 400, a failure 500, both {"success":false,"error"}:
// metrics that can't be had are a failure, not zeros. advice.h has the rules.
//
//   AWS_LAMBDA_FUNCTION_NAME; MAX_PROCESSING_TIME 30 (seconds); PRIORITY_LEVEL STANDARD
//
// Threading: one invocation at a time. Cost: init none; the clients are opened at their first use.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "backend.h"
#include "kiln/context.h"
#include "kiln/lazy.h"

namespace concurrency_controller {

struct Config {
  std::string function_name;
  int max_processing_time = 30;  // seconds
  std::string priority_level = "STANDARD";

  // Throws std::invalid_argument, which names the variable.
  static Config from_environment();
};

class Handler {
 public:
  using Sleep = std::function<void(std::chrono::duration<double>)>;
  // `budget`: the time that is left of the invocation that needs it.
  using OpenBackend = std::function<std::unique_ptr<Backend>(std::chrono::milliseconds budget)>;

  // `sleep` stands in for the simulated work; empty: it really waits.
  Handler(Config config, OpenBackend open_backend, Sleep sleep = {});

  // Never throws for what an event can hold or a backend can do.
  nlohmann::json handle(const nlohmann::json& event, const kiln::Context& context);

 private:
  nlohmann::json route(const nlohmann::json& event, const kiln::Context& context);
  nlohmann::json analysis(const nlohmann::json& event, const Metrics& metrics,
                          const Capacity& capacity);
  nlohmann::json optimize(const nlohmann::json& event);
  nlohmann::json simulate(const std::string& action, const nlohmann::json& event);
  nlohmann::json health(const kiln::Context& context) const;
  std::string function_of(const nlohmann::json& event) const;

  const Config config_;
  std::chrono::milliseconds budget_{0};
  kiln::Lazy<Backend> backend_;
  const Sleep sleep_;
};

}  // namespace concurrency_controller
