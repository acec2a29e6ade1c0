// What functions are: their settings as AWS's APIs answer them, as a scenario to simulate.
//
//   Settings settings = *read_settings(api, {"orders"}, "us-east-1");
//   settings.scenario.functions[0].config.reserved_concurrency
//
// Not thread-safe. Cost: some ten calls, and five more for each function.
#pragma once

#include <string>
#include <vector>

#include "simulate/scenario.h"
#include "survey/api.h"

namespace kiln::survey {

// The clock by which the metrics go.
struct MetricTime {
  WallTime now;      // in metric time
  WallTime machine;  // at the same moment
  double speed = 1;  // metric seconds in a second
  bool kiln = false;
  // What Kiln says of itself, in metric time.
  Duration idle_lifetime = std::chrono::minutes(10);
  Duration provisioning_delay{0};

  // Of a moment by the machine's clock, as log events have it.
  WallTime of(WallTime at) const;
};
// AWS has no such clock of its own: it is `machine_now` there.
MetricTime metric_time(Api& api, WallTime machine_now);

struct Settings {
  simulate::Scenario scenario;     // with neither traffic nor times of functions
  std::vector<std::string> notes;  // what of the settings is not simulated
};
// Of these functions together. The account's pool is without what others reserve. Error: as the API
// answered (ResourceNotFoundException).
Result<Settings> read_settings(Api& api, const std::vector<std::string>& functions,
                               const std::string& region);

// Names of all functions of the Region.
Result<std::vector<std::string>> function_names(Api& api);

// As the engine behaves: at its speed, with its idle lifetime.
simulate::Platform platform_of(const MetricTime& time);

}  // namespace kiln::survey
