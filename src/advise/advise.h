// Advice by simulation: tries settings on the traffic that was seen and recommends those that reach
// the goals at the least cost.
//
//   const auto advice = advise(scenario, 0, observed, goals, options);
//
// Pure; the runs of a study are divided among whoever lends threads (StudyOptions::for_each). Cost:
// some forty runs of the observed time.
#pragma once

#include <string>
#include <vector>

#include "advise/advice.h"
#include "advise/facts.h"
#include "simulate/study.h"

namespace kiln::advise {

struct Goals {
  double cold_share = 0.01;       // of the invocations
  double throttle_share = 0.001;  // of all tries
  std::optional<double> p99_ms;
  bool memory_alone = false;  // advice about the memory and nothing else
};

// Of one function of the scenario, the others staying as they are. `observed` is what it was made
// from. Error: the scenario can't be simulated.
Result<std::vector<Advice>> advise(const simulate::Scenario& scenario, size_t function,
                                   const Observed& observed, const Goals& goals,
                                   const simulate::StudyOptions& options);

}  // namespace kiln::advise
