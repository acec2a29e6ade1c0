// How much a function is called and what a call is like, and what that uses in a month.
//
//   Result<TrafficProfile> traffic = read_traffic_profile(text);
//   Usage month = *usage_of({.function = "Orders", .memory_mb = 512}, *traffic->of("Orders"));
//
// A profile is JSON: {"default": {…}, "functions": {"NAME": {…}}}, each with
//   invocationsPerMonth  or perSecond
//   durationMs           a number, or one for each memory size: {"512": 80, "1024": 45}
//   initMs, coldStarts   a cold start's Init Duration, and the share of invocations that are cold
//   provisionedShare     of invocations that run on provisioned concurrency, if there is any: 1
//   provisionedHours     a month, for which it is configured: 730
//   eventBytes           of an asynchronous event: large ones count as several requests
//   streamedBytes        of a streamed answer
//   logBytes             that an invocation writes
//
// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cost/usage.h"

namespace kiln::cost {

struct FunctionTraffic {
  double invocations = 0;  // a month
  // By memory size; size 0: at every other one.
  std::map<int64_t, double> duration_ms = {};
  double init_ms = 0, cold_starts = 0;
  double provisioned_share = 1, provisioned_hours = 730;
  int64_t event_bytes = 0, streamed_bytes = 0, log_bytes = 0;
};

struct TrafficProfile {
  std::optional<FunctionTraffic> otherwise = {};
  std::map<std::string, FunctionTraffic> functions = {};

  // nullptr: nothing is known of it.
  const FunctionTraffic* of(const std::string& function) const;
};

// Error (kInvalid, type Usage): not such a profile; it says what is wrong.
Result<TrafficProfile> read_traffic_profile(std::string_view text);

enum class SnapStart { kNo, kYes, kJava };  // Java's costs nothing

struct FunctionSettings {
  std::string function = {};
  Architecture architecture = Architecture::kX86_64;
  int64_t memory_mb = 128, storage_mb = 512;
  int64_t provisioned = 0;
  SnapStart snap_start = SnapStart::kNo;
};

// Error (kInvalid, type Usage): the traffic has no duration for this size.
Result<Usage> usage_of(const FunctionSettings& settings, const FunctionTraffic& traffic);

}  // namespace kiln::cost
