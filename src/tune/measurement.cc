#include "tune/measurement.h"

#include <algorithm>

namespace kiln::tune {
namespace {

// Of the good invocations in rising order: warm ones, or cold ones where there is nothing else. A
// cold one does what functions put off until their first event, and would stand for all p99.
std::vector<double> good_durations(const std::vector<Sample>& samples) {
  std::vector<double> warm, cold;
  for (const Sample& sample : samples) {
    if (sample.outcome != Outcome::kOk) continue;
    (sample.init_ms ? cold : warm).push_back(sample.duration_ms);
  }
  if (warm.empty()) warm = std::move(cold);
  std::sort(warm.begin(), warm.end());
  return warm;
}

void count_failure(SizeResult& result, const Sample& sample) {
  switch (sample.outcome) {
    case Outcome::kOk:
    case Outcome::kThrottled:
      return;
    case Outcome::kError:
      ++result.errors;
      break;
    case Outcome::kTimeout:
      ++result.timeouts;
      break;
    case Outcome::kOutOfMemory:
      ++result.out_of_memory;
      break;
  }
  if (result.first_error.empty()) result.first_error = sample.error;
}

std::optional<double> per_million(const Pricing& pricing, int64_t memory_mb, double duration_ms,
                                  double init_ms) {
  const std::optional<double> one =
      cost::invocation_cost(pricing.prices, pricing.architecture,
                            {.memory_mb = memory_mb,
                             .storage_mb = pricing.storage_mb,
                             .billed_ms = cost::billed_ms(duration_ms, init_ms)});
  if (!one) return std::nullopt;
  return *one * 1e6;
}

}  // namespace

bool is_enough(const std::vector<Sample>& samples, const StopRule& rule) {
  const int64_t throttles = std::count_if(samples.begin(), samples.end(), [](const Sample& s) {
    return s.outcome == Outcome::kThrottled;
  });
  if (throttles >= rule.throttles) return true;
  const int64_t invoked = static_cast<int64_t>(samples.size()) - throttles;
  const std::vector<double> durations = good_durations(samples);
  if (durations.empty() && invoked >= rule.failures) return true;
  if (rule.number) return invoked >= *rule.number;
  if (invoked >= rule.most) return true;
  if (invoked < rule.least || durations.empty()) return false;
  const std::optional<Interval> median = median_interval(durations);
  if (!median) return false;
  return (median->high - median->low) / 2 <= rule.precision * percentile(durations, 0.5);
}

SizeResult summarize(int64_t memory_mb, const std::vector<Sample>& samples,
                     const Pricing& pricing) {
  SizeResult result{.memory_mb = memory_mb};
  std::vector<double> inits;
  for (const Sample& sample : samples) {
    if (sample.outcome == Outcome::kThrottled) {
      ++result.throttles;
      continue;
    }
    ++result.invocations;
    count_failure(result, sample);
    result.max_memory_mb = std::max(result.max_memory_mb, sample.max_memory_mb);
    if (sample.init_ms) inits.push_back(*sample.init_ms);
  }
  result.inits = static_cast<int64_t>(inits.size());
  if (!inits.empty()) {
    std::sort(inits.begin(), inits.end());
    result.init_ms = percentile(inits, 0.5);
  }
  const std::vector<double> durations = good_durations(samples);
  if (durations.empty()) return result;
  constexpr double kTrimmed = 0.2;
  result.p50_ms = percentile(durations, 0.5);
  result.p95_ms = percentile(durations, 0.95);
  result.p99_ms = percentile(durations, 0.99);
  result.average_ms = trimmed_mean(durations, kTrimmed);
  result.median = median_interval(durations);
  result.per_million = per_million(pricing, memory_mb, result.average_ms, 0);
  if (result.init_ms)
    result.per_million_with_init =
        per_million(pricing, memory_mb, result.average_ms, *result.init_ms);
  return result;
}

}  // namespace kiln::tune
