#include "telemetry/alarm_fetch.h"

#include <map>

#include "telemetry/statistic.h"

namespace kiln::telemetry {
namespace {

// The longest period of the store whose multiples both are.
int step(int period_s, int64_t start_s) {
  for (const int step_s : {60, 10, 5})
    if (period_s % step_s == 0 && start_s % step_s == 0) return step_s;
  return 1;
}

Series read(const MetricStore& store, const MetricStat& metric, int64_t start_s, int64_t end_s) {
  if (metric.period_s <= 0 || start_s % metric.period_s == 0)
    return store.read(metric, start_s, end_s);
  Series series;
  series.label = metric.metric.name;
  series.period_s = metric.period_s;
  const auto statistic = Statistic::parse(metric.stat);
  if (!statistic) return series;
  const int64_t period_s = metric.period_s;
  std::map<int64_t, Distribution> merged;
  for (const auto& [time_s, values] : store.read_values(
           metric.metric, metric.unit, step(metric.period_s, start_s), start_s, end_s))
    merged[start_s + (time_s - start_s) / period_s * period_s].merge(values);
  for (const auto& [time_s, values] : merged)
    if (const auto value = statistic->of(values)) series.points.emplace(time_s, *value);
  return series;
}

}  // namespace

FetchSeries alarm_fetch(const MetricStore& store) {
  return [&store](const MetricStat& metric, int64_t start_s, int64_t end_s) {
    return read(store, metric, start_s, end_s);
  };
}

}  // namespace kiln::telemetry
