#include "survey/documents.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/time_format.h"
#include "scaling/policy_document.h"
#include "telemetry/alarm_document.h"
#include "telemetry/statistic.h"

namespace kiln::survey {
namespace {

Error wrong(std::string message) { return {ErrorKind::kInvalid, "Scenario", std::move(message)}; }

std::string named(const Json& document, const char* member, const char* what) {
  const std::string name = document.text_or(member, "");
  return name.empty() ? std::string(what) : std::string(what) + " " + name;
}

Result<void> need(const Json& document, const std::string& what,
                  std::initializer_list<const char*> members) {
  for (const char* member : members)
    if (!document.contains(member) || document[member].is_null())
      return wrong("the " + what + " has no " + member);
  return {};
}

nlohmann::json as_nlohmann(const Json& document) { return json_parse(document.to_text()); }

Result<scaling::ResourceId> read_resource(const Json& document, const std::string& what) {
  const std::string text = document.text_or("ResourceId", "");
  auto resource = scaling::ResourceId::parse(text);
  if (!resource)
    return wrong("the " + what + " has the ResourceId '" + text +
                 "'; it must be function:NAME:ALIAS or function:NAME:VERSION");
  return std::move(*resource);
}

std::optional<int> integer(const Json& document, const char* member) {
  return document[member].integer<int>();
}

// Seconds since 1970, or a date.
std::optional<WallTime> time_of(const Json& value) {
  std::optional<double> seconds = value.number();
  if (!seconds) seconds = parse_iso_time(value.text());
  if (!seconds) return std::nullopt;
  return WallTime(std::chrono::milliseconds(static_cast<int64_t>(std::llround(*seconds * 1000))));
}

// What answers say in any case, and requests may leave out.
Json with_defaults(const Json& document) {
  Json out = document;
  if (!out.contains("ActionsEnabled")) out["ActionsEnabled"] = true;
  for (const char* actions : {"OKActions", "AlarmActions", "InsufficientDataActions"})
    if (!out.contains(actions)) out[actions] = Json::array();
  if (out.contains("MetricName") && !out.contains("Dimensions")) out["Dimensions"] = Json::array();
  if (Json* queries = out.find("Metrics"); queries && queries->is_array())
    for (Json& query : *queries) {
      if (!query.contains("ReturnData")) query["ReturnData"] = true;
      if (Json* stat = query.find("MetricStat"))
        if (Json* metric = stat->find("Metric"); metric && !metric->contains("Dimensions"))
          (*metric)["Dimensions"] = Json::array();
    }
  return out;
}

Result<void> check_rule(const Json& document, const telemetry::AlarmConfig& config,
                        const std::string& what) {
  if (!telemetry::parse_comparison(document["ComparisonOperator"].text()))
    return wrong("the " + what + " has the ComparisonOperator '" +
                 document["ComparisonOperator"].text() + "', which compares with no Threshold");
  if (config.evaluation_periods < 1 || config.minimum_breaching() < 1 ||
      config.minimum_breaching() > config.evaluation_periods)
    return wrong("the " + what +
                 " must have 1 EvaluationPeriods or more, and not more DatapointsToAlarm");
  if (config.metric) {
    if (!telemetry::Statistic::parse(config.metric->stat))
      return wrong("the " + what + " has the unknown statistic '" + config.metric->stat + "'");
    if (config.metric->period_s < 10)
      return wrong("the " + what + " has a Period below 10 seconds");
    return {};
  }
  if (auto checked = telemetry::check_queries(config.metrics); !checked)
    return wrong("the " + what + ": " + checked.error().message);
  return {};
}

}  // namespace

Result<telemetry::AlarmConfig> read_alarm(const Json& document, const std::string& region) {
  const std::string what = named(document, "AlarmName", "alarm");
  if (const auto has = need(document, what,
                            {"AlarmName", "ComparisonOperator", "EvaluationPeriods", "Threshold"});
      !has)
    return has.error();
  if (document["Metrics"].empty()) {
    if (const auto has = need(document, what, {"Namespace", "MetricName", "Period"}); !has)
      return has.error();
    if (!document.contains("Statistic") && !document.contains("ExtendedStatistic"))
      return wrong("the " + what + " has no Statistic");
  }
  // The rules' own reading of what is kept of an alarm has the API's names for all of this.
  const Json kept{{"config", with_defaults(document)},
                  {"state", "INSUFFICIENT_DATA"},
                  {"reason", ""},
                  {"reason_data", ""},
                  {"state_updated_ms", 0},
                  {"transitioned_ms", 0},
                  {"configuration_updated_ms", 0},
                  {"tags", Json::object()}};
  auto alarm = telemetry::parse_alarm(region, kept.to_text());
  if (!alarm) {
    const std::string& why = alarm.error().message;
    const size_t detail = why.rfind("] ");
    return wrong("the " + what +
                 " can't be read: " + (detail == why.npos ? why : why.substr(detail + 2)));
  }
  if (alarm->is_composite())
    return wrong("the " + what + " is a composite alarm; simulate those that it is made of");
  if (const auto checked = check_rule(document, alarm->config, what); !checked)
    return checked.error();
  return std::move(alarm->config);
}

Result<scaling::TargetInput> read_target(const Json& document) {
  auto resource = read_resource(document, "scalable target");
  if (!resource) return resource.error();
  scaling::TargetInput out;
  out.min = integer(document, "MinCapacity");
  out.max = integer(document, "MaxCapacity");
  if (!out.min || !out.max)
    return wrong("the scalable target " + resource->text() +
                 " needs MinCapacity and MaxCapacity, whole numbers");
  out.resource = std::move(*resource);
  const Json& suspended = document["SuspendedState"];
  out.suspend_in = suspended["DynamicScalingInSuspended"].boolean();
  out.suspend_out = suspended["DynamicScalingOutSuspended"].boolean();
  out.suspend_scheduled = suspended["ScheduledScalingSuspended"].boolean();
  return out;
}

Result<scaling::PolicyInput> read_policy(const Json& document, const std::string& region) {
  const std::string what = named(document, "PolicyName", "scaling policy");
  if (const auto has = need(document, what, {"PolicyName", "ResourceId"}); !has) return has.error();
  auto resource = read_resource(document, what);
  if (!resource) return resource.error();
  scaling::PolicyInput out{std::move(*resource), document["PolicyName"].text(), std::nullopt};
  const Json& tracking = document["TargetTrackingScalingPolicyConfiguration"];
  const Json& step = document["StepScalingPolicyConfiguration"];
  if (tracking.is_object()) {
    auto rule = scaling::read_tracking_configuration(as_nlohmann(tracking), region);
    if (!rule) return wrong("the " + what + ": " + rule.error().message);
    if (const auto valid = rule->validate(); !valid)
      return wrong("the " + what + ": " + valid.error().message);
    out.rule = std::move(*rule);
  } else if (step.is_object()) {
    auto rule = scaling::read_step_configuration(as_nlohmann(step));
    if (!rule) return wrong("the " + what + ": " + rule.error().message);
    out.rule = std::move(*rule);
  } else {
    return wrong("the " + what +
                 " has neither TargetTrackingScalingPolicyConfiguration nor "
                 "StepScalingPolicyConfiguration");
  }
  return out;
}

Result<scaling::ActionInput> read_action(const Json& document) {
  const std::string what = named(document, "ScheduledActionName", "scheduled action");
  if (const auto has = need(document, what, {"ScheduledActionName", "ResourceId", "Schedule"});
      !has)
    return has.error();
  auto resource = read_resource(document, what);
  if (!resource) return resource.error();
  scaling::ActionInput out;
  out.resource = std::move(*resource);
  out.name = document["ScheduledActionName"].text();
  out.schedule = document["Schedule"].text();
  if (document.contains("Timezone")) out.time_zone = document["Timezone"].text();
  out.start = time_of(document["StartTime"]);
  out.end = time_of(document["EndTime"]);
  const Json& limits = document["ScalableTargetAction"];
  out.limits =
      scaling::ActionInput::Limits{integer(limits, "MinCapacity"), integer(limits, "MaxCapacity")};
  if (!out.limits->min && !out.limits->max)
    return wrong("the " + what + " has no MinCapacity and no MaxCapacity in ScalableTargetAction");
  return out;
}

}  // namespace kiln::survey
