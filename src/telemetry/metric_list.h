// How the metrics that there are, are told. Values only.
#pragma once

#include <cstdint>
#include <functional>

#include "telemetry/metric.h"

namespace kiln::telemetry {

// A metric is listed, and found by searches, for so long after its last data.
inline constexpr int64_t kSecondsListed = 14 * 86'400;

// Visits the metrics of all Regions that had data in that time, in order.
using ListMetrics = std::function<void(const std::function<void(const MetricKey&)>& visit)>;

}  // namespace kiln::telemetry
