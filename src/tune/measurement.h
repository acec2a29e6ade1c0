// What was measured of a function at one memory size, and what it says.
//
//   std::vector<Sample> samples = …;  // of one size
//   while (!is_enough(samples, rule)) samples.push_back(invoke());
//   const SizeResult result = summarize(512, samples, pricing);
//
// Pure; values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/statistics.h"
#include "cost/bill.h"

namespace kiln::tune {

enum class Outcome { kOk, kError, kTimeout, kOutOfMemory, kThrottled };

struct Sample {
  Outcome outcome = Outcome::kOk;
  double duration_ms = 0;  // without Init
  std::optional<double> init_ms = {};
  int64_t max_memory_mb = 0;
  std::string error = {};  // what a failure said
};

// When a size has been measured enough: `number` invocations when it is set, else as soon as the
// median is known to `precision` (half the width of its confidence interval against itself).
// Throttled ones don't count.
struct StopRule {
  std::optional<int64_t> number = {};
  double precision = 0.05;
  int64_t least = 20, most = 200;
  // A size isn't worth more invocations when the first ones all fail, or so many are throttled.
  int64_t failures = 3, throttles = 20;
};
bool is_enough(const std::vector<Sample>& samples, const StopRule& rule);

struct Pricing {
  const cost::Prices& prices;  // borrowed
  cost::Architecture architecture = cost::Architecture::kX86_64;
  int64_t storage_mb = 512;
};

struct SizeResult {
  int64_t memory_mb = 0;
  int64_t invocations = 0;  // throttled ones not counted
  int64_t errors = 0, timeouts = 0, out_of_memory = 0, throttles = 0;
  std::string first_error = {};
  // Of the good invocations, of warm ones if there are any; zero without.
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
  double average_ms = 0;  // without the fastest and slowest fifth, as aws-lambda-power-tuning's
  std::optional<Interval> median = {};
  std::optional<double> init_ms = {};  // median
  int64_t inits = 0;
  int64_t max_memory_mb = 0;
  // USD for a million invocations of the average duration; with init: were each one a cold start.
  std::optional<double> per_million = {}, per_million_with_init = {};
  // Filled in by whoever knows the machine: why this size can't be measured here, or "".
  std::string beyond_machine = {};

  bool survives() const { return invocations > 0 && errors + timeouts + out_of_memory == 0; }
};

SizeResult summarize(int64_t memory_mb, const std::vector<Sample>& samples, const Pricing& pricing);

}  // namespace kiln::tune
