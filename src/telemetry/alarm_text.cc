#include "base/arn.h"
#include "telemetry/alarm.h"

namespace kiln::telemetry {

std::string_view to_text(AlarmState state) {
  switch (state) {
    case AlarmState::kOk:
      return "OK";
    case AlarmState::kAlarm:
      return "ALARM";
    case AlarmState::kInsufficientData:
      break;
  }
  return "INSUFFICIENT_DATA";
}

std::string_view to_text(Comparison comparison) {
  switch (comparison) {
    case Comparison::kGreaterThanOrEqual:
      return "GreaterThanOrEqualToThreshold";
    case Comparison::kGreaterThan:
      return "GreaterThanThreshold";
    case Comparison::kLessThan:
      return "LessThanThreshold";
    case Comparison::kLessThanOrEqual:
      break;
  }
  return "LessThanOrEqualToThreshold";
}

std::string_view to_text(MissingData missing) {
  switch (missing) {
    case MissingData::kMissing:
      return "missing";
    case MissingData::kIgnore:
      return "ignore";
    case MissingData::kBreaching:
      return "breaching";
    case MissingData::kNotBreaching:
      break;
  }
  return "notBreaching";
}

std::optional<AlarmState> parse_alarm_state(std::string_view text) {
  for (const auto state : {AlarmState::kOk, AlarmState::kAlarm, AlarmState::kInsufficientData})
    if (to_text(state) == text) return state;
  return std::nullopt;
}

std::optional<Comparison> parse_comparison(std::string_view text) {
  for (const auto comparison : {Comparison::kGreaterThanOrEqual, Comparison::kGreaterThan,
                                Comparison::kLessThan, Comparison::kLessThanOrEqual})
    if (to_text(comparison) == text) return comparison;
  return std::nullopt;
}

std::optional<MissingData> parse_missing_data(std::string_view text) {
  for (const auto missing : {MissingData::kMissing, MissingData::kIgnore, MissingData::kBreaching,
                             MissingData::kNotBreaching})
    if (to_text(missing) == text) return missing;
  return std::nullopt;
}

std::string alarm_arn(const std::string& region, const std::string& account,
                      const std::string& name) {
  return arn_start("cloudwatch", region) + account + ":alarm:" + name;
}

const std::vector<std::string>& AlarmActions::of(AlarmState state) const {
  switch (state) {
    case AlarmState::kOk:
      return ok;
    case AlarmState::kAlarm:
      return alarm;
    case AlarmState::kInsufficientData:
      break;
  }
  return insufficient_data;
}

int AlarmConfig::period_s() const {
  if (metric) return metric->period_s;
  for (const MetricQuery& query : metrics) {
    if (query.metric_stat) return query.metric_stat->period_s;
    if (query.period_s > 0) return query.period_s;
  }
  return 60;
}

}  // namespace kiln::telemetry
