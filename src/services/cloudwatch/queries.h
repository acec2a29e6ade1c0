// Metrics and queries as CloudWatch's documents give them, read and checked, for alarms and for
// GetMetricData alike. Pure. What a period may be is the callers' to say.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/metric_query.h"

namespace kiln::services {

// What the API takes as Unit.
const std::vector<std::string_view>& metric_units();
// Whether there are no bytes above 127, which names of metrics don't have.
bool is_ascii(std::string_view text);
// The member Dimensions: [{"Name": …, "Value": …}], at most 30, in order of names.
Result<telemetry::Dimensions> read_dimensions(const nlohmann::json& input);
// A MetricDataQuery.
Result<telemetry::MetricQuery> read_metric_query(const nlohmann::json& input,
                                                 const std::string& region);
inline Error invalid_combination(std::string message) {
  return {ErrorKind::kInvalid, "InvalidParameterCombinationException", std::move(message)};
}
Error unsupported_statistic(const std::string& value, const char* parameter);

}  // namespace kiln::services
