#include "cpu_optimizer.h"

#include <algorithm>

namespace cpu_optimized {

using kiln::parallel::Mode;

size_t CpuOptimizer::workers(size_t items) const {
  return std::min(cpu_count_, std::max<size_t>(1, items / 100));
}

kiln::parallel::Options CpuOptimizer::plan(size_t items, Processes processes) const {
  Mode mode = Mode::kSequential;
  if (items > 1000 && cpu_count_ > 1 && processes == Processes::kAllowed) {
    mode = Mode::kProcesses;
  } else if (items > 100) {
    mode = Mode::kThreads;
  }
  return {mode, workers(items)};
}

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::kProcesses:
      return "multiprocessing";
    case Mode::kThreads:
      return "threading";
    case Mode::kSequential:
      break;
  }
  return "sequential";
}

}  // namespace cpu_optimized
