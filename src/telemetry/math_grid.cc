#include "telemetry/math_grid.h"

#include <chrono>
#include <cmath>
#include <iterator>
#include <string>
#include <utility>

namespace kiln::telemetry {
namespace {

// What is missing between two points is on the line between them.
double interpolate(const std::pair<const int64_t, double>& a,
                   const std::pair<const int64_t, double>& b, int64_t time) {
  const double part = static_cast<double>(time - a.first) / static_cast<double>(b.first - a.first);
  return a.second * (1 - part) + b.second * part;
}

// Before the first point there is nothing to repeat, and around the points no line: it stays
// missing.
double filling(const Series& series, const MathValue& filler, int64_t time) {
  if (const double* number = std::get_if<double>(&filler)) return *number;
  if (const Series* other = std::get_if<Series>(&filler)) {
    const auto point = other->points.find(time);
    return point == other->points.end() ? kNoValue : point->second;
  }
  const auto after = series.points.upper_bound(time);
  if (after == series.points.begin()) return kNoValue;
  const auto before = std::prev(after);
  if (std::get<MathWord>(filler).text == "REPEAT") return before->second;
  return after == series.points.end() ? kNoValue : interpolate(*before, *after, time);
}

std::chrono::sys_days day_of(int64_t time_s) {
  return std::chrono::floor<std::chrono::days>(
      std::chrono::sys_seconds(std::chrono::seconds(time_s)));
}
std::chrono::year_month_day date_of(int64_t time_s) { return day_of(time_s); }
// Into the day, never negative.
int64_t second_of_day(int64_t time_s) {
  return time_s - day_of(time_s).time_since_epoch().count() * int64_t{86'400};
}

}  // namespace

Result<std::vector<int64_t>> math_grid(const MathScope& scope, int period_s) {
  const int64_t period = period_s > 0 ? period_s : 60;
  const int64_t into = (scope.start_s % period + period) % period;
  const int64_t first = into == 0 ? scope.start_s : scope.start_s - into + period;
  std::vector<int64_t> grid;
  if (first >= scope.end_s) return grid;
  const int64_t count = (scope.end_s - first - 1) / period + 1;
  if (count > kMaxMathGridPoints) {
    return math_error("The range of time has " + std::to_string(count) + " periods of " +
                      std::to_string(period) + " seconds, which exceeds the limit of " +
                      std::to_string(kMaxMathGridPoints) +
                      "; increase Period or decrease the time range");
  }
  grid.reserve(static_cast<size_t>(count));
  for (int64_t time = first; time < scope.end_s; time += period) grid.push_back(time);
  return grid;
}

Result<Series> constant_series(double value, const MathScope& scope) {
  Series series;
  series.period_s = scope.period_s;
  if (!std::isfinite(value)) return series;
  const auto grid = math_grid(scope, scope.period_s);
  if (!grid) return grid.error();
  for (const int64_t time : *grid) series.points[time] = value;
  return series;
}

Result<Series> fill_series(Series series, const MathValue& filler, const MathScope& scope) {
  const auto grid = math_grid(scope, series.period_s);
  if (!grid) return grid.error();
  Series filled = series;
  for (const int64_t time : *grid) {
    if (series.points.contains(time)) continue;
    const double value = filling(series, filler, time);
    if (std::isfinite(value)) filled.points[time] = value;
  }
  return filled;
}

double epoch_at(int64_t time_s) { return static_cast<double>(time_s); }
double minute_at(int64_t time_s) { return static_cast<double>(second_of_day(time_s) / 60 % 60); }
double hour_at(int64_t time_s) { return static_cast<double>(second_of_day(time_s) / 3600); }
double weekday_at(int64_t time_s) {
  return static_cast<double>(std::chrono::weekday(day_of(time_s)).iso_encoding());
}
double date_at(int64_t time_s) {
  return static_cast<double>(static_cast<unsigned>(date_of(time_s).day()));
}
double month_at(int64_t time_s) {
  return static_cast<double>(static_cast<unsigned>(date_of(time_s).month()));
}
double year_at(int64_t time_s) {
  return static_cast<double>(static_cast<int>(date_of(time_s).year()));
}

}  // namespace kiln::telemetry
