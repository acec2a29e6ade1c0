#include "services/cloudwatch/metrics.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/ascii.h"
#include "base/characters.h"
#include "base/digest.h"
#include "base/json_access.h"
#include "services/cloudwatch/metric_pages.h"
#include "services/cloudwatch/queries.h"
#include "telemetry/query_run.h"
#include "telemetry/statistic.h"
#include "wire/fields.h"

namespace kiln::services {
namespace {

using nlohmann::json;
using telemetry::Distribution;
using telemetry::MetricKey;
using telemetry::Statistic;

constexpr size_t kMaxData = 1'000;
constexpr size_t kMaxValues = 150;
constexpr size_t kMaxQueries = 500;
constexpr size_t kMaxPoints = 100'800;     // of GetMetricData
constexpr int64_t kMaxDatapoints = 1'440;  // of GetMetricStatistics
constexpr size_t kMaxListed = 500;
constexpr size_t kMaxName = 255;  // of namespaces, metrics and dimensions
constexpr size_t kMaxDimensionValue = 1'024;
constexpr size_t kMaxFilters = 10;  // of ListMetrics
constexpr size_t kMaxPutDimensions = 30;
constexpr int64_t kDayS = 86'400;
constexpr int64_t kOldest = 14 * kDayS;  // PutMetricData, and how long ListMetrics remembers
constexpr int64_t kFuture = 2 * 3'600;
const double kLargest = std::exp2(360);

Error invalid(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException", std::move(message)};
}
Error invalid_length(const std::string& name, size_t most) {
  return invalid("The parameter " + name + " must be shorter than " + std::to_string(most + 1) +
                 " characters, and longer than 0.");
}
Error missing(const std::string& name) {
  return {ErrorKind::kInvalid, "MissingRequiredParameterException",
          "The parameter " + name + " is required."};
}
std::string shown(double value) {
  return std::isfinite(value) ? json_dump(json(value)) : std::isnan(value) ? "NaN" : "Infinity";
}

bool is_unit(std::string_view text) {
  const auto& units = metric_units();
  return std::find(units.begin(), units.end(), text) != units.end();
}

// ---- PutMetricData

bool is_usable(double value) { return std::isfinite(value) && std::abs(value) <= kLargest; }

// The values of one datum: Value, Values with Counts, or StatisticValues.
Result<Distribution> read_values(const json& datum, const std::string& where) {
  wire::Fields in(datum);
  const auto value = in.number("Value");
  const auto values = in.numbers("Values");
  const auto counts = in.numbers("Counts");
  const json* set = in.find("StatisticValues");
  if (!in.status()) return in.status().error();
  // Values and StatisticValues together are taken, as recorded; then Values count, which say more.
  if (value && (!values.empty() || set))
    return invalid_combination("The parameters " + where + "Value and " + where +
                               (values.empty() ? "StatisticValues" : "Values") +
                               " are mutually exclusive and you have specified both.");
  if (!value && values.empty() && !set)
    return missing(where + "Value, " + where + "Values or " + where + "StatisticValues");
  Distribution out;
  const auto add = [&](const std::string& name, double v, double n) -> Result<void> {
    if (!is_usable(v))
      return invalid("The value " + shown(v) + " for parameter " + where + name + " is invalid.");
    if (!is_usable(n) || n <= 0)
      return invalid("The value " + shown(n) + " for parameter " + where + "Counts is invalid.");
    out.add(v, n);
    return {};
  };
  if (value) {
    if (auto added = add("Value", *value, 1); !added) return added.error();
  } else if (!values.empty()) {
    if (values.size() > kMaxValues)
      return invalid("The collection " + where + "Values must not have a size greater than " +
                     std::to_string(kMaxValues) + ".");
    if (!counts.empty() && counts.size() != values.size())
      return invalid("The parameters " + where + "Values and " + where +
                     "Counts must be of the same size.");
    for (size_t i = 0; i < values.size(); ++i)
      if (auto added = add("Values", values[i], counts.empty() ? 1 : counts[i]); !added)
        return added.error();
  } else {
    wire::Fields members(*set);
    const char* names[] = {"SampleCount", "Sum", "Minimum", "Maximum"};
    double numbers[4] = {};
    for (size_t i = 0; i < 4; ++i) {
      const auto number = members.number(names[i]);
      if (!members.status()) return members.status().error();
      if (!number) return missing(where + "StatisticValues." + names[i]);
      if (!is_usable(*number))
        return invalid("The value " + shown(*number) + " for parameter " + where +
                       "StatisticValues." + names[i] + " is invalid.");
      numbers[i] = *number;
    }
    if (numbers[0] <= 0 || numbers[2] > numbers[3])
      return invalid("The value of " + where +
                     "StatisticValues is invalid: SampleCount must be above 0, and Minimum not "
                     "above Maximum.");
    out.count = numbers[0];
    out.sum = numbers[1];
    out.min = numbers[2];
    out.max = numbers[3];
    // Of one value, or of equal ones, the percentiles are known.
    if (out.min == out.max) out.histogram.add(out.min, out.count);
  }
  return out;
}

// What PutMetricData asks of names and of dimensions' values.
Result<void> check_put_text(const std::string& parameter, const std::string& text, size_t most) {
  if (text.empty()) return missing(parameter);
  if (!is_ascii(text))
    return invalid("The value for parameter " + parameter + " contains non-ASCII characters.");
  if (text.size() > most)
    return invalid("The parameter " + parameter + " must be shorter than " +
                   std::to_string(most + 1) + " characters.");
  return {};
}

Result<telemetry::Dimensions> read_put_dimensions(const json& document, const std::string& where) {
  wire::Fields in(document);
  const json& list = in.list("Dimensions");
  if (!in.status()) return in.status().error();
  if (list.size() > kMaxPutDimensions)
    return invalid("The collection " + where + " must not have a size greater than " +
                   std::to_string(kMaxPutDimensions) + ".");
  telemetry::Dimensions out;
  for (const json& item : list) {
    wire::Fields dimension(item);
    const std::string name = dimension.text("Name"), value = dimension.text("Value");
    if (!dimension.status()) return dimension.status().error();
    const std::string member = where + ".member." + std::to_string(out.size() + 1) + ".";
    if (auto fits = check_put_text(member + "Name", name, kMaxName); !fits) return fits.error();
    if (auto fits = check_put_text(member + "Value", value, kMaxDimensionValue); !fits)
      return fits.error();
    if (name.starts_with(':') || ascii::trim(name).empty())
      return invalid("The value " + name + " for parameter " + member + "Name is invalid.");
    if (ascii::trim(value).empty())
      return invalid("The value " + value + " for parameter " + member + "Value is invalid.");
    out.emplace_back(name, value);
  }
  std::sort(out.begin(), out.end());
  const auto is_same = [](const auto& a, const auto& b) { return a.first == b.first; };
  if (std::adjacent_find(out.begin(), out.end(), is_same) != out.end())
    return invalid("No metric may specify the same dimension name twice.");
  return out;
}

struct Datum {
  MetricKey key;
  std::string unit;
  int64_t time_s = 0;
  Distribution values;
};

Result<Datum> read_datum(const json& document, const std::string& where,
                         const std::string& metric_namespace, const std::string& region,
                         WallTime now) {
  wire::Fields in(document);
  Datum out;
  out.key.region = region;
  out.key.metric_namespace = metric_namespace;
  out.key.name = in.text("MetricName");
  out.unit = in.text("Unit", "None");
  const WallTime time = in.time("Timestamp").value_or(now);
  const int64_t resolution = in.integer("StorageResolution").value_or(60);
  if (!in.status()) return in.status().error();
  if (auto fits = check_put_text(where + "MetricName", out.key.name, kMaxName); !fits)
    return fits.error();
  if (!is_unit(out.unit))
    return invalid("The value " + out.unit + " for parameter " + where + "Unit is invalid.");
  if (resolution != 1 && resolution != 60)
    return invalid("The value " + std::to_string(resolution) + " for parameter " + where +
                   "StorageResolution is invalid: it must be 1 or 60.");
  auto dimensions = read_put_dimensions(document, where + "Dimensions");
  if (!dimensions) return dimensions.error();
  out.key.dimensions = std::move(*dimensions);
  const int64_t time_s = epoch_s(time), now_s = epoch_s(now);
  if (time_s < now_s - kOldest || time_s > now_s + kFuture)
    return invalid("The parameter " + where +
                   "Timestamp must specify a time no more than two weeks in the past and no more "
                   "than two hours in the future.");
  out.time_s = time_s - time_s % resolution;
  auto values = read_values(document, where);
  if (!values) return values.error();
  out.values = std::move(*values);
  return out;
}

// ---- Reading

// Periods of a minute and more are multiples of it; shorter ones are for metrics of high
// resolution.
bool is_period(int64_t period_s) {
  return period_s == 1 || period_s == 5 || period_s == 10 || period_s == 20 || period_s == 30 ||
         (period_s >= 60 && period_s % 60 == 0 && period_s <= kDayS);
}

// StartTime counts from the minute, five minutes or hour in which it lies: the older, the coarser.
int64_t rounded_start(int64_t start_s, int64_t period_s, int64_t now_s) {
  const int64_t age = now_s - start_s;
  int64_t unit = 60;
  if (age > 63 * kDayS)
    unit = 3'600;
  else if (age > 15 * kDayS)
    unit = 300;
  else if (period_s < 60)
    unit = period_s;
  return start_s - start_s % unit;
}

int64_t ceil_s(WallTime time) {
  return std::chrono::ceil<std::chrono::seconds>(time.time_since_epoch()).count();
}

// What GetMetricData says beside a result.
json messages_of(const std::vector<std::string>& all_units, bool dropped) {
  json messages = json::array();
  if (all_units.size() > 1) {
    std::string units;
    for (const std::string& unit : all_units) units += (units.empty() ? "" : ", ") + unit;
    messages.push_back(
        {{"Code", "MultipleUnits"}, {"Value", "Multiple units returned: '[" + units + "]'"}});
  }
  if (dropped)
    messages.push_back({{"Code", "ArithmeticError"},
                        {"Value",
                         "One or more data-points have been dropped due to non-numeric values "
                         "(NaN, -Infinite, +Infinite)"}});
  return messages;
}

// What it says of the request as a whole.
void add_note(telemetry::QueryNote note, json& messages) {
  using telemetry::QueryNote;
  static const std::map<QueryNote, std::pair<const char*, const char*>> kNotes = {
      {QueryNote::kSearchedTooMany,
       {"MaxMetricsExceeded", "A search found more than 500 metrics; the first 500 are returned."}},
      {QueryNote::kTimeTooLong,
       {"MaxQueryTimeRangeExceeded",
        "A Metrics Insights query reads the last two weeks; what is older is left out."}},
      {QueryNote::kTooManySeries,
       {"MaxQueryResultsExceeded",
        "The query found more than 500 time series; the first 500 are returned."}},
      {QueryNote::kMatchedTooMany,
       {"MaxMatchingResultsExceeded",
        "The query matched more than 10000 metrics; the first 10000 were looked at."}},
  };
  const auto& [code, value] = kNotes.at(note);
  const json message = {{"Code", code}, {"Value", value}};
  if (std::find(messages.begin(), messages.end(), message) == messages.end())
    messages.push_back(message);
}

json dimensions_document(const telemetry::Dimensions& dimensions) {
  json list = json::array();
  for (const auto& [name, value] : dimensions) list.push_back({{"Name", name}, {"Value", value}});
  return list;
}

}  // namespace

bool CloudWatchMetrics::has(const std::string& operation) {
  return operation == "PutMetricData" || operation == "GetMetricStatistics" ||
         operation == "GetMetricData" || operation == "ListMetrics";
}

Result<json> CloudWatchMetrics::run(const std::string& operation, const json& input,
                                    const std::string& region, WallTime now) {
  if (operation == "PutMetricData") return put_metric_data(input, region, now);
  if (operation == "GetMetricStatistics") return get_metric_statistics(input, region, now);
  if (operation == "GetMetricData") return get_metric_data(input, region, now);
  return list_metrics(input, region, now);
}

Result<json> CloudWatchMetrics::put_metric_data(const json& input, const std::string& region,
                                                WallTime now) {
  wire::Fields in(input);
  const std::string metric_namespace = in.text("Namespace");
  const json& list = in.list("MetricData");
  if (!in.status()) return in.status().error();
  if (auto fits = check_put_text("Namespace", metric_namespace, kMaxName); !fits)
    return fits.error();
  if (metric_namespace.starts_with("AWS/") || metric_namespace.starts_with(':'))
    return invalid("The value " + metric_namespace + " for parameter Namespace is invalid.");
  if (in.has("EntityMetricData"))
    return invalid(
        "Kiln keeps no entities of metrics: send MetricData instead of "
        "EntityMetricData.");
  if (list.empty()) return missing("MetricData");
  if (list.size() > kMaxData)
    return invalid("The collection MetricData must not have a size greater than " +
                   std::to_string(kMaxData) + ".");
  std::vector<Datum> data;
  for (size_t i = 0; i < list.size(); ++i) {
    auto datum = read_datum(list[i], "MetricData.member." + std::to_string(i + 1) + ".",
                            metric_namespace, region, now);
    if (!datum) return datum.error();
    data.push_back(std::move(*datum));
  }
  std::vector<const MetricKey*> keys;
  for (const Datum& datum : data) {
    store_.record(datum.key, datum.unit, datum.time_s, datum.values);
    keys.push_back(&datum.key);
  }
  store_.save(keys, epoch_s(now));
  return json::object();
}

std::vector<std::string> CloudWatchMetrics::units_of(const MetricKey& key,
                                                     const std::string& wanted, int64_t start_s,
                                                     int64_t end_s) const {
  std::vector<std::string> units;
  for (const std::string_view unit : metric_units())
    if ((wanted.empty() || wanted == unit) &&
        !store_.read_values(key, std::string(unit), static_cast<int>(kDayS), start_s, end_s)
             .empty())
      units.emplace_back(unit);
  std::sort(units.begin(), units.end());
  return units;
}

Result<json> CloudWatchMetrics::get_metric_statistics(const json& input, const std::string& region,
                                                      WallTime now) {
  wire::Fields in(input);
  MetricKey key{region, in.text("Namespace"), in.text("MetricName"), {}};
  const auto start = in.time("StartTime"), end = in.time("EndTime");
  const auto period = in.integer("Period");
  const auto statistics = in.texts("Statistics"), extended = in.texts("ExtendedStatistics");
  const std::string unit = in.text("Unit");
  if (!in.status()) return in.status().error();
  for (const auto& [name, given] : {std::pair{"Namespace", !key.metric_namespace.empty()},
                                    {"MetricName", !key.name.empty()},
                                    {"StartTime", start.has_value()},
                                    {"EndTime", end.has_value()},
                                    {"Period", period.has_value()}})
    if (!given) return missing(name);
  for (const auto& [name, value] :
       {std::pair{"Namespace", &key.metric_namespace}, {"MetricName", &key.name}})
    if (characters(*value) > kMaxName) return invalid_length(name, kMaxName);
  if (!unit.empty() && !is_unit(unit))
    return invalid("The value " + unit + " for parameter Unit is invalid.");
  if (!is_period(*period))
    return invalid("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60; it is " +
                   std::to_string(*period) + ".");
  if (statistics.empty() && extended.empty()) return missing("Statistics or ExtendedStatistics");
  if (!statistics.empty() && !extended.empty())
    return invalid_combination(
        "At least one of the parameters Statistics and ExtendedStatistics must be specified, and "
        "not both.");
  if (statistics.size() > 5 || extended.size() > 10)
    return invalid("At most 5 Statistics, or 10 ExtendedStatistics, can be asked for.");
  if (*start >= *end)
    return invalid("The parameter StartTime must be less than the parameter EndTime.");
  auto dimensions = read_dimensions(input);
  if (!dimensions) return dimensions.error();
  key.dimensions = std::move(*dimensions);
  std::vector<std::pair<std::string, Statistic>> wanted;
  for (const auto* names : {&statistics, &extended})
    for (const std::string& name : *names) {
      auto parsed = Statistic::parse(name);
      if (!parsed || parsed->is_simple() != (names == &statistics))
        return unsupported_statistic(name,
                                     names == &statistics ? "Statistics" : "ExtendedStatistics");
      wanted.emplace_back(name, *parsed);
    }
  const int64_t start_s = rounded_start(epoch_s(*start), *period, epoch_s(now));
  const int64_t end_s = ceil_s(*end);
  // Times off the minute ask for no more: a day by the minute is 1,440.
  const int64_t asked_s = std::chrono::ceil<std::chrono::seconds>(*end - *start).count();
  if (const int64_t points = (asked_s + *period - 1) / *period; points > kMaxDatapoints)
    return invalid_combination(
        "You have requested up to " + std::to_string(points) +
        " datapoints, which exceeds the limit of 1440. You may reduce the "
        "datapoints requested by increasing Period, or decreasing the time range.");
  json points = json::array();
  for (const std::string& of_unit : units_of(key, unit, start_s, end_s)) {
    for (const auto& [time_s, values] :
         store_.read_values(key, of_unit, static_cast<int>(*period), start_s, end_s)) {
      json point = {{"Timestamp", static_cast<double>(time_s)}, {"Unit", of_unit}};
      for (const auto& [name, statistic] : wanted) {
        const auto value = statistic.of(values);
        if (!value) continue;
        if (statistic.is_simple())
          point[name] = *value;
        else
          point["ExtendedStatistics"][name] = *value;
      }
      points.push_back(std::move(point));
    }
  }
  return json{{"Label", key.name}, {"Datapoints", std::move(points)}};
}

Result<json> CloudWatchMetrics::get_metric_data(const json& input, const std::string& region,
                                                WallTime now) {
  wire::Fields in(input);
  const json& list = in.list("MetricDataQueries");
  const auto start = in.time("StartTime"), end = in.time("EndTime");
  const std::string order = in.text("ScanBy", "TimestampDescending");
  const int64_t most = in.integer("MaxDatapoints").value_or(kMaxPoints);
  const std::string token = in.text("NextToken");
  if (!in.status()) return in.status().error();
  if (list.empty()) return missing("MetricDataQueries");
  if (!start) return missing("StartTime");
  if (!end) return missing("EndTime");
  const auto validation = [](std::string message) {
    return Error{ErrorKind::kInvalid, "ValidationError", std::move(message)};
  };
  if (list.size() > kMaxQueries)
    return validation("The collection MetricDataQueries must not have a size greater than " +
                      std::to_string(kMaxQueries) + ".");
  if (*start >= *end)
    return validation("The parameter StartTime must be less than the parameter EndTime.");
  if (order != "TimestampDescending" && order != "TimestampAscending")
    return validation("The value " + order +
                      " for parameter ScanBy is invalid: it must be TimestampDescending or "
                      "TimestampAscending.");
  if (most < 1 || most > static_cast<int64_t>(kMaxPoints))
    return validation("The value " + std::to_string(most) +
                      " for parameter MaxDatapoints is invalid: it must be from 1 to 100800.");
  const auto shown = read_point_token(token);
  if (!shown) return shown.error();
  std::vector<telemetry::MetricQuery> queries;
  int64_t shortest = kDayS;
  for (const json& item : list) {
    auto query = read_metric_query(item, region);
    if (!query) return query.error();
    const int64_t period = query->metric_stat ? query->metric_stat->period_s : query->period_s;
    if (period != 0 && !is_period(period))
      return validation("Period must be 1, 5, 10, 20, 30 or a multiple of 60; it is " +
                        std::to_string(period) + ".");
    if (period != 0) shortest = std::min(shortest, period);
    queries.push_back(std::move(*query));
  }
  if (auto checked = telemetry::check_queries(queries); !checked) return checked.error();
  const int64_t start_s = rounded_start(epoch_s(*start), shortest, epoch_s(now));
  telemetry::QuerySources sources;
  sources.fetch = [this](const telemetry::MetricStat& metric, int64_t from_s, int64_t to_s) {
    return store_.read(metric, from_s, to_s);
  };
  sources.account = account_;
  sources.now_s = epoch_s(now);
  sources.region = region;
  sources.list = [&](const std::function<void(const MetricKey&)>& visit) {
    store_.list(epoch_s(now) - telemetry::kSecondsListed, visit);
  };
  json notes = json::array();
  sources.note = [&](telemetry::QueryNote note) { add_note(note, notes); };
  auto results = telemetry::run_detailed(queries, start_s, ceil_s(*end), sources);
  if (!results) return results.error();

  json answer = {{"MetricDataResults", json::array()}, {"Messages", std::move(notes)}};
  const bool ascending = order == "TimestampAscending";
  // Points that were shown, and those that came before them meanwhile, are not on this page.
  const auto is_behind = [&](size_t result, int64_t time_s) {
    if (!*shown) return true;
    if (result != (*shown)->result) return result > (*shown)->result;
    return ascending ? time_s > (*shown)->time_s : time_s < (*shown)->time_s;
  };
  size_t left = static_cast<size_t>(most), number = 0;
  PointPlace last;
  bool more = false;
  for (const auto& [result, metric, dropped] : *results) {
    json times = json::array(), values = json::array();
    bool whole = true;
    const auto add = [&](int64_t time_s, double value) {
      if (!whole || !is_behind(number, time_s)) return;
      if (left == 0) {
        whole = false;
        return;
      }
      --left;
      last = {number, time_s};
      times.push_back(static_cast<double>(time_s));
      values.push_back(value);
    };
    if (ascending)
      for (const auto& [time_s, value] : result.series.points) add(time_s, value);
    else
      for (auto it = result.series.points.rbegin(); it != result.series.points.rend(); ++it)
        add(it->first, it->second);
    more = more || !whole;
    ++number;
    answer["MetricDataResults"].push_back({{"Id", result.id},
                                           {"Label", result.label},
                                           {"Timestamps", std::move(times)},
                                           {"Values", std::move(values)},
                                           {"StatusCode", whole ? "Complete" : "PartialData"}});
    std::vector<std::string> units;
    if (metric && metric->unit.empty()) units = units_of(metric->metric, "", start_s, ceil_s(*end));
    if (json messages = messages_of(units, dropped); !messages.empty())
      answer["MetricDataResults"].back()["Messages"] = std::move(messages);
  }
  if (more) answer["NextToken"] = point_token(last);
  return answer;
}

Result<json> CloudWatchMetrics::list_metrics(const json& input, const std::string& region,
                                             WallTime now) {
  wire::Fields in(input);
  const std::string metric_namespace = in.text("Namespace"), name = in.text("MetricName");
  const std::string token = in.text("NextToken"), active = in.text("RecentlyActive");
  struct Filter {
    std::string name;
    std::optional<std::string> value;
  };
  std::vector<Filter> filters;
  for (const json& item : in.list("Dimensions")) {
    wire::Fields filter(item);
    const std::string where = "Dimensions.member." + std::to_string(filters.size() + 1) + ".";
    Filter one{filter.text("Name"), std::nullopt};
    if (filter.has("Value")) one.value = filter.text("Value");
    if (!filter.status()) return filter.status().error();
    if (one.name.empty()) return missing(where + "Name");
    if (characters(one.name) > kMaxName) return invalid_length(where + "Name", kMaxName);
    if (one.value && (one.value->empty() || characters(*one.value) > kMaxDimensionValue))
      return invalid_length(where + "Value", kMaxDimensionValue);
    filters.push_back(std::move(one));
  }
  if (!in.status()) return in.status().error();
  for (const char* member : {"Namespace", "MetricName"})
    if (const std::string text = in.text(member);
        in.has(member) && (text.empty() || characters(text) > kMaxName))
      return invalid_length(member, kMaxName);
  if (filters.size() > kMaxFilters)
    return invalid("The collection Dimensions must not have a size greater than " +
                   std::to_string(kMaxFilters) + ".");
  if (!active.empty() && active != "PT3H")
    return invalid("The value " + active +
                   " for parameter RecentlyActive is invalid: it must be PT3H.");
  const auto after = read_metric_token(token, region);
  if (!after) return after.error();
  json metrics = json::array();
  const MetricKey* last = nullptr;
  bool more = false;
  store_.list(epoch_s(now) - (active.empty() ? kOldest : 3 * 3'600), [&](const MetricKey& key) {
    if (key.region != region || (*after && key <= **after)) return;
    if (!metric_namespace.empty() && key.metric_namespace != metric_namespace) return;
    if (!name.empty() && key.name != name) return;
    for (const Filter& filter : filters)
      if (std::none_of(key.dimensions.begin(), key.dimensions.end(), [&](const auto& dimension) {
            return dimension.first == filter.name &&
                   (!filter.value || *filter.value == dimension.second);
          }))
        return;
    if (metrics.size() == kMaxListed) {
      more = true;
      return;
    }
    last = &key;
    metrics.push_back({{"Namespace", key.metric_namespace},
                       {"MetricName", key.name},
                       {"Dimensions", dimensions_document(key.dimensions)}});
  });
  json answer = {{"Metrics", std::move(metrics)}};
  if (more) answer["NextToken"] = metric_token(*last);
  return answer;
}

}  // namespace kiln::services
