#include "rules.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace concurrency_controller {
namespace {

std::string percent(double value) {
  char out[48];
  std::snprintf(out, sizeof out, "%.2f%%", value);
  return out;
}

void raise(Analysis& analysis, Status status) {
  analysis.status = std::max(analysis.status, status);
}

// A double of a product may lie a hair off the whole number that it is: 1.1 * 10
// is 11.000000000000002.
int floor_of(double value) { return static_cast<int>(std::floor(value + 1e-9)); }
int ceil_of(double value) { return static_cast<int>(std::ceil(value - 1e-9)); }

}  // namespace

double Capacity::utilization(int in_use) const {
  if (limit() <= 0) return in_use > 0 ? 1 : 0;
  return static_cast<double>(in_use) / limit();
}

Analysis analyze(const Metrics& metrics, const Capacity& capacity, int max_processing_seconds) {
  Analysis out;
  const double utilization = capacity.utilization(metrics.concurrent_executions);
  if (utilization > 0.9) {
    raise(out, Status::kCritical);
    out.alerts.push_back("High concurrency utilization (>90%)");
    out.recommendations.push_back(
        capacity.reserved ? "Consider increasing reserved concurrency"
                          : "Consider reserving concurrency, or a higher account limit");
  } else if (utilization > 0.7) {
    raise(out, Status::kWarning);
    out.recommendations.push_back("Monitor concurrency usage closely");
  }
  if (metrics.error_rate > 10) {
    raise(out, Status::kCritical);
    out.alerts.push_back("High error rate: " + percent(metrics.error_rate));
    out.recommendations.push_back("Investigate error causes");
  } else if (metrics.error_rate > 5) {
    raise(out, Status::kWarning);
    out.recommendations.push_back("Monitor error trends");
  }
  if (metrics.average_duration > 0.8 * 1000 * max_processing_seconds) {
    raise(out, Status::kWarning);
    out.recommendations.push_back("Consider optimizing function performance");
  }
  if (metrics.throttles > 0) {
    raise(out, Status::kCritical);
    out.alerts.push_back("Function throttling detected: " + std::to_string(metrics.throttles) +
                         " throttles");
    out.recommendations.push_back("Increase reserved concurrency or optimize function");
  }
  return out;
}

std::optional<Suggestion> suggest(const Metrics& metrics, const Capacity& capacity) {
  const int in_use = metrics.concurrent_executions;
  const double utilization = capacity.utilization(in_use);
  // Without a reserve the function has as much as it uses: a reserve below that would take from it.
  const int has = capacity.reserved.value_or(in_use);
  const auto increase = [&](int wanted, std::string reason) -> std::optional<Suggestion> {
    const int suggested = std::min(wanted, kMaxConcurrency);
    if (suggested <= has) return std::nullopt;
    return Suggestion{"increase_concurrency", suggested, std::move(reason)};
  };
  const auto decrease = [&](int wanted, std::string reason) -> std::optional<Suggestion> {
    const int suggested = std::max(wanted, kMinConcurrency);
    if (suggested >= capacity.limit()) return std::nullopt;
    return Suggestion{"decrease_concurrency", suggested, std::move(reason)};
  };
  if (metrics.throttles > 0) {
    // Half of 1 more is no more.
    return increase(std::max(floor_of(1.5 * capacity.limit()), capacity.limit() + 1),
                    "Throttling detected");
  }
  if (metrics.error_rate > 10) {
    return decrease(floor_of(0.7 * capacity.limit()), "High error rate detected");
  }
  if (utilization > 0.8) {
    return increase(ceil_of(1.25 * in_use), "High utilization: " + percent(100 * utilization));
  }
  if (utilization < 0.3 && capacity.reserved && *capacity.reserved > 2 * kMinConcurrency) {
    return decrease(ceil_of(1.5 * in_use), "Low utilization: " + percent(100 * utilization));
  }
  return std::nullopt;
}

const char* name_of(Status status) {
  switch (status) {
    case Status::kCritical:
      return "critical";
    case Status::kWarning:
      return "warning";
    default:
      return "good";
  }
}

}  // namespace concurrency_controller
