// MemoryProfiler: how much memory a piece of work takes, and who holds it.
//
//   kiln::MemoryProfiler profiler;
//   profiler.start();
//   load();
//   profiler.snapshot("loaded");
//   const nlohmann::json report = profiler.report();  // with <nlohmann/json.hpp>
//
// Memory is the resident set of the whole process in MiB. A program that links the object
// kiln::heap_sampler also learns which ten places in its code hold most: of what is
// allocated with operator new, each thread's first 64 allocations since start() are noted with
// their call stacks until they are freed, then one in 4 KiB on average, and one in 512 KiB once
// much was allocated. kiln_lambda(… SYMBOLS) puts the names and lines of the places into the
// package. Sizes and counts of a place are
// estimates from those samples: good to a few percent for what holds most, a hint for the rest.
// Memory from malloc or mmap has no place.
//
// Threading: one thread at a time; the sampler sees the allocations of all threads. One profiler
// runs at a time: start() forgets what the sampler saw before. Ownership: keeps labels and
// snapshots. Cost: off, nothing: without kiln::heap_sampler not an instruction, with it two loads,
// 1 ns for a new and its delete. On, measured: 6 ns for a new and its delete, and 3 µs for each
// sample, so 0.6 % of the time of a program that allocates 1 GiB/s. A snapshot: 5 µs. The first
// report reads the program's symbols: milliseconds. bench/micro/profiler_bench.cc measures it.
#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace kiln {

struct MemorySnapshot {
  std::string label;
  std::chrono::system_clock::time_point timestamp;
  double memory_mb;
  double memory_increase_mb;  // since start()
};

struct AllocationSite {
  std::string
      file;  // "file:line (function)", or the function's name, or "program+0x1234" without symbols
  double size_mb;  // held at the time of the report
  size_t count;    // allocations held
};

struct MemoryReport {
  double start_memory_mb;
  double current_memory_mb;
  double peak_memory_mb;  // also between snapshots, where it is the highest of the process's life
  double memory_increase_mb;  // current less start
  std::vector<MemorySnapshot> snapshots;
  std::vector<AllocationSite> top_memory_consumers;  // most first, up to ten
};

// Objects with the fields' names; timestamps as 2026-01-02T03:04:05.678Z.
void to_json(nlohmann::json& json, const MemorySnapshot& snapshot);
void to_json(nlohmann::json& json, const AllocationSite& site);
void to_json(nlohmann::json& json, const MemoryReport& report);

double resident_memory_mb();  // 0 where /proc is not there

class MemoryProfiler {
 public:
  MemoryProfiler() = default;
  ~MemoryProfiler();  // stops
  MemoryProfiler(const MemoryProfiler&) = delete;
  MemoryProfiler& operator=(const MemoryProfiler&) = delete;

  void start();  // again: from the beginning
  void stop();   // no more samples; what they showed stays until the next start()
  MemorySnapshot snapshot(std::string label);
  bool started() const { return start_mb_ != 0; }  // ever
  MemoryReport report() const;                     // all zeros before start()

 private:
  bool running_ = false;
  double start_mb_ = 0;
  double peak_mb_ = 0;
  double lifetime_peak_mb_ = 0;  // of the process, at start()
  std::vector<MemorySnapshot> snapshots_;
};

}  // namespace kiln
