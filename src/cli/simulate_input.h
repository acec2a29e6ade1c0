// What `kiln simulate` simulates: a scenario file, functions of a running Kiln with the traffic
// that they had, a trace, or one function that the options describe.
//
// Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "simulate/scenario.h"

namespace kiln::cli {

// As typed.
struct SimulateArguments {
  std::vector<std::string> functions;
  std::string scenario_file, replay_file, azure_durations_file;
  std::string rate, qualifier, duration, init, reports_file, tune_file, errors, crashes;
  std::string length, warm_up, since = "1d", reserved, platform = "aws", idle_lifetime;
  std::optional<int> memory_mb, timeout_s, provisioned, most_provisioned, account;
  std::optional<double> target;
  size_t top = 1000;
  bool event = false, arm = false;
};

struct SimulationInput {
  simulate::Scenario scenario;
  std::string title;
  std::vector<std::string> notes;  // what its reader should know
};
// Error (Usage): an argument; or as the API answered.
Result<SimulationInput> read_simulation(const ApiOptions& api, const SimulateArguments& arguments);

}  // namespace kiln::cli
