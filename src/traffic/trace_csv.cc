// Times and counts in CSV files of one's choice of columns.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/ascii.h"
#include "base/time_format.h"
#include "traffic/trace_lines.h"

namespace kiln::traffic {
namespace {

// From here on a number is seconds since 1970, not since the beginning.
constexpr double kEpochFrom = 1e8;
constexpr double kMostSeconds = 8e9;
constexpr size_t kMostSteps = 10'000'000;

struct Columns {
  int time = -1, minute = -1, count = -1, duration = -1, function = -1;
  size_t least = 0;  // fields that a line must have
};

using ascii::lower;

std::optional<Columns> columns_of(const std::vector<std::string_view>& names) {
  Columns columns;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string name = lower(names[i]);
    int* column = nullptr;
    if (name == "time" || name == "timestamp" || name == "seconds") column = &columns.time;
    if (name == "minute") column = &columns.minute;
    if (name == "count" || name == "requests" || name == "invocations" || name == "sum")
      column = &columns.count;
    if (name == "duration_ms") column = &columns.duration;
    if (name == "function") column = &columns.function;
    if (!column || *column >= 0) continue;
    *column = static_cast<int>(i);
    columns.least = i + 1;
  }
  const bool counts = columns.count >= 0 && (columns.time >= 0) != (columns.minute >= 0);
  const bool times = columns.time >= 0 && columns.count < 0 && columns.minute < 0;
  if (!counts && !times) return {};
  return columns;
}

std::string_view field(const std::vector<std::string_view>& fields, int column) {
  return column < 0 ? std::string_view() : fields[static_cast<size_t>(column)];
}

// Seconds: a number or a date.
Result<double> read_time(std::string_view text, const LineReader& lines) {
  auto seconds = parse_number(text);
  if (!seconds) seconds = parse_iso_time(text);
  if (!seconds)
    return lines.error(fmt::format(
        "'{}' is no time; write seconds (12.5) or a date (2026-01-01T00:00:00Z)", text));
  if (*seconds < 0) return lines.error(fmt::format("the time {} is negative", text));
  if (*seconds > kMostSeconds)
    return lines.error(fmt::format("the time {} is too far away; are these milliseconds?", text));
  return *seconds;
}

// What is subtracted from all times: for dates, the beginning of the first one's minute.
Nanos origin_of(Nanos first, Trace& trace) {
  if (first < static_cast<Nanos>(kEpochFrom) * kSecond) return 0;
  const Nanos origin = first - first % kMinute;
  trace.start = WallTime(std::chrono::duration_cast<WallTime::duration>(Duration(origin)));
  return origin;
}

// Reads lines to their end; `take` answers with an error's text or "".
template <class Take>
Result<void> each_line(LineReader& lines, const Columns& columns, const Take& take) {
  std::vector<std::string_view> fields;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    split_fields(*line, fields);
    if (fields.size() < columns.least)
      return lines.error(
          fmt::format("has {} fields, the header has {} or more", fields.size(), columns.least));
    if (const auto taken = take(fields); !taken) return taken;
  }
  return {};
}

Result<Trace> read_times(LineReader& lines, const Columns& columns, const TraceLimits& limits) {
  TimesByFunction times(limits);
  double last = 0;
  const auto read = each_line(lines, columns, [&](const auto& fields) -> Result<void> {
    const auto seconds = read_time(field(fields, columns.time), lines);
    if (!seconds) return seconds.error();
    if (*seconds < last)
      return lines.error(
          fmt::format("the time {} is before the one above; sort the file by its times",
                      field(fields, columns.time)));
    last = *seconds;
    std::optional<double> duration;
    // Empty: not known, as of a request that was throttled.
    if (!field(fields, columns.duration).empty()) {
      duration = parse_number(field(fields, columns.duration));
      if (!duration || *duration < 0)
        return lines.error(
            fmt::format("'{}' is no duration in milliseconds", field(fields, columns.duration)));
    }
    std::string problem = times.add(field(fields, columns.function),
                                    static_cast<Nanos>(std::llround(*seconds * 1e9)), duration);
    if (!problem.empty()) return lines.error(std::move(problem));
    return {};
  });
  if (!read) return read.error();
  Trace trace;
  if (times.empty()) return trace;
  const Nanos origin = origin_of(times.first(), trace);
  trace.length = times.last() - origin + 1;
  trace.functions = times.finish(origin);
  return trace;
}

