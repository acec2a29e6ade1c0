// Alarms as JSON: in the member names of CloudWatch's API, and as they are kept. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "telemetry/alarm_record.h"

namespace kiln::telemetry {

// "Sum", "Average", "Minimum", "Maximum", "SampleCount"; any other is an ExtendedStatistic.
bool is_simple_statistic(const std::string& stat);

// [{"Name": …, "Value": …}]
nlohmann::json dimensions_document(const Dimensions& dimensions);
// The members of MetricAlarm that PutMetricAlarm sets; of a composite alarm, those of
// CompositeAlarm.
nlohmann::json config_document(const Alarm& alarm);

// The whole alarm, to be read back by parse_alarm.
std::string alarm_text(const Alarm& alarm);
// Error: the text is not one of alarm_text.
Result<Alarm> parse_alarm(const std::string& region, const std::string& text);

}  // namespace kiln::telemetry
