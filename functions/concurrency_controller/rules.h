// The rules: what a function's metrics say, and which reserve would suit it.
//
// Pure functions and plain values; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace concurrency_controller {

constexpr int kMinConcurrency = 1;
constexpr int kMaxConcurrency = 100;  // the most that is ever suggested

// Of a function, over a window.
struct Metrics {
  int concurrent_executions = 0;  // the highest
  double invocations_per_minute = 0;
  double error_rate = 0;        // per cent of the invocations
  double average_duration = 0;  // ms
  int throttles = 0;
};

// What the function may use at once.
struct Capacity {
  std::optional<int> reserved;  // none: it shares what the account has left
  int unreserved = 0;           // that

  int limit() const { return reserved.value_or(unreserved); }
  // The part of the limit in use; of a limit of 0 all of it, when anything runs.
  double utilization(int in_use) const;
};

enum class Status { kGood, kWarning, kCritical };

struct Analysis {
  Status status = Status::kGood;  // the worst that was found
  std::vector<std::string> alerts;
  std::vector<std::string> recommendations;
};

// Utilisation > 90 % critical, > 70 % warning; error rate > 10 % critical, > 5 % warning; average
// duration > 80 % of `max_processing_seconds` warning; any throttle critical.
Analysis analyze(const Metrics& metrics, const Capacity& capacity, int max_processing_seconds);

struct Suggestion {
  std::string action;  // increase_concurrency, decrease_concurrency
  int suggested = 0;
  std::string reason;
};

// The first that applies: throttled: 1.5 times the limit, up to 100; error rate > 10 %: 0.7 times
// it, down to 1; utilisation > 80 %: 1.25 times what is in use, up to 100; utilisation < 30 % of a
// reserve above 2: 1.5 times what is in use, at least 1. None when that would not be more, or less,
// than there is.
std::optional<Suggestion> suggest(const Metrics& metrics, const Capacity& capacity);

const char* name_of(Status status);

}  // namespace concurrency_controller
