// What kiln tune measured at each memory size, out of its JSON.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/scenario.h"

namespace kiln::cli {

struct TunedSize {
  int memory_mb = 0;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
  std::optional<double> init_ms = {};
};
// Sizes that survived. Error (Usage): the file is not one of kiln tune --json.
Result<std::vector<TunedSize>> read_tuned_sizes(const std::string& path);

// How the function behaves with each size. A function whose own times are known keeps them, and is
// faster or slower in proportion. Error (Usage): its own size is not among them.
Result<void> set_tuned_sizes(simulate::SimulatedFunction& function,
                             const std::vector<TunedSize>& sizes);

}  // namespace kiln::cli
