// A metric alarm: what it watches and the rule by which it changes its state. Pure: time and data
// come in as arguments.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "telemetry/metric.h"
#include "telemetry/metric_query.h"

namespace kiln::telemetry {

enum class AlarmState { kOk, kAlarm, kInsufficientData };
enum class Comparison {
  kGreaterThanOrEqual,
  kGreaterThan,
  kLessThan,
  kLessThanOrEqual,
};
enum class MissingData { kMissing, kIgnore, kBreaching, kNotBreaching };

std::string_view to_text(AlarmState state);       // "OK", "ALARM", "INSUFFICIENT_DATA"
std::string_view to_text(Comparison comparison);  // "GreaterThanThreshold", …
std::string_view to_text(MissingData missing);    // "missing", "notBreaching", …
std::optional<AlarmState> parse_alarm_state(std::string_view text);
std::optional<Comparison> parse_comparison(std::string_view text);
std::optional<MissingData> parse_missing_data(std::string_view text);
bool breaches(double value, Comparison comparison, double threshold);

// arn:aws:cloudwatch:REGION:ACCOUNT:alarm:NAME, of metric and composite alarms.
std::string alarm_arn(const std::string& region, const std::string& account,
                      const std::string& name);

struct AlarmActions {
  bool enabled = true;
  std::vector<std::string> ok, alarm, insufficient_data;  // ARNs
  const std::vector<std::string>& of(AlarmState state) const;
};

// The configuration, as PutMetricAlarm gives it.
struct AlarmConfig {
  std::string region;
  std::string name;
  std::string description;
  bool has_description = false;
  AlarmActions actions;
  std::optional<MetricStat> metric;  // a single metric (period and statistic in it), or
  std::vector<MetricQuery> metrics;  // metric math; exactly one returns data
  Comparison comparison = Comparison::kGreaterThan;
  double threshold = 0;
  int evaluation_periods = 1;
  std::optional<int> datapoints_to_alarm;
  MissingData missing = MissingData::kMissing;
  bool has_missing = false;                 // TreatMissingData was given; shown only then
  std::string low_sample_count_percentile;  // "", "evaluate", "ignore"

  int period_s() const;
  // How many points must breach: datapoints_to_alarm, or all.
  int minimum_breaching() const { return datapoints_to_alarm.value_or(evaluation_periods); }
};

// What an evaluation says. The reason is empty when the rule keeps the state as it is for want of
// data.
struct AlarmVerdict {
  AlarmState state = AlarmState::kInsufficientData;
  std::string reason;
  std::string reason_data;             // JSON
  std::optional<double> latest_value;  // the newest real point
  std::vector<double> recent_values;   // the real points that the rule looked at
};

// How many periods an evaluation looks at: more than evaluation_periods (5 for 3), so that late
// data counts. AWS publishes no formula.
int evaluation_range(int evaluation_periods);

// `points`: oldest first, one entry for each period of the evaluation range that ends with the
// newest complete period; nullopt = missing. `times`: the start of each, seconds since the epoch.
// `sample_counts`: beside each point, for percentiles and reason data; may be shorter or empty.
struct AlarmWindow {
  std::vector<int64_t> times;
  std::vector<std::optional<double>> points;
  std::vector<double> sample_counts;
};
AlarmVerdict evaluate_alarm(const AlarmConfig& config, const AlarmWindow& window,
                            AlarmState current, WallTime now);

}  // namespace kiln::telemetry
