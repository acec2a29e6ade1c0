// What names a metric, and the series of numbers that is read from one. Values only.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace kiln::telemetry {

// Name and value; in order of names, as CloudWatch compares them as a set.
using Dimensions = std::vector<std::pair<std::string, std::string>>;

struct MetricKey {
  std::string region;
  std::string metric_namespace;  // "AWS/Lambda"
  std::string name;
  Dimensions dimensions;
  auto operator<=>(const MetricKey&) const = default;
};

// A metric read with one statistic and period: MetricStat of the API.
struct MetricStat {
  MetricKey metric;
  int period_s = 60;
  std::string stat;  // "Sum", "Average", "p99", "tm90", …
  std::string unit;  // "" = any
};

// Points by the start of their period, in seconds since the epoch. A period without data has none.
struct Series {
  std::string label;
  int period_s = 60;
  std::map<int64_t, double> points;
};

// Reads the points whose periods start in [start_s, end_s).
using FetchSeries = std::function<Series(const MetricStat& metric, int64_t start_s, int64_t end_s)>;

}  // namespace kiln::telemetry
