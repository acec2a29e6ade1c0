// The documents of PutMetricAlarm and PutCompositeAlarm, read and checked. Pure. Errors have
// CloudWatch's type names and, where they are known, its texts.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/alarm_record.h"

namespace kiln::services {

inline constexpr size_t kMaxAlarmTags = 50, kMaxTagKey = 128;
inline constexpr size_t kMaxAlarmNames = 100;  // in a request
inline constexpr size_t kMaxAlarmName = 255;
extern const std::vector<std::string_view> kAlarmStatistics;  // but for the extended ones

Result<telemetry::AlarmConfig> read_metric_alarm(const nlohmann::json& input,
                                                 const std::string& region);

struct CompositeAlarmInput {
  telemetry::AlarmConfig config;
  telemetry::CompositeRule rule;
  std::optional<telemetry::ActionsSuppressor> suppressor;
};
Result<CompositeAlarmInput> read_composite_alarm(const nlohmann::json& input,
                                                 const std::string& region);

// The member Tags: [{"Key": …, "Value": …}], at most 50.
Result<telemetry::Tags> read_alarm_tags(const nlohmann::json& input);

}  // namespace kiln::services
