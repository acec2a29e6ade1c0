#include "telemetry/query_find.h"

#include <algorithm>
#include <map>
#include <utility>

#include "telemetry/math_statistics.h"
#include "telemetry/metric_label.h"
#include "telemetry/search_expression.h"

namespace kiln::telemetry {
namespace {

using Function = InsightsQuery::Function;

void note(const QuerySources& sources, QueryNote what) {
  if (sources.note) sources.note(what);
}

// The metrics of the Region that `wanted` lets through: at most `most`. More is noted.
template <class Wanted>
std::vector<MetricKey> matching(const QuerySources& sources, size_t most, QueryNote too_many,
                                Wanted wanted) {
  std::vector<MetricKey> found;
  bool more = false;
  if (sources.list)
    sources.list([&](const MetricKey& key) {
      if (!sources.region.empty() && key.region != sources.region) return;
      if (!wanted(key)) return;
      if (found.size() < most)
        found.push_back(key);
      else
        more = true;
    });
  if (more) note(sources, too_many);
  return found;
}

// ---- SELECT

const char* statistic_of(Function function) {
  switch (function) {
    case Function::kAverage:
      return "Average";
    case Function::kCount:
      return "SampleCount";
    case Function::kMaximum:
      return "Maximum";
    case Function::kMinimum:
      return "Minimum";
    case Function::kSum:
      break;
  }
  return "Sum";
}

Reduction reduction_of(Function function) {
  switch (function) {
    case Function::kAverage:
      return Reduction::kAverage;
    case Function::kCount:
      return Reduction::kCount;
    case Function::kMaximum:
      return Reduction::kMaximum;
    case Function::kMinimum:
      return Reduction::kMinimum;
    case Function::kSum:
      break;
  }
  return Reduction::kSum;
}

// What the metrics of a group add up to, by period.
struct Group {
  std::map<int64_t, double> points;
  std::map<int64_t, double> counts;  // of an average
};

void add(std::map<int64_t, double>& points, const Series& series, Function function) {
  for (const auto& [time_s, value] : series.points) {
    const auto [at, is_new] = points.emplace(time_s, value);
    if (is_new) continue;
    if (function == Function::kMaximum)
      at->second = std::max(at->second, value);
    else if (function == Function::kMinimum)
      at->second = std::min(at->second, value);
    else
      at->second += value;
  }
}

// Values of the dimensions by which is grouped.
std::vector<std::string> group_of(const MetricKey& key, const std::vector<std::string>& group_by) {
  std::vector<std::string> values;
  for (const std::string& name : group_by) {
    const auto found = std::find_if(key.dimensions.begin(), key.dimensions.end(),
                                    [&](const auto& one) { return one.first == name; });
    values.push_back(found == key.dimensions.end() ? "Other" : found->second);
  }
  return values;
}

// Equal ones stay in the order of their groups.
void sort(std::vector<FoundSeries>& list, const InsightsQuery::Order& order) {
  std::vector<std::pair<double, size_t>> keys;
  for (size_t i = 0; i < list.size(); ++i)
    keys.emplace_back(reduce(reduction_of(order.by), list[i].series), i);
  std::stable_sort(keys.begin(), keys.end(), [&](const auto& a, const auto& b) {
    return order.descending ? a.first > b.first : a.first < b.first;
  });
  std::vector<FoundSeries> sorted;
  for (const auto& [value, i] : keys) sorted.push_back(std::move(list[i]));
  list = std::move(sorted);
}

}  // namespace

std::vector<FoundSeries> search_series(const std::string& text, const std::string& stat,
                                       int period_s, int64_t start_s, int64_t end_s,
                                       const QuerySources& sources) {
  const auto search = SearchExpression::parse(text);
  if (!search) return {};
  std::vector<FoundSeries> found;
  for (MetricKey& key : matching(sources, kMaxMathSeries, QueryNote::kSearchedTooMany,
                                 [&](const MetricKey& one) { return search->finds(one); }))
    found.push_back({MetricStat{std::move(key), period_s, stat, ""}, {}});
  std::vector<const MetricStat*> stats;
  for (const FoundSeries& one : found) stats.push_back(&one.source);
  const auto labels = default_labels(stats);
  for (size_t i = 0; i < found.size(); ++i) {
    found[i].series = sources.fetch(found[i].source, start_s, end_s);
    found[i].series.label = labels[i];
  }
  return found;
}

std::vector<FoundSeries> select_series(const InsightsQuery& query, int period_s, int64_t start_s,
                                       int64_t end_s, const QuerySources& sources) {
  if (const int64_t oldest_s = sources.now_s - sources.insights_s; start_s < oldest_s) {
    note(sources, QueryNote::kTimeTooLong);
    start_s += (oldest_s - start_s + period_s - 1) / period_s * period_s;
  }
  const bool average = query.function == Function::kAverage;
  std::map<std::vector<std::string>, Group> groups;
  for (const MetricKey& key :
       matching(sources, InsightsQuery::kMaxMetrics, QueryNote::kMatchedTooMany,
                [&](const MetricKey& one) { return query.selects(one); })) {
    MetricStat stat{key, period_s, average ? "Sum" : statistic_of(query.function), ""};
    Group& group = groups[group_of(key, query.group_by)];
    if (start_s >= end_s) continue;
    add(group.points, sources.fetch(stat, start_s, end_s), query.function);
    if (!average) continue;
    stat.stat = "SampleCount";
    add(group.counts, sources.fetch(stat, start_s, end_s), query.function);
  }
  if (query.group_by.empty()) groups[{}];

  std::vector<FoundSeries> found;
  for (auto& [values, group] : groups) {
    if (!query.group_by.empty() && group.points.empty()) continue;
    for (const auto& [time_s, count] : group.counts)
      if (count > 0) group.points[time_s] /= count;
    MetricStat stat{{sources.region, query.metric_namespace, query.metric, {}},
                    period_s,
                    statistic_of(query.function),
                    ""};
    Series series;
    series.period_s = period_s;
    series.points = std::move(group.points);
    for (size_t i = 0; i < values.size(); ++i) {
      series.label += (series.label.empty() ? "" : " ") + values[i];
      stat.metric.dimensions.emplace_back(query.group_by[i], values[i]);
    }
    std::sort(stat.metric.dimensions.begin(), stat.metric.dimensions.end());
    found.push_back({std::move(stat), std::move(series)});
  }
  if (query.order) sort(found, *query.order);
  if (found.size() > InsightsQuery::kMaxSeries && !query.limit)
    note(sources, QueryNote::kTooManySeries);
  const size_t most = query.limit.value_or(InsightsQuery::kMaxSeries);
  if (found.size() > most) found.resize(most);
  return found;
}

}  // namespace kiln::telemetry
