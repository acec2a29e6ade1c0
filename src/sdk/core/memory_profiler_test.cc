// The memory profiler in a program without the heap sampler, which is what most functions are.
#include "kiln/memory_profiler.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <nlohmann/json.hpp>

namespace kiln {
namespace {

using nlohmann::json;

// Memory that the allocator has no part in: there when made, gone when destroyed.
class Pages {
 public:
  explicit Pages(size_t mb)
      : size_(mb << 20),
        data_(::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    std::memset(data_, 1, size_);
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages() { ::munmap(data_, size_); }

 private:
  size_t size_;
  void* data_;
};

TEST(MemoryProfiler, SnapshotsShowTheIncrease) {
  MemoryProfiler profiler;
  profiler.start();
  const MemorySnapshot before = profiler.snapshot("before");
  EXPECT_GT(before.memory_mb, 0);
  EXPECT_NEAR(before.memory_increase_mb, 0, 1);
  {
    const Pages pages(50);
    const MemorySnapshot held = profiler.snapshot("held");
    EXPECT_NEAR(held.memory_increase_mb, 50, 3);
    EXPECT_GE(held.timestamp, before.timestamp);
  }
  const MemoryReport report = profiler.report();
  ASSERT_EQ(report.snapshots.size(), 2u);
  EXPECT_EQ(report.snapshots[1].label, "held");
  EXPECT_NEAR(report.memory_increase_mb, 0, 3);
  EXPECT_GE(report.peak_memory_mb, report.start_memory_mb + 47);
  EXPECT_TRUE(report.top_memory_consumers.empty());
}

TEST(MemoryProfiler, ANewPeakOfTheProcessIsSeenBetweenSnapshots) {
  const double now = resident_memory_mb();
  MemoryProfiler profiler;
  profiler.start();
  { const Pages pages(300); }
  EXPECT_GE(profiler.report().peak_memory_mb, now + 290);
}

TEST(MemoryProfiler, StartBeginsAnew) {
  MemoryProfiler profiler;
  profiler.start();
  profiler.snapshot("old");
  profiler.start();
  EXPECT_TRUE(profiler.report().snapshots.empty());
}

TEST(MemoryProfiler, BeforeTheStartTheReportIsEmpty) {
  const MemoryProfiler profiler;
  EXPECT_EQ(profiler.report().current_memory_mb, 0);
}

TEST(MemoryProfiler, TheReportAsJson) {
  MemoryReport report{1, 2, 3, 1, {}, {{"a.cc:5", 0.5, 2}}};
  report.snapshots.push_back(
      {"s", std::chrono::system_clock::time_point(std::chrono::milliseconds(1500)), 2, 1});
  EXPECT_EQ(
      json(report),
      (json{{"start_memory_mb", 1.0},
            {"current_memory_mb", 2.0},
            {"peak_memory_mb", 3.0},
            {"memory_increase_mb", 1.0},
            {"snapshots",
             {{{"label", "s"},
               {"timestamp", "1970-01-01T00:00:01.500Z"},
               {"memory_mb", 2.0},
               {"memory_increase_mb", 1.0}}}},
            {"top_memory_consumers", {{{"file", "a.cc:5"}, {"size_mb", 0.5}, {"count", 2}}}}}));
}

}  // namespace
}  // namespace kiln