struct CountRow {
  Nanos at;
  uint32_t count;
};

Result<Trace> read_counts(LineReader& lines, const Columns& columns, const TraceLimits& limits) {
  std::map<std::string, std::vector<CountRow>, std::less<>> functions;
  const auto read = each_line(lines, columns, [&](const auto& fields) -> Result<void> {
    Nanos at = 0;
    if (columns.minute >= 0) {
      const auto minute = parse_count(field(fields, columns.minute));
      if (!minute || *minute > kMostSteps)
        return lines.error(
            fmt::format("'{}' is no minute; they count from 0", field(fields, columns.minute)));
      at = static_cast<Nanos>(*minute) * kMinute;
    } else {
      const auto seconds = read_time(field(fields, columns.time), lines);
      if (!seconds) return seconds.error();
      at = static_cast<Nanos>(std::llround(*seconds)) * kSecond;
    }
    const auto count = parse_count(field(fields, columns.count));
    if (!count || *count > std::numeric_limits<uint32_t>::max())
      return lines.error(fmt::format("'{}' is no count of requests", field(fields, columns.count)));
    auto found = functions.find(field(fields, columns.function));
    if (found == functions.end()) {
      if (functions.size() == limits.functions)
        return lines.error(fmt::format("there are more than {} functions", limits.functions));
      found = functions.try_emplace(std::string(field(fields, columns.function))).first;
    }
    auto& rows = found->second;
    if (!rows.empty() && at <= rows.back().at)
      return lines.error(fmt::format("its time is not after the one above{}; sort the file by time",
                                     columns.function < 0 ? "" : " of this function"));
    rows.push_back({at, static_cast<uint32_t>(*count)});
    return {};
  });
  if (!read) return read.error();

  Trace trace;
  Nanos first = kNever, last = 0, step = columns.minute >= 0 ? kMinute : kNever;
  for (const auto& [name, rows] : functions) {
    first = std::min(first, rows.front().at);
    last = std::max(last, rows.back().at);
    for (size_t i = 1; i < rows.size(); ++i) step = std::min(step, rows[i].at - rows[i - 1].at);
  }
  if (functions.empty()) return trace;
  if (step == kNever) step = kMinute;
  const Nanos origin = origin_of(first, trace);
  const auto steps = static_cast<size_t>((last - origin) / step + 1);
  if (steps > kMostSteps)
    return lines.error(fmt::format("the counts reach over {} steps of {:g} s; {} are allowed",
                                   steps, static_cast<double>(step) / kSecond, kMostSteps));
  trace.length = static_cast<Nanos>(steps) * step;
  size_t gaps = 0;
  for (auto& [name, rows] : functions) {
    Counts counts;
    counts.step = step;
    counts.requests.resize(steps);
    TracedFunction function;
    function.name = name;
    for (const CountRow& row : rows) {
      const Nanos offset = row.at - origin;
      counts.requests[static_cast<size_t>(offset / step)] += row.count;
      function.requests += row.count;
    }
    gaps += steps - rows.size();
    function.traffic = Traffic(std::move(counts));
    trace.functions.push_back(std::move(function));
  }
  if (gaps > 0)
    trace.notes.push_back(fmt::format("{} steps of {:g} s have no line; they count as no requests",
                                      gaps, static_cast<double>(step) / kSecond));
  sort_by_requests(trace.functions);
  return trace;
}

}  // namespace

Result<Trace> read_csv(LineReader& lines, std::string_view header, const TraceLimits& limits) {
  std::vector<std::string_view> names;
  split_fields(header, names);
  const auto columns = columns_of(names);
  if (!columns)
    return lines.error(fmt::format(
        "'{}' is the header of no known trace; known are time[,function][,duration_ms], "
        "minute,count[,function], time,count[,function], the Azure Functions traces of "
        "2019 and 2021, and access logs",
        header.substr(0, 60)));
  return columns->count >= 0 ? read_counts(lines, *columns, limits)
                             : read_times(lines, *columns, limits);
}

}  // namespace kiln::traffic
