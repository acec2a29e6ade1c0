#include "telemetry/math_functions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "telemetry/math_grid.h"
#include "telemetry/math_statistics.h"

namespace kiln::telemetry {
namespace {

using Arguments = std::vector<MathArgument>;
using Values = std::vector<MathValue>;
using List = std::vector<Series>;
using Type = std::optional<MathType>;
constexpr auto kS = MathType::kScalar;
constexpr auto kTs = MathType::kSeries;
constexpr auto kTsList = MathType::kList;

// Series without the points that are not numbers.
Series finite_points(Series series, const MathScope& scope) {
  if (std::erase_if(series.points, [](const auto& point) { return !std::isfinite(point.second); }) >
      0)
    scope.dropped = true;
  return series;
}

// --- One series in, one out; each of a list on its own ---

Type type_of_each(const Arguments& arguments) {
  const MathType type = arguments[0].type;
  return type == kTs || type == kTsList ? Type(type) : std::nullopt;
}

template <auto function>
Result<MathValue> apply_to_each(Values values, const MathScope& scope) {
  if (Series* series = std::get_if<Series>(&values[0])) {
    return MathValue(finite_points(function(std::move(*series)), scope));
  }
  List list = std::get<List>(std::move(values[0]));
  for (Series& series : list) series = finite_points(function(std::move(series)), scope);
  return MathValue(std::move(list));
}

template <double (*function)(double)>
Series map_points(Series series) {
  for (auto& [time, value] : series.points) value = function(value);
  return series;
}

// What `function` makes of each point and the one before it; the first has none.
template <double (*function)(double change, double seconds)>
Series map_steps(Series series) {
  std::map<int64_t, double> steps;
  for (auto at = series.points.begin(); at != series.points.end(); ++at) {
    if (at == series.points.begin()) continue;
    const auto before = std::prev(at);
    const auto seconds = static_cast<double>(at->first - before->first);
    steps[at->first] = function(at->second - before->second, seconds);
  }
  series.points = std::move(steps);
  return series;
}

double absolute(double value) { return std::fabs(value); }
double ceiling(double value) { return std::ceil(value); }
double floor_of(double value) { return std::floor(value); }
double natural_log(double value) { return std::log(value); }
double decimal_log(double value) { return std::log10(value); }
double change_of(double change, double) { return change; }
double seconds_of(double, double seconds) { return seconds; }
double rate_of(double change, double seconds) { return change / seconds; }

Series running_sum(Series series) {
  double sum = 0;
  for (auto& [time, value] : series.points) value = sum += value;
  return series;
}

// --- Sums of a series, or of a list point by point ---

Type type_of_reduction(const Arguments& arguments) {
  if (arguments[0].type == kTs) return kS;
  return arguments[0].type == kTsList ? Type(kTs) : std::nullopt;
}

template <Reduction reduction>
Result<MathValue> apply_reduction(Values values, const MathScope&) {
  if (const Series* series = std::get_if<Series>(&values[0])) {
    return MathValue(reduce(reduction, *series));
  }
  return MathValue(reduce(reduction, std::get<List>(values[0])));
}

// --- Lists ---

Type type_of_pick(const Arguments& arguments) {
  return arguments[0].type == kTsList ? Type(kTs) : std::nullopt;
}
Result<MathValue> apply_first(Values values, const MathScope&) {
  List& list = std::get<List>(values[0]);
  return MathValue(list.empty() ? Series{} : std::move(list.front()));
}
Result<MathValue> apply_last(Values values, const MathScope&) {
  List& list = std::get<List>(values[0]);
  return MathValue(list.empty() ? Series{} : std::move(list.back()));
}

Type type_of_metric_count(const Arguments& arguments) {
  return arguments[0].type == kTsList ? Type(kS) : std::nullopt;
}
Result<MathValue> apply_metric_count(Values values, const MathScope&) {
  return MathValue(static_cast<double>(std::get<List>(values[0]).size()));
}

Type type_of_remove_empty(const Arguments& arguments) {
  return arguments[0].type == kTsList ? Type(kTsList) : std::nullopt;
}
Result<MathValue> apply_remove_empty(Values values, const MathScope&) {
  List& list = std::get<List>(values[0]);
  std::erase_if(list, [](const Series& series) { return series.points.empty(); });
  return std::move(values[0]);
}

// A position in `list`: `number` without its fraction, moved into the list.
std::ptrdiff_t position(double number, const List& list) {
  if (!(number > 0)) return 0;
  return static_cast<std::ptrdiff_t>(std::min(number, static_cast<double>(list.size())));
}

Type type_of_slice(const Arguments& arguments) {
  if (arguments[0].type != kTsList || arguments[1].type != kS) return std::nullopt;
  if (arguments.size() == 3 && arguments[2].type != kS) return std::nullopt;
  return kTsList;
}
Result<MathValue> apply_slice(Values values, const MathScope&) {
  const List& list = std::get<List>(values[0]);
  const auto begin = position(std::get<double>(values[1]), list);
  const auto end = values.size() == 3 ? position(std::get<double>(values[2]), list)
                                      : static_cast<std::ptrdiff_t>(list.size());
  return MathValue(List(list.begin() + std::min(begin, end), list.begin() + end));
}

Type type_of_sort(const Arguments& arguments) {
  if (arguments[0].type != kTsList) return std::nullopt;
  if (arguments[1].type != MathType::kWord || !sort_key(arguments[1].text)) return std::nullopt;
  if (arguments[2].type != MathType::kWord) return std::nullopt;
  if (arguments[2].text != "ASC" && arguments[2].text != "DESC") return std::nullopt;
  if (arguments.size() == 4 && arguments[3].type != kS) return std::nullopt;
  return kTsList;
}
// Series without a value come last in either order; equal ones stay as they are.
Result<MathValue> apply_sort(Values values, const MathScope&) {
  List& list = std::get<List>(values[0]);
  const Reduction key = *sort_key(std::get<MathWord>(values[1]).text);
  const bool descending = std::get<MathWord>(values[2]).text == "DESC";
  std::vector<std::pair<double, size_t>> order;
  for (size_t i = 0; i < list.size(); ++i) {
    const double number = list[i].points.empty() ? kNoValue : reduce(key, list[i]);
    order.emplace_back(number, i);
  }
  std::stable_sort(order.begin(), order.end(), [descending](const auto& a, const auto& b) {
    if (std::isnan(a.first) || std::isnan(b.first)) {
      return !std::isnan(a.first) && std::isnan(b.first);
    }
    return descending ? a.first > b.first : a.first < b.first;
  });
  List sorted;
  for (const auto& [number, i] : order) sorted.push_back(std::move(list[i]));
  if (values.size() == 4) {
    sorted.resize(static_cast<size_t>(position(std::get<double>(values[3]), sorted)));
  }
  return MathValue(std::move(sorted));
}

Type type_of_metrics(const Arguments& arguments) {
  if (!arguments.empty() && arguments[0].type != MathType::kText) return std::nullopt;
  return kTsList;
}
Result<MathValue> apply_metrics(Values values, const MathScope& scope) {
  const std::string part = values.empty() ? "" : std::get<MathText>(values[0]).text;
  List list;
  for (const std::string& id : scope.metric_ids) {
    if (id.find(part) != std::string::npos) list.push_back(std::get<Series>(scope.values.at(id)));
  }
  return MathValue(std::move(list));
}

Type type_of_search(const Arguments& arguments) {
  if (arguments[0].type != MathType::kText || arguments[1].type != MathType::kText)
    return std::nullopt;
  if (arguments.size() == 3 && arguments[2].type != kS) return std::nullopt;
  return kTsList;
}
Result<MathValue> apply_search(Values values, const MathScope& scope) {
  if (!scope.search) return MathValue(List{});
  const int period_s =
      values.size() == 3 ? static_cast<int>(std::get<double>(values[2])) : scope.period_s;
  return MathValue(scope.search(std::get<MathText>(values[0]).text,
                                std::get<MathText>(values[1]).text, period_s));
}

// --- Periods and times ---

Type type_of_period(const Arguments& arguments) {
  const bool is_metric = arguments[0].origin == MathArgument::Origin::kMetric;
  return is_metric ? Type(kS) : std::nullopt;
}
Result<MathValue> apply_period(Values values, const MathScope&) {
  return MathValue(static_cast<double>(std::get<Series>(values[0]).period_s));
}

Type type_of_time_series(const Arguments& arguments) {
  return arguments[0].type == kS ? Type(kTs) : std::nullopt;
}
Result<MathValue> apply_time_series(Values values, const MathScope& scope) {
  auto series = constant_series(std::get<double>(values[0]), scope);
  if (!series) return series.error();
  return MathValue(*std::move(series));
}

Type type_of_calendar(const Arguments& arguments) {
  return arguments[0].type == kTs ? Type(kTs) : std::nullopt;
}
// A number for every period of the range, whether the series has a point there or not.
template <double (*function)(int64_t)>
Result<MathValue> apply_calendar(Values values, const MathScope& scope) {
  Series series = std::get<Series>(std::move(values[0]));
  const auto grid = math_grid(scope, series.period_s);
  if (!grid) return grid.error();
  series.points.clear();
  for (const int64_t time : *grid) series.points[time] = function(time);
  return MathValue(std::move(series));
}

// --- FILL and IF ---

Type type_of_fill(const Arguments& arguments) {
  const MathArgument& filler = arguments[1];
  const bool is_word =
      filler.type == MathType::kWord && (filler.text == "REPEAT" || filler.text == "LINEAR");
  if (!is_word && filler.type != kS && filler.type != kTs) return std::nullopt;
  return type_of_each(arguments);
}

Result<MathValue> apply_fill(Values values, const MathScope& scope) {
  if (Series* series = std::get_if<Series>(&values[0])) {
    auto filled = fill_series(std::move(*series), values[1], scope);
    if (!filled) return filled.error();
    return MathValue(*std::move(filled));
  }
  List list = std::get<List>(std::move(values[0]));
  for (Series& series : list) {
    auto filled = fill_series(std::move(series), values[1], scope);
    if (!filled) return filled.error();
    series = *std::move(filled);
  }
  return MathValue(std::move(list));
}

Type type_of_if(const Arguments& arguments) {
  Type type = kS;
  for (const MathArgument& argument : arguments) {
    if (argument.type != kS && argument.type != kTs) return std::nullopt;
    if (argument.type == kTs) type = kTs;
  }
  return type;
}

// A number, or a series' point at `time`; kNoValue if it has none.
double at_time(const MathValue& value, int64_t time) {
  if (const double* number = std::get_if<double>(&value)) return *number;
  const auto& points = std::get<Series>(value).points;
  const auto point = points.find(time);
  return point == points.end() ? kNoValue : point->second;
}

Result<MathValue> apply_if(Values values, const MathScope& scope) {
  if (values.size() == 2) values.emplace_back(kNoValue);
  if (const double* condition = std::get_if<double>(&values[0])) {
    const bool is_series =
        type_of(values[1]) == MathType::kSeries || type_of(values[2]) == MathType::kSeries;
    MathValue chosen =
        std::isnan(*condition) ? MathValue(kNoValue) : std::move(values[*condition != 0 ? 1 : 2]);
    if (!is_series || type_of(chosen) == MathType::kSeries) return chosen;
    return apply_time_series({std::move(chosen)}, scope);
  }
  Series out = std::get<Series>(values[0]);
  for (auto& [time, value] : out.points) {
    const bool condition = value != 0;
    value = at_time(values[condition ? 1 : 2], time);
    // True, and the series has no point there: 0.
    if (condition && std::isnan(value) && type_of(values[1]) == MathType::kSeries) value = 0;
  }
  for (size_t i = 1; i < 3; ++i) {
    const Series* series = std::get_if<Series>(&values[i]);
    if (series != nullptr) out.period_s = std::max(out.period_s, series->period_s);
  }
  // What the chosen side lacks is no point; it isn't a number that was dropped.
  std::erase_if(out.points, [](const auto& point) { return !std::isfinite(point.second); });
  return MathValue(std::move(out));
}

constexpr std::string_view kEach = "(TS|TS[])";
constexpr std::string_view kOneList = "(TS[])";
constexpr std::string_view kOneSeries = "(TS)";

constexpr std::array kFunctions = {
    MathFunction{"ABS", 1, 1, kEach, type_of_each, apply_to_each<map_points<absolute>>},
    MathFunction{"CEIL", 1, 1, kEach, type_of_each, apply_to_each<map_points<ceiling>>},
    MathFunction{"FLOOR", 1, 1, kEach, type_of_each, apply_to_each<map_points<floor_of>>},
    MathFunction{"LOG", 1, 1, kEach, type_of_each, apply_to_each<map_points<natural_log>>},
    MathFunction{"LOG10", 1, 1, kEach, type_of_each, apply_to_each<map_points<decimal_log>>},
    MathFunction{"DIFF", 1, 1, kEach, type_of_each, apply_to_each<map_steps<change_of>>},
    MathFunction{"DIFF_TIME", 1, 1, kEach, type_of_each, apply_to_each<map_steps<seconds_of>>},
    MathFunction{"RATE", 1, 1, kEach, type_of_each, apply_to_each<map_steps<rate_of>>},
    MathFunction{"RUNNING_SUM", 1, 1, kEach, type_of_each, apply_to_each<running_sum>},
    MathFunction{"SUM", 1, 1, kEach, type_of_reduction, apply_reduction<Reduction::kSum>},
    MathFunction{"AVG", 1, 1, kEach, type_of_reduction, apply_reduction<Reduction::kAverage>},
    MathFunction{"MIN", 1, 1, kEach, type_of_reduction, apply_reduction<Reduction::kMinimum>},
    MathFunction{"MAX", 1, 1, kEach, type_of_reduction, apply_reduction<Reduction::kMaximum>},
    MathFunction{"STDDEV", 1, 1, kEach, type_of_reduction, apply_reduction<Reduction::kDeviation>},
    MathFunction{"DATAPOINT_COUNT", 1, 1, kEach, type_of_reduction,
                 apply_reduction<Reduction::kCount>},
    MathFunction{"METRICS", 0, 1, "() or ('text')", type_of_metrics, apply_metrics},
    MathFunction{"SEARCH", 2, 3, "('search', 'statistic'[, period])", type_of_search, apply_search},
    MathFunction{"METRIC_COUNT", 1, 1, kOneList, type_of_metric_count, apply_metric_count},
    MathFunction{"FIRST", 1, 1, kOneList, type_of_pick, apply_first},
    MathFunction{"LAST", 1, 1, kOneList, type_of_pick, apply_last},
    MathFunction{"REMOVE_EMPTY", 1, 1, kOneList, type_of_remove_empty, apply_remove_empty},
    MathFunction{"SLICE", 2, 3, "(TS[], S[, S])", type_of_slice, apply_slice},
    MathFunction{"SORT", 3, 4, "(TS[], AVG|MIN|MAX|SUM, ASC|DESC[, S])", type_of_sort, apply_sort},
    MathFunction{"PERIOD", 1, 1, "(the Id of a metric)", type_of_period, apply_period},
    MathFunction{"TIME_SERIES", 1, 1, "(S)", type_of_time_series, apply_time_series},
    MathFunction{"EPOCH", 1, 1, kOneSeries, type_of_calendar, apply_calendar<epoch_at>},
    MathFunction{"MINUTE", 1, 1, kOneSeries, type_of_calendar, apply_calendar<minute_at>},
    MathFunction{"HOUR", 1, 1, kOneSeries, type_of_calendar, apply_calendar<hour_at>},
    MathFunction{"DAY", 1, 1, kOneSeries, type_of_calendar, apply_calendar<weekday_at>},
    MathFunction{"DATE", 1, 1, kOneSeries, type_of_calendar, apply_calendar<date_at>},
    MathFunction{"MONTH", 1, 1, kOneSeries, type_of_calendar, apply_calendar<month_at>},
    MathFunction{"YEAR", 1, 1, kOneSeries, type_of_calendar, apply_calendar<year_at>},
    MathFunction{"FILL", 2, 2, "(TS|TS[], S|TS|REPEAT|LINEAR)", type_of_fill, apply_fill},
    MathFunction{"IF", 2, 3, "(TS|S, TS|S[, TS|S])", type_of_if, apply_if},
};

}  // namespace

const MathFunction* find_math_function(std::string_view name) {
  for (const MathFunction& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

bool is_left_out_math_function(std::string_view name) {
  constexpr std::array<std::string_view, 4> kLeftOut = {"SERVICE_QUOTA", "ANOMALY_DETECTION_BAND",
                                                        "INSIGHT_RULE_METRIC", "DB_PERF_INSIGHTS"};
  return std::find(kLeftOut.begin(), kLeftOut.end(), name) != kLeftOut.end();
}

}  // namespace kiln::telemetry
