// What was seen of a function, and the scenario that stands for it: the traffic that came, with the
// requests that were throttled, how long invocations and Init phases took, how its settings were.
//
// Pure; values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "simulate/scenario.h"

namespace kiln::advise {

// One REPORT line.
struct Report {
  WallTime at;  // when it was written, in metric time: the invocation's end
  double duration_ms = 0;
  std::optional<double> init_ms;
  int memory_mb = 0;  // as the function was then
  int used_memory_mb = 0;
  bool timed_out = false;
};

// What a metric says of one minute.
struct Minute {
  WallTime start;
  double invocations = 0;
  double throttles = 0;
  double errors = 0;
  double events = 0;  // of the invocations and throttles: asynchronous ones
  double most_in_use = 0;
};

struct Observed {
  WallTime from, until;         // what was looked at
  std::vector<Minute> minutes;  // those with any requests, in order
  std::vector<Report> reports;  // in any order; perhaps not of all invocations
  std::string qualifier;        // by which most calls came
  double speed = 1;             // how many metric seconds a second of invocations was

  double invocations() const;
  double throttles() const;
  double errors() const;
  double events() const;
  double hours() const;  // with requests: from the first minute to the last
};

// Sets how the function behaves and who calls it, from what was seen; `function` has its settings.
// Where REPORT lines show when each invocation began, requests come at those times; else at random
// moments of their minutes. Throttled ones come beside those that got in. Error (kInvalid, NoData):
// there is nothing to go by.
Result<void> set_observed(simulate::SimulatedFunction& function, const Observed& observed);

// What kiln tune measured at one memory size.
struct TunedSize {
  int memory_mb = 0;
  double p50_ms = 0;
  std::optional<double> init_ms = {};
};
// How the function would behave with the other sizes: as it did, faster or slower in proportion to
// the medians. Sizes say nothing when its own is not among them.
void set_tuned(simulate::SimulatedFunction& function, const std::vector<TunedSize>& sizes);

// The time that the observed requests span, from the first one's minute.
struct Span {
  WallTime start;
  traffic::Nanos length = 0;  // in time of invocations
};
Result<Span> span_of(const Observed& observed);

}  // namespace kiln::advise
