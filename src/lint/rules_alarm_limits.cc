// Thresholds in the wrong unit, or beyond what the metric can reach.
#include <fmt/format.h>

#include <algorithm>

#include "lint/alarm_metric.h"
#include "lint/rule_functions.h"

namespace kiln::lint {
namespace {

// A Duration alarm that fires above its threshold, with its function's timeout.
struct DurationAlarm {
  const Alarm* alarm;
  const Function* function;
  double threshold;
  int64_t timeout_s;
};

std::vector<DurationAlarm> duration_alarms(const Model& model) {
  std::vector<DurationAlarm> found;
  for (const Alarm& alarm : model.alarms) {
    const MetricUse* metric = alarm.watched();
    if (metric == nullptr || !metric->is_lambda() || metric->name.value() != "Duration" ||
        !is_of_metric_size(*metric) || !alarm.fires_above() || !alarm.threshold.is_known()) {
      continue;
    }
    const std::optional<size_t> function = function_of(model, alarm, *metric);
    if (!function) continue;
    const std::optional<int64_t> timeout =
        model.functions[*function].timeout_s.value_or(kDefaultTimeout);
    if (!timeout) continue;
    found.push_back({&alarm, &model.functions[*function], *alarm.threshold.value(), *timeout});
  }
  return found;
}

// Whether a metric that goes up to `most` can never cross the alarm's threshold.
bool never_fires(const Alarm& alarm, double most) {
  const double threshold = *alarm.threshold.value();
  return alarm.comparison.value() == "GreaterThanThreshold" ? threshold >= most : threshold > most;
}

}  // namespace

void duration_alarm_unit(const Model& model, const Circumstances&, Report& report) {
  for (const auto& [alarm, function, threshold, timeout] : duration_alarms(model)) {
    if (threshold <= 0 || threshold > static_cast<double>(timeout)) continue;
    report.add(alarm->origin, alarm->threshold.place(),
               fmt::format("threshold {} is {} ms; {} may run for {} s", number_text(threshold),
                           number_text(threshold), function->origin.logical_id, timeout),
               fmt::format("Duration is in milliseconds: {} s are {}", number_text(threshold),
                           number_text(threshold * 1000)));
  }
}

void duration_alarm_above_timeout(const Model& model, const Circumstances&, Report& report) {
  for (const auto& [alarm, function, threshold, timeout] : duration_alarms(model)) {
    if (threshold <= static_cast<double>(timeout) * 1000) continue;
    report.add(alarm->origin, alarm->threshold.place(),
               fmt::format("threshold {} ms is above the timeout of {}, {} s: it can't be reached",
                           number_text(threshold), function->origin.logical_id, timeout),
               fmt::format("take a threshold below {}, or alarm on Errors, which counts timeouts",
                           timeout * 1000));
  }
}

void utilization_alarm_percent(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    const MetricUse* metric = alarm.watched();
    if (metric == nullptr || !metric->is_lambda() ||
        metric->name.value() != "ProvisionedConcurrencyUtilization" ||
        !is_of_metric_size(*metric) || alarm.threshold.value().value_or(0) <= 1) {
      continue;
    }
    if (!alarm.fires_above() && !alarm.fires_below()) continue;
    const double threshold = *alarm.threshold.value();
    report.add(alarm.origin, alarm.threshold.place(),
               "threshold " + number_text(threshold) +
                   " is above 1, the most that ProvisionedConcurrencyUtilization reaches: " +
                   (alarm.fires_above() ? "the alarm never fires" : "the alarm always fires"),
               threshold <= 100 ? fmt::format("utilisation is a fraction: {} % is {}", threshold,
                                              threshold / 100)
                                : "take a fraction from 0 to 1");
  }
}

void concurrency_alarm_above_limit(const Model& model, const Circumstances& circumstances,
                                   Report& report) {
  for (const Alarm& alarm : model.alarms) {
    const MetricUse* metric = alarm.watched();
    if (metric == nullptr || !metric->is_lambda() || !metric->dimensions_known ||
        !is_of_metric_size(*metric) || !alarm.fires_above() || !alarm.threshold.is_known()) {
      continue;
    }
    const std::string name = metric->name.value().value_or("");
    const std::optional<size_t> function = function_of(model, alarm, *metric);
    std::optional<int64_t> most;
    std::string limit;
    if (name == "ConcurrentExecutions" && function) {
      most = model.functions[*function].reserved.value();
      limit = "the reserve of " + model.functions[*function].origin.logical_id;
    } else if (metric->dimensions.empty() &&
               (name == "ConcurrentExecutions" || name == "ClaimedAccountConcurrency" ||
                name == "UnreservedConcurrentExecutions")) {
      most = circumstances.account_concurrency;
      limit = "the account's limit";
    }
    if (!most || !never_fires(alarm, static_cast<double>(*most))) continue;
    report.add(alarm.origin, alarm.threshold.place(),
               fmt::format("{} can't exceed {}, {}, so a threshold of {} never fires", name, limit,
                           *most, number_text(*alarm.threshold.value())),
               fmt::format("take less, such as {}, or alarm on Throttles", *most * 8 / 10));
  }
}

}  // namespace kiln::lint
