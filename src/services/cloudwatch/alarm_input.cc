#include "services/cloudwatch/alarm_input.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/arn.h"
#include "base/ascii.h"
#include "base/system_tags.h"
#include "services/cloudwatch/queries.h"
#include "services/driver/input_checks.h"
#include "telemetry/alarm_document.h"
#include "telemetry/query_run.h"
#include "telemetry/statistic.h"

namespace kiln::services {

const std::vector<std::string_view> kAlarmStatistics = {"Maximum", "Average", "Sum", "SampleCount",
                                                        "Minimum"};

namespace {

using nlohmann::json;
using telemetry::AlarmConfig;
using telemetry::MetricQuery;
using telemetry::MetricStat;
using Need = InputChecks::Need;

constexpr size_t kMaxActions = 5, kMaxAction = 1024;  // in characters
constexpr size_t kMaxMetrics = 10;                    // in a math alarm, and
constexpr size_t kMaxExpressions = 10;                // beside them
constexpr int64_t kDay = 86'400;
constexpr int64_t kWeek = 604'800;
constexpr int64_t kHour = 3'600;
constexpr int64_t kMaxInt = std::numeric_limits<int32_t>::max();

const std::vector<std::string_view> kComparisons = {"GreaterThanOrEqualToThreshold",
                                                    "GreaterThanThreshold",
                                                    "LessThanThreshold",
                                                    "LessThanOrEqualToThreshold",
                                                    "LessThanLowerOrGreaterThanUpperThreshold",
                                                    "LessThanLowerThreshold",
                                                    "GreaterThanUpperThreshold"};
const std::vector<std::string_view> kMissing = {"missing", "ignore", "breaching", "notBreaching"};

Result<void> check_period(int64_t period_s) {
  if (period_s == 10 || period_s == 20 || period_s == 30) return {};
  if (period_s >= 60 && period_s % 60 == 0) return {};
  return constraint_error("Period must be 10, 20, 30 or a multiple of 60; it is " +
                          std::to_string(period_s) + ".");
}

Result<void> check_span(int64_t period_s, int64_t periods) {
  const bool long_period = period_s >= kHour;
  if (period_s * periods <= (long_period ? kWeek : kDay)) return {};
  return constraint_error(
      long_period ? "Metrics cannot be checked across more than a week (EvaluationPeriods * Period "
                    "must be <= 604800) for alarms using period >= 3600"
                  : "Metrics cannot be checked across more than a day (EvaluationPeriods * Period "
                    "must be <= 86400).");
}

// What metric and composite alarms have in common.
AlarmConfig read_common(InputChecks& checks, const std::string& region) {
  AlarmConfig config;
  config.region = region;
  config.name = checks.text("AlarmName", 1, kMaxAlarmName, Need::kRequired);
  config.has_description = checks.fields().has("AlarmDescription");
  config.description = checks.text("AlarmDescription", 0, 1024);
  config.actions.enabled = checks.fields().boolean("ActionsEnabled").value_or(true);
  const auto actions = [&](const char* name) {
    return checks.texts(name, kMaxActions, Need::kOptional, kMaxAction);
  };
  config.actions.ok = actions("OKActions");
  config.actions.alarm = actions("AlarmActions");
  config.actions.insufficient_data = actions("InsufficientDataActions");
  return config;
}

// arn:PARTITION:SERVICE:REGION:ACCOUNT:REST. Whether there is such a topic or function nobody asks
// before the alarm goes off.
Result<void> check_action(const std::string& action, const std::string& region) {
  std::array<std::string, 5> parts;
  size_t begin = 0;
  for (std::string& part : parts) {
    const size_t end = action.find(':', begin);
    if (end == std::string::npos) return constraint_error("Invalid arn syntax: " + action);
    part = action.substr(begin, end - begin);
    begin = end + 1;
  }
  if (parts[0] != "arn" || parts[2].empty() || begin == action.size())
    return constraint_error("Invalid arn syntax: " + action);
  const auto other = [](const char* what, const std::string& given, const std::string& only) {
    return constraint_error("Invalid " + std::string(what) + " " + given + " specified. Only " +
                            only + " is supported.");
  };
  const std::string partition(partition_of(region));
  if (parts[1] != partition) return other("partition", parts[1], partition);
  if (!parts[3].empty() && parts[3] != region) return other("region", parts[3], region);
  return {};
}

Result<void> check_actions(const AlarmConfig& config) {
  for (const auto* actions :
       {&config.actions.ok, &config.actions.alarm, &config.actions.insufficient_data})
    for (const std::string& action : *actions)
      if (auto checked = check_action(action, config.region); !checked) return checked;
  return {};
}

// Members that only a single metric has.
Result<void> check_no_metric(const wire::Fields& in) {
  for (const char* name : {"MetricName", "Namespace", "Statistic", "ExtendedStatistic",
                           "Dimensions", "Period", "Unit"}) {
    if (in.has(name))
      return constraint_error(std::string(name) + " should not be set if list of Metrics is set.");
  }
  return {};
}

Result<MetricStat> read_single_metric(InputChecks& checks, const json& input,
                                      const std::string& region) {
  const wire::Fields& in = checks.fields();
  for (const char* name : {"MetricName", "Namespace", "Period"})
    if (!in.has(name)) return constraint_error(std::string(name) + " must not be null");
  if (in.has("Statistic") == in.has("ExtendedStatistic"))
    return invalid_combination(in.has("Statistic")
                                   ? "Statistic and ExtendedStatistic cannot both be set."
                                   : "Exactly one of Statistic and ExtendedStatistic must be set.");
  MetricStat out;
  out.metric.region = region;
  out.metric.name = checks.text("MetricName", 1, kMaxAlarmName);
  out.metric.metric_namespace = checks.text("Namespace", 1, kMaxAlarmName);
  out.period_s = static_cast<int>(checks.integer("Period", 1, kMaxInt).value_or(0));
  out.unit = checks.one_of("Unit", metric_units());
  out.stat = checks.one_of("Statistic", kAlarmStatistics);
  const std::string extended = checks.fields().text("ExtendedStatistic");
  if (const auto checked = checks.result(); !checked) return checked.error();
  for (const auto& [name, text] : {std::pair("MetricName", &out.metric.name),
                                   std::pair("Namespace", &out.metric.metric_namespace)})
    if (!is_ascii(*text))
      return constraint_error(std::string(name) + " must not contain Non-ASCII characters");
  if (!extended.empty() || out.stat.empty()) {
    const auto parsed = telemetry::Statistic::parse(extended);
    if (!parsed || parsed->is_simple()) return unsupported_statistic(extended, "ExtendedStatistic");
    out.stat = extended;
  }
  auto dimensions = read_dimensions(input);
  if (!dimensions) return dimensions.error();
  out.metric.dimensions = std::move(*dimensions);
  if (const auto checked = check_period(out.period_s); !checked) return checked.error();
  return out;
}

// Whether an expression calls `function`, in any case.
bool calls(const std::string& expression, std::string_view function) {
  std::string upper = expression;
  for (char& c : upper)
    if (ascii::is_lower(c)) c = static_cast<char>(c - 'a' + 'A');
  for (size_t at = upper.find(function); at != upper.npos; at = upper.find(function, at + 1)) {
    const size_t after = upper.find_first_not_of(' ', at + function.size());
    if (after != upper.npos && upper[after] == '(') return true;
  }
  return false;
}

Result<std::vector<MetricQuery>> read_queries(const json& list, const std::string& region) {
  std::vector<MetricQuery> queries;
  size_t metrics = 0;
  size_t returning = 0;
  int period_s = 0;
  for (const json& item : list) {
    auto query = read_metric_query(item, region);
    if (!query) return query.error();
    if (query->metric_stat) ++metrics;
    if (query->return_data) ++returning;
    const int own = query->metric_stat ? query->metric_stat->period_s : query->period_s;
    if (own > 0)
      if (const auto checked = check_period(own); !checked) return checked.error();
    if (own > 0 && period_s > 0 && own != period_s)
      return constraint_error(
          "All elements of the metrics list must have the same period; there are " +
          std::to_string(period_s) + " and " + std::to_string(own) + ".");
    if (own > 0) period_s = own;
    if (calls(query->expression, "SEARCH"))
      return constraint_error("SEARCH is not supported on Metric Alarms");
    if (calls(query->expression, "ANOMALY_DETECTION_BAND"))
      return constraint_error("ANOMALY_DETECTION_BAND is not supported; compare with a Threshold.");
    queries.push_back(std::move(*query));
  }
  if (metrics > kMaxMetrics || queries.size() - metrics > kMaxExpressions)
    return constraint_error(
        "The metrics list can have at most 10 metrics and 10 expressions; it has " +
        std::to_string(metrics) + " and " + std::to_string(queries.size() - metrics) + ".");
  if (returning != 1)
    return constraint_error("Exactly one element of the metrics list should return data.");
  const auto type = telemetry::returned_type(queries);
  if (!type) return type.error();
  if (*type != telemetry::MathType::kSeries)
    return constraint_error(
        "The expression that returns data must give a single time series; an alarm can't watch "
        "several. Reduce them, as with SUM, MAX or FIRST.");
  if (period_s == 0) return constraint_error("Period must not be null");
  return queries;
}

Result<void> read_rule_of_change(InputChecks& checks, AlarmConfig& config) {
  config.evaluation_periods = static_cast<int>(
      checks.integer("EvaluationPeriods", 1, kMaxInt, Need::kRequired).value_or(1));
  if (const auto to_alarm = checks.integer("DatapointsToAlarm", 1, kMaxInt))
    config.datapoints_to_alarm = static_cast<int>(*to_alarm);
  const std::string comparison = checks.one_of("ComparisonOperator", kComparisons, Need::kRequired);
  const std::string missing = checks.one_of("TreatMissingData", kMissing);
  config.low_sample_count_percentile =
      checks.one_of("EvaluateLowSampleCountPercentile", {"evaluate", "ignore"});
  const auto threshold = checks.fields().number("Threshold");
  if (const auto checked = checks.result(); !checked) return checked;

  const auto known = telemetry::parse_comparison(comparison);
  if (!known)
    return constraint_error("The ComparisonOperator " + comparison +
                            " needs an anomaly detection band, which is not supported; "
                            "compare with a Threshold.");
  config.comparison = *known;
  if (checks.fields().has("ThresholdMetricId"))
    return constraint_error(
        "ThresholdMetricId needs an anomaly detection band, which is not supported; give a "
        "Threshold.");
  if (!threshold) return constraint_error("Threshold must not be null");
  if (!std::isfinite(*threshold))
    return constraint_error("Threshold must be a finite number, not NaN or infinite.");
  config.threshold = *threshold;
  if (config.minimum_breaching() > config.evaluation_periods)
    return constraint_error("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  config.has_missing = !missing.empty();
  config.missing =
      telemetry::parse_missing_data(missing).value_or(telemetry::MissingData::kMissing);
  return {};
}

// Without ActionsSuppressor there is none, and its periods mean nothing.
Result<std::optional<telemetry::ActionsSuppressor>> read_suppressor(InputChecks& checks) {
  constexpr const char* kWait = "ActionsSuppressorWaitPeriod";
  constexpr const char* kExtension = "ActionsSuppressorExtensionPeriod";
  std::string alarm = checks.text("ActionsSuppressor", 1, 1600);
  const auto wait_s = checks.integer(kWait, 0, kMaxInt);
  const auto extension_s = checks.integer(kExtension, 0, kMaxInt);
  if (const auto checked = checks.result(); !checked) return checked.error();
  if (alarm.empty()) {
    if (!wait_s && !extension_s) return std::optional<telemetry::ActionsSuppressor>();
    return constraint_error(std::string(wait_s ? kWait : kExtension) +
                            " is only for an alarm with an ActionsSuppressor; give one, too.");
  }
  if (!wait_s) return constraint_error(std::string(kWait) + " must not be null");
  if (!extension_s) return constraint_error(std::string(kExtension) + " must not be null");
  return std::optional(telemetry::ActionsSuppressor{std::move(alarm), static_cast<int>(*wait_s),
                                                    static_cast<int>(*extension_s)});
}

}  // namespace

Result<telemetry::Tags> read_alarm_tags(const json& input) {
  InputChecks checks(input);
  checks.length("Tags", kMaxAlarmTags);
  if (const auto checked = checks.result(); !checked) return checked.error();
  telemetry::Tags out;
  for (const json& item : checks.fields().list("Tags")) {
    InputChecks each(item);
    std::string key = each.text("Key", 1, kMaxTagKey, Need::kRequired);
    std::string value = each.text("Value", 0, 256);
    if (const auto checked = each.result(); !checked) return checked.error();
    if (system_tags::is_reserved(key))
      return Error{ErrorKind::kInvalid, "InvalidParameterValueException",
                   "The tag key " + key + " begins with aws:, which only AWS may use."};
    out[std::move(key)] = std::move(value);
  }
  return out;
}

Result<AlarmConfig> read_metric_alarm(const json& input, const std::string& region) {
  InputChecks checks(input);
  AlarmConfig config = read_common(checks, region);
  if (const auto read = read_rule_of_change(checks, config); !read) return read.error();
  if (checks.fields().has("EvaluationCriteria"))
    return constraint_error("EvaluationCriteria is not supported; give a MetricName or Metrics.");
  const json& metrics = checks.fields().list("Metrics");
  if (const auto checked = checks.result(); !checked) return checked.error();
  if (metrics.empty()) {
    auto metric = read_single_metric(checks, input, region);
    if (!metric) return metric.error();
    config.metric = std::move(*metric);
  } else {
    if (const auto checked = check_no_metric(checks.fields()); !checked) return checked.error();
    auto queries = read_queries(metrics, region);
    if (!queries) return queries.error();
    config.metrics = std::move(*queries);
  }
  const bool percentile = config.metric && config.metric->stat.starts_with("p");
  if (!config.low_sample_count_percentile.empty() && !percentile)
    return invalid_combination(
        "EvaluateLowSampleCountPercentile is only for alarms on a percentile; give an "
        "ExtendedStatistic such as p99.");
  if (const auto checked = check_span(config.period_s(), config.evaluation_periods); !checked)
    return checked.error();
  if (const auto checked = check_actions(config); !checked) return checked.error();
  return config;
}

Result<CompositeAlarmInput> read_composite_alarm(const json& input, const std::string& region) {
  InputChecks checks(input);
  AlarmConfig config = read_common(checks, region);
  const std::string text =
      checks.text("AlarmRule", 1, telemetry::CompositeRule::kMaxLength, Need::kRequired);
  if (const auto checked = checks.result(); !checked) return checked.error();
  auto suppressor = read_suppressor(checks);
  if (!suppressor) return suppressor.error();
  auto rule = telemetry::CompositeRule::parse(text);
  if (!rule) return rule.error();
  if (const auto checked = check_actions(config); !checked) return checked.error();
  return CompositeAlarmInput{std::move(config), std::move(*rule), std::move(*suppressor)};
}

}  // namespace kiln::services
