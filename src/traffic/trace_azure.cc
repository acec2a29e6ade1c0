// The traces of Azure Functions that Microsoft has published, as their descriptions say:
// github.com/Azure/AzurePublicDataset, AzureFunctionsDataset2019.md and
// AzureFunctionsInvocationTrace2021.md.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_map>

#include "traffic/trace_lines.h"

namespace kiln::traffic {
namespace {

constexpr size_t kIdentities = 3;  // HashOwner, HashApp, HashFunction
constexpr size_t kMinutes = 1440;

std::string identity(const std::vector<std::string_view>& fields) {
  return fmt::format("{}/{}/{}", fields[0], fields[1], fields[2]);
}

}  // namespace

Result<Trace> read_azure_2019(LineReader& lines, std::string_view header,
                              const TraceLimits& limits) {
  std::vector<std::string_view> fields;
  split_fields(header, fields);
  const size_t width = kIdentities + 1 + kMinutes;
  if (fields.size() != width || fields[kIdentities] != "Trigger")
    return lines.error(fmt::format(
        "has {} columns; the invocations of the 2019 trace have {}: three hashes, Trigger and 1 to "
        "1440 (invocations_per_function_md.anon.dNN.csv)",
        fields.size(), width));
  Trace trace;
  trace.length = static_cast<Nanos>(kMinutes) * kMinute;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    split_fields(*line, fields);
    if (fields.size() != width)
      return lines.error(fmt::format("has {} fields, the header has {}", fields.size(), width));
    if (trace.functions.size() == limits.functions)
      return lines.error(fmt::format("there are more than {} functions", limits.functions));
    TracedFunction function;
    function.name = identity(fields);
    Counts counts;
    counts.requests.reserve(kMinutes);
    for (size_t i = 0; i < kMinutes; ++i) {
      const auto count = parse_count(fields[kIdentities + 1 + i]);
      if (!count || *count > std::numeric_limits<uint32_t>::max())
        return lines.error(
            fmt::format("minute {} has '{}' for a count", i + 1, fields[kIdentities + 1 + i]));
      counts.requests.push_back(static_cast<uint32_t>(*count));
      function.requests += *count;
    }
    function.traffic = Traffic(std::move(counts));
    trace.functions.push_back(std::move(function));
  }
  sort_by_requests(trace.functions);
  return trace;
}

Result<void> read_azure_durations(std::istream& in, const std::string& name, Trace& trace) {
  LineReader lines(in, name, TraceLimits{}.line_bytes);
  const auto header = lines.next();
  if (!header && lines.failed()) return *lines.failed();
  std::vector<std::string_view> fields;
  split_fields(header.value_or(""), fields);
  constexpr std::array<std::pair<std::string_view, double>, 7> kQuantiles = {
      {{"percentile_Average_0", 0},
       {"percentile_Average_1", 0.01},
       {"percentile_Average_25", 0.25},
       {"percentile_Average_50", 0.5},
       {"percentile_Average_75", 0.75},
       {"percentile_Average_99", 0.99},
       {"percentile_Average_100", 1}}};
  std::array<size_t, kQuantiles.size()> columns{};
  for (size_t i = 0; i < kQuantiles.size(); ++i) {
    const auto found = std::find(fields.begin(), fields.end(), kQuantiles[i].first);
    if (fields.size() < kIdentities || fields[0] != "HashOwner" || found == fields.end())
      return lines.error(
          fmt::format("is not the header of the 2019 trace's durations "
                      "(function_durations_percentiles.anon.dNN.csv): {} is missing",
                      kQuantiles[i].first));
    columns[i] = static_cast<size_t>(found - fields.begin());
  }
  const size_t width = fields.size();
  std::unordered_map<std::string, TracedFunction*> functions;
  for (TracedFunction& function : trace.functions) functions[function.name] = &function;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    split_fields(*line, fields);
    if (fields.size() != width)
      return lines.error(fmt::format("has {} fields, the header has {}", fields.size(), width));
    const auto function = functions.find(identity(fields));
    if (function == functions.end()) continue;
    std::vector<std::pair<double, double>> knots;
    for (size_t i = 0; i < kQuantiles.size(); ++i) {
      const auto ms = parse_number(fields[columns[i]]);
      if (!ms) return lines.error(fmt::format("'{}' is no duration", fields[columns[i]]));
      // A few of the published ones are below zero or out of order by a rounding.
      const double least = knots.empty() ? 0 : knots.back().second;
      knots.emplace_back(kQuantiles[i].second, std::max(*ms, least));
    }
    function->second->duration = TimeModel::quantiles(std::move(knots));
  }
  if (lines.failed()) return *lines.failed();
  return {};
}

Result<Trace> read_azure_2021(LineReader& lines, const TraceLimits& limits) {
  TimesByFunction times(limits);
  std::vector<std::string_view> fields;
  std::string function;
  while (const auto line = lines.next()) {
    if (line->empty()) continue;
    split_fields(*line, fields);
    if (fields.size() != 4)
      return lines.error(
          fmt::format("has {} fields; the 2021 trace has app, func, end_timestamp and duration",
                      fields.size()));
    const auto end_s = parse_number(fields[2]), duration_s = parse_number(fields[3]);
    if (!end_s || *end_s < 0 || *end_s > 1e9)
      return lines.error(fmt::format("'{}' is no end_timestamp in seconds", fields[2]));
    if (!duration_s || *duration_s < 0 || *duration_s > 1e6)
      return lines.error(fmt::format("'{}' is no duration in seconds", fields[3]));
    function.assign(fields[0]).append("/").append(fields[1]);
    // What began before the trace does counts from its beginning.
    const double start_s = std::max(0.0, *end_s - *duration_s);
    std::string problem =
        times.add(function, static_cast<Nanos>(std::llround(start_s * 1e9)), *duration_s * 1000);
    if (!problem.empty()) return lines.error(std::move(problem));
  }
  Trace trace;
  if (times.empty()) return trace;
  trace.length = times.last() + 1;
  trace.functions = times.finish(0);
  return trace;
}

}  // namespace kiln::traffic
