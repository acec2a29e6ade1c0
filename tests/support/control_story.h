// A story of metrics and an alarm, minute by minute, that the engine's rules and a simulation must
// tell alike.
#pragma once

#include <string>
#include <vector>

#include "telemetry/alarm.h"

namespace kiln {

// errors / invocations * 100 of the function `f`, each minute; above 5 is too much.
inline telemetry::AlarmConfig error_rate_alarm(const std::string& region) {
  const auto metric = [&](const char* id, const char* name) {
    telemetry::MetricQuery query;
    query.id = id;
    query.metric_stat =
        telemetry::MetricStat{{region, "AWS/Lambda", name, {{"FunctionName", "f"}}}, 60, "Sum", ""};
    query.return_data = false;
    return query;
  };
  telemetry::MetricQuery rate;
  rate.id = "rate";
  rate.expression = "errors / invocations * 100";
  telemetry::AlarmConfig config;
  config.region = region;
  config.name = "errors";
  config.metrics = {metric("errors", "Errors"), metric("invocations", "Invocations"), rate};
  config.threshold = 5;
  return config;
}

struct ErrorMinute {
  int good = 0, bad = 0;
  telemetry::AlarmState state;  // at its end
  bool told = false;            // the state is another one
};
inline const std::vector<ErrorMinute> kErrorStory = {
    {100, 0, telemetry::AlarmState::kOk, true},   {95, 5, telemetry::AlarmState::kOk, false},
    {94, 6, telemetry::AlarmState::kAlarm, true}, {0, 10, telemetry::AlarmState::kAlarm, false},
    {0, 0, telemetry::AlarmState::kAlarm, false},  // no data: the last points are looked at again
    {100, 0, telemetry::AlarmState::kOk, true}};

}  // namespace kiln
