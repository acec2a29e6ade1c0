// CpuOptimizer: picks how a batch of work is done, by its size and the CPUs there are.
//
//   CpuOptimizer optimizer(1769);
//   const auto options = optimizer.plan(numbers.size(), Processes::kAllowed);
//   const auto outcomes = kiln::parallel::map(numbers, work, options);
//
//   more than 1,000 items, more than one core, and allowed: processes; more than 100 items:
//   threads; else one after the other. Workers: one for each 100 items, at least 1, at most the
//   cores.
//
// Threading and ownership: a plain value.
#pragma once

#include <cstddef>

#include "kiln/parallel.h"

namespace cpu_optimized {

enum class Processes { kAllowed, kNotAllowed };

class CpuOptimizer {
 public:
  explicit CpuOptimizer(int memory_mb, size_t cpu_count = kiln::parallel::cpu_count())
      : memory_mb_(memory_mb), cpu_count_(cpu_count) {}

  size_t cpu_count() const { return cpu_count_; }
  // Lambda gives one CPU's time for each 1,769 MiB.
  double estimated_vcpus() const { return memory_mb_ / 1769.0; }

  kiln::parallel::Options plan(size_t items, Processes processes) const;
  size_t workers(size_t items) const;

 private:
  int memory_mb_;
  size_t cpu_count_;
};

// "multiprocessing", "threading" or "sequential".
const char* name_of(kiln::parallel::Mode mode);

}  // namespace cpu_optimized
