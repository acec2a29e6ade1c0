#include "telemetry/metric_store.h"

#include <algorithm>

#include "telemetry/metric_unit.h"
#include "telemetry/statistic.h"

namespace kiln::telemetry {
namespace {

// How much stays in memory: what alarms with short periods look at each minute.
constexpr int64_t kMemorySeconds = 15 * 60;
// How far ahead PutMetricData takes times.
constexpr int64_t kFutureSeconds = 2 * 3600;

int64_t floor_to(int64_t time_s, int64_t period_s) {
  const int64_t rest = time_s % period_s;
  return time_s - (rest < 0 ? rest + period_s : rest);
}

}  // namespace

MetricStore::MetricStore(MetricArchive& archive) : archive_(archive) {
  for (auto& info : archive_.load_series()) {
    Data& data = metrics_[info.key][info.unit];
    data.series = info.series;
    data.last_s = info.last_s;
  }
}

void MetricStore::record(const MetricKey& key, std::string_view unit, int64_t time_s,
                         const Distribution& values) {
  auto& units = metrics_[key];
  auto found = units.find(unit);
  if (found == units.end()) {
    found = units.try_emplace(std::string(unit)).first;
    found->second.series = archive_.add_series(key, found->first);
  }
  Data& data = found->second;
  auto point = data.points.find(time_s);
  if (point == data.points.end()) {
    point = data.points.try_emplace(time_s).first;
    // It may have been written before: by an earlier flush, or an earlier run of the engine.
    archive_.read(data.series, time_s, time_s + 1,
                  [&](MetricArchive::Point&& old) { point->second = std::move(old.values); });
  }
  point->second.merge(values);
  data.changed.insert(time_s);
  data.last_s = std::max(data.last_s, time_s);
  dirty_.insert(&data);
}

std::map<int64_t, Distribution> MetricStore::read_values(const MetricKey& key,
                                                         const std::string& unit, int period_s,
                                                         int64_t start_s, int64_t end_s,
                                                         Align align) const {
  std::map<int64_t, Distribution> out;
  const int64_t origin_s = align == Align::kStart ? start_s : 0;
  const auto period_of = [&](int64_t time_s) {
    return origin_s + floor_to(time_s - origin_s, period_s);
  };
  const auto metric = metrics_.find(key);
  if (metric == metrics_.end() || period_s <= 0) return out;
  // Values of different units are never added up: without a unit, one of them is read.
  std::map<int, std::map<int64_t, Distribution>> by_rank;
  for (const auto& [name, data] : metric->second) {
    if (!unit.empty() && unit != name) continue;
    std::map<int64_t, Distribution> values;
    if (start_s < floor_s_)
      archive_.read(data.series, start_s, end_s, [&, &data = data](MetricArchive::Point&& point) {
        if (!data.points.contains(point.time_s))
          values[period_of(point.time_s)].merge(point.values);
      });
    for (auto at = data.points.lower_bound(start_s); at != data.points.end() && at->first < end_s;
         ++at)
      values[period_of(at->first)].merge(at->second);
    if (!values.empty()) by_rank.emplace(unit_rank(name), std::move(values));
  }
  if (!by_rank.empty()) out = std::move(by_rank.begin()->second);
  return out;
}

Series MetricStore::read(const MetricStat& metric, int64_t start_s, int64_t end_s,
                         Align align) const {
  Series series;
  series.label = metric.metric.name;
  series.period_s = metric.period_s;
  const auto statistic = Statistic::parse(metric.stat);
  if (!statistic) return series;
  for (const auto& [time_s, values] :
       read_values(metric.metric, metric.unit, metric.period_s, start_s, end_s, align))
    if (const auto value = statistic->of(values)) series.points[time_s] = *value;
  return series;
}

std::string MetricStore::unit_of(const MetricKey& key) const {
  const auto metric = metrics_.find(key);
  if (metric == metrics_.end() || metric->second.empty()) return {};
  return metric->second.begin()->first;
}

void MetricStore::list(int64_t since_s, const std::function<void(const MetricKey&)>& visit) const {
  for (const auto& [key, units] : metrics_)
    if (std::any_of(units.begin(), units.end(),
                    [&](const auto& unit) { return unit.second.last_s >= since_s; }))
      visit(key);
}

// What can't be written now is tried again with the next.
void MetricStore::write_changed(const std::vector<Data*>& changed, int64_t now_s) {
  std::vector<MetricArchive::Point> points;
  for (Data* data : changed)
    for (const int64_t time_s : data->changed)
      if (const auto found = data->points.find(time_s); found != data->points.end())
        points.push_back({data->series, time_s, found->second});
  if (!points.empty() && !archive_.write(points, now_s)) return;
  for (Data* data : changed) {
    data->changed.clear();
    dirty_.erase(data);
  }
}

void MetricStore::save(const std::vector<const MetricKey*>& keys, int64_t now_s) {
  std::vector<Data*> changed;
  for (const MetricKey* key : keys) {
    const auto metric = metrics_.find(*key);
    if (metric == metrics_.end()) continue;
    for (auto& [unit, data] : metric->second)
      if (dirty_.contains(&data)) changed.push_back(&data);
  }
  write_changed(changed, now_s);
}

void MetricStore::flush(int64_t now_s) {
  write_changed({dirty_.begin(), dirty_.end()}, now_s);
  const int64_t keep_from_s = now_s - kMemorySeconds;
  // What an earlier run wrote is not in memory; it may reach into what was the future then.
  first_flush_s_ = std::min(first_flush_s_, now_s);
  if (keep_from_s > first_flush_s_ + kFutureSeconds) floor_s_ = keep_from_s;
  for (auto& [key, units] : metrics_)
    for (auto& [unit, data] : units) {
      data.points.erase(data.points.begin(), data.points.lower_bound(keep_from_s));
      data.changed.erase(data.changed.begin(), data.changed.lower_bound(keep_from_s));
    }
}

}  // namespace kiln::telemetry
