// The counters of a function that runs here (telemetry/function_metrics.h), by their short names.
#pragma once

#include "telemetry/function_metrics.h"

namespace kiln::engine {

using telemetry::FunctionMetrics;
using telemetry::MetricPoint;

}  // namespace kiln::engine
