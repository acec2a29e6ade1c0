// What a function did: its minutes out of CloudWatch's metrics, its REPORT lines out of CloudWatch
// Logs.
//
// Not thread-safe. Cost: some calls for each day of metrics and for each thousand log lines.
#pragma once

#include "advise/facts.h"
#include "survey/settings.h"

namespace kiln::survey {

struct Window {
  WallTime from, until;      // in metric time, whole minutes
  size_t reports = 200'000;  // the most REPORT lines that are read
};
// The last `length`, up to the end of the minute that has begun.
Window window_of(const MetricTime& time, Duration length);

// `qualifiers`: those by which calls may come; the one that had most becomes the qualifier.
Result<advise::Observed> read_observed(Api& api, const std::string& function,
                                       const std::vector<std::string>& qualifiers,
                                       const Window& window, const MetricTime& time);

// The qualifiers of a function: its aliases and versions.
std::vector<std::string> qualifiers_of(const model::Function& function);

}  // namespace kiln::survey
