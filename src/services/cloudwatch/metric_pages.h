// Where the pages of metrics and of their points end. A token names the last thing that was shown,
// so that the next page goes on behind it, whatever came or went meanwhile. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "telemetry/metric.h"

namespace kiln::services {

// ListMetrics, in the order of keys.
std::string metric_token(const telemetry::MetricKey& shown);
// The metric of `region` that a token names; nullopt: from the start.
Result<std::optional<telemetry::MetricKey>> read_metric_token(const std::string& token,
                                                              const std::string& region);

// GetMetricData: a point of one of the results.
struct PointPlace {
  uint64_t result = 0;
  int64_t time_s = 0;
};
std::string point_token(const PointPlace& shown);
Result<std::optional<PointPlace>> read_point_token(const std::string& token);

}  // namespace kiln::services
