// The rule by which a metric alarm chooses its state. Its shape follows the tables of AWS's
// documentation about missing data; the evaluation range is the one part of it that AWS does not
// publish.
#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "telemetry/alarm.h"
#include "telemetry/alarm_reason.h"

namespace kiln::telemetry {
namespace {

// What the rule reads: the points that are there.
struct Real {
  std::vector<size_t> positions;  // in the window, oldest first
  int breaching = 0;
};

Real last_real(const AlarmConfig& config, const AlarmWindow& window, size_t most) {
  Real real;
  for (size_t i = window.points.size(); i-- > 0 && real.positions.size() < most;) {
    if (!window.points[i]) continue;
    real.positions.push_back(i);
    if (breaches(*window.points[i], config.comparison, config.threshold)) ++real.breaching;
  }
  std::reverse(real.positions.begin(), real.positions.end());
  return real;
}

// Metrics of DynamoDB behave as `ignore`, whatever the alarm says.
MissingData treatment(const AlarmConfig& config) {
  const bool dynamo = config.metric && config.metric->metric.metric_namespace == "AWS/DynamoDB";
  return dynamo ? MissingData::kIgnore : config.missing;
}

// nullopt: the alarm keeps its state.
std::optional<AlarmState> decide(const AlarmConfig& config, const AlarmWindow& window,
                                 const Real& real) {
  const int periods = config.evaluation_periods;
  const int minimum = config.minimum_breaching();
  const int count = static_cast<int>(real.positions.size());
  const auto alarm_if = [](bool alarm) { return alarm ? AlarmState::kAlarm : AlarmState::kOk; };

  if (count >= periods) return alarm_if(real.breaching >= minimum);
  const MissingData missing = treatment(config);
  if (missing == MissingData::kBreaching)
    return alarm_if(real.breaching + periods - count >= minimum);
  if (missing == MissingData::kNotBreaching) return alarm_if(real.breaching >= minimum);

  const bool ignore = missing == MissingData::kIgnore;
  if (count == 0) {
    if (ignore) return std::nullopt;
    return AlarmState::kInsufficientData;
  }
  if (real.breaching >= minimum) return AlarmState::kAlarm;
  if (real.breaching < count) return AlarmState::kOk;
  // Every point breaches, but there are too few. An alarm does not go off before its time: the
  // oldest of them must be as old as the points that are asked for.
  const size_t age = window.points.size() - real.positions.front();
  if (age >= static_cast<size_t>(minimum) && !ignore) return AlarmState::kAlarm;
  return std::nullopt;
}

// The fewest samples that make a percentile count: 10 of them lie beyond it.
double samples_needed(const std::string& stat) {
  double percentile = 0;
  if (stat.size() < 2 || stat[0] != 'p') return 0;
  const auto [end, error] = std::from_chars(stat.data() + 1, stat.data() + stat.size(), percentile);
  if (error != std::errc() || end != stat.data() + stat.size()) return 0;
  const double beyond = std::min(percentile, 100 - percentile) / 100;
  return beyond > 0 ? 10 / beyond : 0;
}

bool has_too_few_samples(const AlarmConfig& config, const AlarmWindow& window, const Real& real) {
  if (config.low_sample_count_percentile != "ignore" || !config.metric) return false;
  const double needed = samples_needed(config.metric->stat);
  constexpr double kRounding = 1e-6;  // 10 / (1 − 0.99) is a little more than 1,000
  return std::any_of(real.positions.begin(), real.positions.end(), [&](size_t at) {
    const double samples = at < window.sample_counts.size() ? window.sample_counts[at] : 0;
    return samples < needed - kRounding;
  });
}

}  // namespace

bool breaches(double value, Comparison comparison, double threshold) {
  switch (comparison) {
    case Comparison::kGreaterThanOrEqual:
      return value >= threshold;
    case Comparison::kGreaterThan:
      return value > threshold;
    case Comparison::kLessThan:
      return value < threshold;
    case Comparison::kLessThanOrEqual:
      break;
  }
  return value <= threshold;
}

int evaluation_range(int evaluation_periods) {
  return evaluation_periods + std::max(evaluation_periods / 3, 2);
}

AlarmVerdict evaluate_alarm(const AlarmConfig& config, const AlarmWindow& window,
                            AlarmState current, WallTime now) {
  KILN_REQUIRE(window.times.size() == window.points.size());
  const Real real = last_real(config, window, static_cast<size_t>(config.evaluation_periods));
  AlarmVerdict verdict;
  verdict.state = current;
  if (!real.positions.empty()) verdict.latest_value = window.points[real.positions.back()];
  for (const size_t at : real.positions) verdict.recent_values.push_back(*window.points[at]);
  if (has_too_few_samples(config, window, real)) return verdict;
  const std::optional<AlarmState> state = decide(config, window, real);
  if (!state) return verdict;
  verdict.state = *state;
  const Decision decision{*state, real.positions};
  verdict.reason = alarm_reason(config, window, decision);
  verdict.reason_data = alarm_reason_data(config, window, decision, now);
  return verdict;
}

}  // namespace kiln::telemetry
