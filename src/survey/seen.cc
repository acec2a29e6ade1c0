#include "survey/seen.h"

#include <algorithm>
#include <map>

#include "logs/function_stream.h"
#include "logs/report_line.h"

namespace kiln::survey {
namespace {

constexpr int64_t kMinute = 60;
constexpr int64_t kMinutesAtOnce = 1440;

struct Metric {
  const char* name;
  const char* stat;
};

using Points = std::map<int64_t, double>;

Json dimensions_of(const std::string& function, const std::string& resource) {
  Json out = Json::array({Json{{"Name", "FunctionName"}, {"Value", function}}});
  if (!resource.empty()) out.push_back(Json{{"Name", "Resource"}, {"Value", resource}});
  return out;
}

// By the minute, of one metric with one statistic.
Result<Points> read_points(Api& api, const Metric& metric, const std::string& function,
                           const std::string& resource, const Window& window, int64_t period_s) {
  Points points;
  const int64_t end = epoch_s(window.until);
  for (int64_t from = epoch_s(window.from); from < end; from += kMinutesAtOnce * period_s) {
    const Json query{
        {"Id", "m"},
        {"MetricStat", Json{{"Metric", Json{{"Namespace", "AWS/Lambda"},
                                            {"MetricName", metric.name},
                                            {"Dimensions", dimensions_of(function, resource)}}},
                            {"Period", period_s},
                            {"Stat", metric.stat}}}};
    const Json body{{"MetricDataQueries", Json::array({query})},
                    {"StartTime", from},
                    {"EndTime", std::min(end, from + kMinutesAtOnce * period_s)}};
    const Result<void> read =
        each_page(api, kCloudWatch, "GetMetricData", body, "NextToken", [&](const Json& page) {
          const Json& result = page["MetricDataResults"][0];
          const Json &times = result["Timestamps"], &values = result["Values"];
          for (size_t i = 0; i < std::min(times.size(), values.size()); ++i)
            points[static_cast<int64_t>(times[i].number().value_or(0))] =
                values[i].number().value_or(0);
          return true;
        });
    if (!read) return read.error();
  }
  return points;
}

Result<void> read_minutes(Api& api, const std::string& function, const Window& window,
                          advise::Observed& observed) {
  using advise::Minute;
  static constexpr std::pair<Metric, double Minute::*> kMetrics[] = {
      {{"Invocations", "Sum"}, &Minute::invocations},
      {{"Throttles", "Sum"}, &Minute::throttles},
      {{"Errors", "Sum"}, &Minute::errors},
      {{"AsyncEventsReceived", "Sum"}, &Minute::events},
      {{"ConcurrentExecutions", "Maximum"}, &Minute::most_in_use}};
  std::map<int64_t, Minute> minutes;
  for (const auto& [metric, member] : kMetrics) {
    const auto points = read_points(api, metric, function, "", window, kMinute);
    if (!points) return points.error();
    for (const auto& [at, value] : *points) {
      Minute& minute = minutes[at];
      minute.start = WallTime(std::chrono::seconds(at));
      minute.*member = value;
    }
  }
  for (const auto& [at, minute] : minutes)
    if (minute.invocations + minute.throttles + minute.events > 0)
      observed.minutes.push_back(minute);
  return {};
}

// The log group that the function's settings name, or else its own.
Result<std::string> log_group_of(Api& api, const std::string& function) {
  const auto settings =
      rest(api, "GET", "/2015-03-31/functions/" + path_segment(function) + "/configuration");
  if (!settings) return settings.error();
  return (*settings)["LoggingConfig"].text_or("LogGroup",
                                              std::string(logs::kFunctionGroupPrefix) + function);
}

Result<void> read_reports(Api& api, const std::string& function, const Window& window,
                          const MetricTime& time, advise::Observed& observed) {
  const Result<std::string> group = log_group_of(api, function);
  if (!group) return group.error();
  Json body{{"logGroupName", *group},
            {"filterPattern", R"(?"REPORT RequestId" ?"platform.report")"}};
  // Log events have the machine's time.
  const double back_s =
      static_cast<double>(epoch_ms(time.now) - epoch_ms(window.from)) / 1000 / time.speed;
  body["startTime"] = epoch_ms(time.machine) - static_cast<int64_t>(back_s * 1000);
  const Result<void> read =
      each_page(api, kLogs, "FilterLogEvents", body, "nextToken", [&](const Json& page) {
        for (const Json& event : page["events"]) {
          if (observed.reports.size() >= window.reports) break;
          const auto line = logs::read_report(event["message"].text());
          if (!line) continue;
          // Functions may share a group.
          const std::string stream = event.text_or("logStreamName", "");
          if (logs::owner_of_stream(*group, stream).function != function) continue;
          advise::Report report;
          report.at = time.of(
              WallTime(std::chrono::milliseconds(event.integer_or<int64_t>("timestamp", 0))));
          report.duration_ms = line->duration_ms;
          report.init_ms = line->init_ms;
          report.memory_mb = static_cast<int>(line->memory_mb);
          report.used_memory_mb = static_cast<int>(line->max_memory_mb);
          report.timed_out = line->status == "timeout";
          observed.reports.push_back(report);
        }
        return observed.reports.size() < window.reports;
      });
  // A function that never ran has no log group.
  if (!read && read.error().type != "ResourceNotFoundException") return read.error();
  return {};
}

Result<std::string> most_called(Api& api, const std::string& function,
                                const std::vector<std::string>& qualifiers, const Window& window) {
  constexpr int64_t kHour = 3600;
  Window hours = window;
  hours.from = WallTime(std::chrono::seconds(epoch_s(window.from) / kHour * kHour));
  std::string best;
  double most = 0;
  std::vector<std::string> all = {""};
  all.insert(all.end(), qualifiers.begin(), qualifiers.end());
  for (const std::string& qualifier : all) {
    double sum = 0;
    for (const char* metric : {"Invocations", "Throttles"}) {
      const auto points =
          read_points(api, {metric, "Sum"}, function,
                      qualifier.empty() ? function : function + ":" + qualifier, hours, kHour);
      if (!points) return points.error();
      for (const auto& [at, value] : *points) sum += value;
    }
    if (sum > most) {
      most = sum;
      best = qualifier;
    }
  }
  return best;
}

}  // namespace

Window window_of(const MetricTime& time, Duration length) {
  const int64_t end = epoch_s(time.now) / kMinute * kMinute + kMinute;
  const auto back_s = std::max<int64_t>(length.count() / 1'000'000'000, kMinute);
  const int64_t start = (end - back_s) / kMinute * kMinute;
  return {WallTime(std::chrono::seconds(start)), WallTime(std::chrono::seconds(end))};
}

std::vector<std::string> qualifiers_of(const model::Function& function) {
  std::vector<std::string> out;
  for (const auto& [name, alias] : function.aliases) out.push_back(name);
  for (const auto& [number, config] : function.versions) out.push_back(std::to_string(number));
  return out;
}

Result<advise::Observed> read_observed(Api& api, const std::string& function,
                                       const std::vector<std::string>& qualifiers,
                                       const Window& window, const MetricTime& time) {
  advise::Observed observed;
  observed.from = window.from;
  observed.until = window.until;
  observed.speed = time.speed;
  if (const auto read = read_minutes(api, function, window, observed); !read) return read.error();
  if (observed.minutes.empty()) return observed;
  auto qualifier = most_called(api, function, qualifiers, window);
  if (!qualifier) return qualifier.error();
  observed.qualifier = std::move(*qualifier);
  if (const auto read = read_reports(api, function, window, time, observed); !read)
    return read.error();
  return observed;
}

}  // namespace kiln::survey
