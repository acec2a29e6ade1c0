#include "cpu_optimizer.h"

#include <gtest/gtest.h>

#include <string>

namespace cpu_optimized {
namespace {

TEST(CpuOptimizer, ModeAndWorkers) {
  struct Case {
    size_t cores;
    size_t items;
    Processes processes;
    const char* mode;
    size_t workers;
  };
  const Case cases[] = {
      {4, 0, Processes::kAllowed, "sequential", 1},
      {4, 100, Processes::kAllowed, "sequential", 1},
      {4, 101, Processes::kAllowed, "threading", 1},
      {4, 199, Processes::kAllowed, "threading", 1},
      {4, 200, Processes::kAllowed, "threading", 2},
      {4, 1000, Processes::kAllowed, "threading", 4},
      {4, 1001, Processes::kAllowed, "multiprocessing", 4},
      {4, 1001, Processes::kNotAllowed, "threading", 4},
      {1, 1001, Processes::kAllowed, "threading", 1},
      {2, 1001, Processes::kAllowed, "multiprocessing", 2},
      {16, 1199, Processes::kAllowed, "multiprocessing", 11},
  };
  for (const Case& c : cases) {
    const auto options = CpuOptimizer(512, c.cores).plan(c.items, c.processes);
    EXPECT_STREQ(name_of(options.mode), c.mode) << c.cores << " cores, " << c.items;
    EXPECT_EQ(options.workers, c.workers) << c.cores << " cores, " << c.items;
  }
}

TEST(CpuOptimizer, EstimatedVcpus) {
  EXPECT_DOUBLE_EQ(CpuOptimizer(1769).estimated_vcpus(), 1);
  EXPECT_NEAR(CpuOptimizer(128).estimated_vcpus(), 0.0724, 0.0001);
  EXPECT_EQ(CpuOptimizer(512).cpu_count(), kiln::parallel::cpu_count());
}

}  // namespace
}  // namespace cpu_optimized
