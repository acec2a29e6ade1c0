#include "kiln/cloudwatch.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sdk/clients/aws/error.h"
#include "sdk/clients/aws/json_call.h"

namespace kiln::cloudwatch {
namespace {

using aws::Repeat;
using nlohmann::json;
using Dimensions = std::vector<std::pair<std::string, std::string>>;

constexpr aws::JsonProtocol kProtocol{"GraniteServiceVersion20100801"};

// JSON 1.0 has times as seconds since the epoch.
double seconds_of(Time time) {
  return static_cast<double>(
             std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch())
                 .count()) /
         1000;
}
std::optional<Time> time_in(const json& value) {
  if (!value.is_number()) return std::nullopt;
  const double seconds = value.get<double>();
  if (!(std::abs(seconds) < 1e11)) return std::nullopt;
  return Time(std::chrono::milliseconds(std::llround(seconds * 1000)));
}

json dimensions_json(const Dimensions& dimensions) {
  json out = json::array();
  for (const auto& [name, value] : dimensions) out.push_back({{"Name", name}, {"Value", value}});
  return out;
}

json metric_json(const Metric& metric) {
  return {{"Namespace", metric.metric_namespace},
          {"MetricName", metric.name},
          {"Dimensions", dimensions_json(metric.dimensions)}};
}

std::string text_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// The list under `name`; an absent one is empty.
json list_at(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_array() ? *found : json::array();
}

[[noreturn]] void refuse(std::string_view operation, const std::string& problem) {
  throw aws::Error({"monitoring", std::string(operation), "BadAnswer", problem, 200, ""});
}

void add_points(const json& result, DataResult& out) {
  const json times = list_at(result, "Timestamps");
  const json values = list_at(result, "Values");
  if (times.size() != values.size()) refuse("GetMetricData", "times and values are not as many");
  for (size_t i = 0; i < times.size(); ++i) {
    const auto time = time_in(times[i]);
    if (!time || !values[i].is_number()) refuse("GetMetricData", "a point that is none");
    out.points.emplace_back(*time, values[i].get<double>());
  }
}

}  // namespace

struct Client::Impl {
  explicit Impl(aws::Config config) : service({.name = "monitoring"}, std::move(config)) {}
  aws::ServiceClient service;
};

Client::Client(aws::Config config) : impl_(std::make_unique<Impl>(std::move(config))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

std::vector<Datapoint> Client::get_metric_statistics(const StatisticsQuery& query) {
  json input = metric_json(query.metric);
  input["StartTime"] = seconds_of(query.start);
  input["EndTime"] = seconds_of(query.end);
  input["Period"] = query.period.count();
  input["Statistics"] = query.statistics;
  const json answer = aws::json_call(impl_->service, kProtocol, "GetMetricStatistics", input);
  std::vector<Datapoint> out;
  for (const json& point : list_at(answer, "Datapoints")) {
    const auto time = point.is_object() ? time_in(point.value("Timestamp", json())) : std::nullopt;
    if (!time) refuse("GetMetricStatistics", "a datapoint without a time");
    Datapoint& added = out.emplace_back();
    added.time = *time;
    added.unit = text_at(point, "Unit");
    for (const std::string& statistic : query.statistics) {
      const auto value = point.find(statistic);
      if (value != point.end() && value->is_number())
        added.values[statistic] = value->get<double>();
    }
  }
  std::sort(out.begin(), out.end(),
            [](const Datapoint& a, const Datapoint& b) { return a.time < b.time; });
  return out;
}

std::vector<DataResult> Client::get_metric_data(const std::vector<DataQuery>& queries, Time start,
                                                Time end) {
  json input = {{"StartTime", seconds_of(start)},
                {"EndTime", seconds_of(end)},
                {"ScanBy", "TimestampAscending"},
                {"MetricDataQueries", json::array()}};
  for (const DataQuery& query : queries) {
    json entry = {{"Id", query.id}, {"ReturnData", query.return_data}};
    if (query.metric) {
      entry["MetricStat"] = {{"Metric", metric_json(*query.metric)},
                             {"Period", query.period.count()},
                             {"Stat", query.statistic}};
    } else {
      entry["Expression"] = query.expression;
      entry["Period"] = query.period.count();
    }
    input["MetricDataQueries"].push_back(std::move(entry));
  }
  std::vector<DataResult> out;
  std::string token;
  while (true) {
    const json answer = aws::json_call(impl_->service, kProtocol, "GetMetricData", input);
    for (const json& result : list_at(answer, "MetricDataResults")) {
      if (!result.is_object()) refuse("GetMetricData", "a result that is none");
      const std::string id = text_at(result, "Id");
      auto known =
          std::find_if(out.begin(), out.end(), [&](const DataResult& r) { return r.id == id; });
      if (known == out.end()) known = out.insert(out.end(), {id, text_at(result, "Label"), "", {}});
      known->status = text_at(result, "StatusCode");
      add_points(result, *known);
    }
    const std::string next = text_at(answer, "NextToken");
    if (next.empty()) return out;
    if (next == token) refuse("GetMetricData", "the same page came twice");
    token = next;
    input["NextToken"] = token;
  }
}

void Client::put_metric_data(const std::string& metric_namespace, const std::vector<Datum>& data) {
  json input = {{"Namespace", metric_namespace}, {"MetricData", json::array()}};
  for (const Datum& datum : data) {
    json entry = {{"MetricName", datum.name},
                  {"Value", datum.value},
                  {"Unit", datum.unit},
                  {"Dimensions", dimensions_json(datum.dimensions)}};
    if (datum.time) entry["Timestamp"] = seconds_of(*datum.time);
    input["MetricData"].push_back(std::move(entry));
  }
  aws::json_call(impl_->service, kProtocol, "PutMetricData", input, Repeat::kOnce);
}

}  // namespace kiln::cloudwatch
