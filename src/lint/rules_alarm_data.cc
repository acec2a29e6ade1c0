// Alarms on data that Lambda doesn't write: dimensions that it never uses, and idle minutes.
#include <algorithm>
#include <array>
#include <set>

#include "lint/alarm_metric.h"
#include "lint/rule_functions.h"
#include "telemetry/math_parser.h"

namespace kiln::lint {
namespace {

using telemetry::MathNode;
using telemetry::MathOperator;

constexpr std::array<std::string_view, 4> kOfQualifierOnly = {
    "ProvisionedConcurrentExecutions", "ProvisionedConcurrencyInvocations",
    "ProvisionedConcurrencySpilloverInvocations", "ProvisionedConcurrencyUtilization"};
constexpr std::array<std::string_view, 2> kOfAccountOnly = {"UnreservedConcurrentExecutions",
                                                            "ClaimedAccountConcurrency"};
// Each point is at least 1.
constexpr std::array<std::string_view, 3> kNeverZero = {"Invocations", "ConcurrentExecutions",
                                                        "AsyncEventsReceived"};

template <size_t kSize>
bool contains(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

struct Wrong {
  std::string what, advice;
};

// What is wrong with the dimensions of a metric of Lambda; nullopt: nothing.
std::optional<Wrong> wrong_dimensions(const MetricUse& metric) {
  const std::string name = metric.name.value().value_or("");
  const auto text = [&](const char* dimension) -> std::optional<std::string> {
    const auto found = metric.dimensions.find(dimension);
    return found == metric.dimensions.end() ? std::nullopt : found->second.value();
  };
  const bool has_function = metric.dimensions.contains("FunctionName");
  const bool has_resource = metric.dimensions.contains("Resource");
  if (contains(kOfAccountOnly, name) && !metric.dimensions.empty())
    return Wrong{name + " has no dimensions: it is of the whole Region", "remove the dimensions"};
  if (contains(kOfQualifierOnly, name) && !has_resource) {
    return Wrong{name + " is written by version or alias only, never without Resource",
                 "add the dimension Resource with NAME:ALIAS beside FunctionName"};
  }
  if (has_resource && !has_function) {
    return Wrong{"Resource never stands without FunctionName", "add the dimension FunctionName"};
  }
  if (metric.dimensions.contains("ExecutedVersion") && !has_resource) {
    return Wrong{"ExecutedVersion never stands without Resource",
                 "add the dimension Resource with NAME:ALIAS"};
  }
  for (const auto& dimension : metric.dimensions)
    if (const auto value = dimension.second.value(); value && value->find('*') != std::string::npos)
      return Wrong{dimension.first + " is " + readable(*value) + ", and * stands for itself only",
                   "name the function (Ref), or use a search expression on a dashboard"};
  const std::optional<std::string> function = text("FunctionName"), resource = text("Resource");
  if (function && (function->starts_with("arn:") || function->find(':') != std::string::npos)) {
    return Wrong{"FunctionName is " + readable(*function) + ", not a function's name",
                 "use the name alone (Ref of the function)"};
  }
  if (!resource) return std::nullopt;
  if (resource->starts_with("arn:")) {
    return Wrong{"Resource is an ARN, " + readable(*resource),
                 "use NAME:ALIAS, such as !Sub ${Function}:live"};
  }
  const FunctionReference named = parse_function_reference(*resource);
  if (function && named.name != *function) {
    return Wrong{"Resource names " + readable(named.name) + ", FunctionName " + readable(*function),
                 "begin Resource with the function's name: NAME:ALIAS"};
  }
  if (contains(kOfQualifierOnly, name) &&
      (named.qualifier.empty() || named.qualifier == "$LATEST")) {
    return Wrong{name + " is written for versions and aliases only, not for " + readable(*resource),
                 "name the version or alias that has provisioned concurrency"};
  }
  return std::nullopt;
}

// Whether the expression divides by one of `ids`.
bool divides_by(const MathNode& node, const std::set<std::string>& ids) {
  for (size_t i = 0; i < node.operators.size(); ++i) {
    if (node.operators[i] != MathOperator::kDivide) continue;
    for (const std::string& id : telemetry::referred_ids(node.children[i + 1])) {
      if (ids.contains(id)) return true;
    }
  }
  return std::any_of(node.children.begin(), node.children.end(),
                     [&](const MathNode& child) { return divides_by(child, ids); });
}

std::string missing_mode(const Alarm& alarm) {
  return alarm.missing_data.value_or("missing").value_or("");
}

}  // namespace

void alarm_dimensions(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    for (const MetricUse& metric : alarm.metrics) {
      if (!metric.is_lambda() || !metric.dimensions_known) continue;
      if (std::optional<Wrong> wrong = wrong_dimensions(metric)) {
        report.add(alarm.origin, metric.place, wrong->what + "; the alarm gets no data",
                   std::move(wrong->advice));
      }
    }
  }
}

void error_rate_without_traffic(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    if (missing_mode(alarm) != "missing" || fills_gaps(alarm)) continue;
    std::set<std::string> invocations;
    for (const MetricUse& metric : alarm.metrics) {
      if (metric.is_lambda() && metric.name.value() == "Invocations") invocations.insert(metric.id);
    }
    for (const MathUse& math : alarm.math) {
      const Result<MathNode> tree = telemetry::parse_math(math.expression);
      if (!tree || !divides_by(*tree, invocations)) continue;
      report.add(alarm.origin, math.place,
                 "`" + math.expression +
                     "` has no point without invocations: the alarm goes to INSUFFICIENT_DATA, "
                     "also out of ALARM",
                 "set TreatMissingData to notBreaching if no traffic is no error, or to ignore to "
                 "keep the state");
      break;
    }
  }
}

void missing_data_breaches_when_idle(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    if (alarm.missing_data.value() != "breaching" || !alarm.fires_above() || fills_gaps(alarm))
      continue;
    const bool of_lambda = !alarm.metrics.empty() &&
                           std::all_of(alarm.metrics.begin(), alarm.metrics.end(),
                                       [](const MetricUse& metric) { return metric.is_lambda(); });
    if (!of_lambda) continue;
    report.add(
        alarm.origin, alarm.missing_data.place(),
        "Lambda writes no points while nothing is invoked, and this alarm counts them as too "
        "high",
        "set TreatMissingData to notBreaching; breaching fits an alarm that fires below its "
        "threshold");
  }
}

void quiet_alarm_never_fires(const Model& model, const Circumstances&, Report& report) {
  for (const Alarm& alarm : model.alarms) {
    const MetricUse* metric = alarm.watched();
    if (metric == nullptr || !metric->is_lambda() || !alarm.fires_below() ||
        !alarm.threshold.is_known() || !contains(kNeverZero, metric->name.value().value_or(""))) {
      continue;
    }
    const double threshold = *alarm.threshold.value();
    const bool below_one =
        alarm.comparison.value() == "LessThanThreshold" ? threshold <= 1 : threshold < 1;
    const std::string missing = missing_mode(alarm);
    if (!below_one || missing == "breaching" || missing.empty()) continue;
    report.add(alarm.origin, alarm.threshold.place(),
               *metric->name.value() + " is never 0: without invocations there is no point, and " +
                   "missing points are treated as " + missing + ", so the alarm never fires",
               "set TreatMissingData to breaching");
  }
}

}  // namespace kiln::lint
