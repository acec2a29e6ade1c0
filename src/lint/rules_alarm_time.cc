// Periods of alarms: CloudWatch's limits, and the minute that Lambda's metrics have.
#include <algorithm>

#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

constexpr int64_t kMinute = 60, kHour = 3600, kDay = 86'400, kWeek = 604'800;

// nullopt: not known, or there is no metric with one.
std::optional<int64_t> period_of(const Alarm& alarm) {
  std::optional<int64_t> period;
  for (const MetricUse& metric : alarm.metrics) {
    if (!metric.period_s.is_known()) return std::nullopt;
    period = std::max(period.value_or(0), *metric.period_s.value());
  }
  return period;
}

}  // namespace

void alarm_period(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    for (const MetricUse& metric : alarm.metrics) {
      const std::optional<int64_t> period = metric.period_s.value();
      if (!period) continue;
      const bool is_short = *period == 10 || *period == 20 || *period == 30;
      if (!is_short && (*period <= 0 || *period % kMinute != 0)) {
        report.add(alarm.origin, metric.period_s.place(), "a period of " + n(*period) + " s",
                   "take 10, 20, 30 or a multiple of 60");
      } else if (is_short && metric.is_lambda()) {
        report.add(
            Severity::kWarning, alarm.origin, metric.period_s.place(),
            "a period of " + n(*period) + " s over a metric that Lambda writes once a minute",
            "take 60 or a multiple of it");
      }
    }
  }
}

void alarm_window(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    const std::optional<int64_t> period = period_of(alarm);
    const std::optional<int64_t> periods = alarm.evaluation_periods.value();
    if (!period || !periods || *period <= 0 || *periods <= 0 || *period > kWeek) continue;
    const int64_t most = *period >= kHour ? kWeek : kDay;
    if (*periods <= most / *period) continue;
    report.add(alarm.origin, alarm.evaluation_periods.place(),
               n(*periods) + " periods of " + n(*period) + " s are more than " +
                   (most == kWeek ? "a week" : "a day"),
               most == kWeek ? "take at most " + n(most / *period) + " periods"
                             : "take at most " + n(most / *period) +
                                   " periods, or a period of an hour for up to a week");
  }
}

void alarm_datapoints(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    const std::optional<int64_t> needed = alarm.datapoints.value();
    const std::optional<int64_t> periods = alarm.evaluation_periods.value();
    if (!needed || !periods || *needed <= *periods) continue;
    report.add(alarm.origin, alarm.datapoints.place(),
               "DatapointsToAlarm " + n(*needed) + " is above EvaluationPeriods " + n(*periods),
               "M of N needs M at most N");
  }
}

}  // namespace kiln::lint
