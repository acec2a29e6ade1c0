// A simulation's scenario as a JSON file, which docs/simulate.md describes: functions with their
// times and their traffic, and, in the words of AWS's APIs, alarms, scalable targets, policies and
// scheduled actions.
//
// Files that it names are looked for beside it. Not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/scenario.h"

namespace kiln::cli {

struct ScenarioFile {
  simulate::Scenario scenario;
  std::vector<std::string> notes;  // what its reader should know, as gaps in a trace
};

// Error (Usage): names the file, the member and what it may be; a member that is not known is one.
Result<ScenarioFile> read_scenario_file(const std::string& path, const std::string& region);

// "1%" or "0.01", as a part of 1.
Result<double> parse_share(const std::string& text);

}  // namespace kiln::cli
