// CloudWatch's embedded metric format: a log event that is a JSON object and says in its member
// "_aws" which of its members are metrics.
//
//   {"_aws": {"Timestamp": 1574109732004, "CloudWatchMetrics": [{"Namespace": "shop",
//     "Dimensions": [["service"]], "Metrics": [{"Name": "time", "Unit": "Milliseconds"}]}]},
//    "service": "orders", "time": [12, 15.5]}
//
// What CloudWatch would not take is skipped: all of a document that is none, a directive that is
// malformed, a dimension set or a metric that names a member that is missing or of another kind.
// Pure; takes what comes. A look at the first bytes tells lines of other kinds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/function_metrics.h"
#include "telemetry/metric.h"

namespace kiln::telemetry {

struct EmbeddedMetric {
  std::string metric_namespace;
  std::string name;
  Dimensions dimensions;
  std::string unit;
  int resolution_s = 60;     // or 1
  int64_t timestamp_ms = 0;  // within what CloudWatch takes: two weeks ago to in two hours
  std::vector<double> values;
};

// For the metric store. `shift_ms`: from the time of who wrote the event to the metrics' own clock.
MetricPoint point_of(EmbeddedMetric&& metric, const std::string& region, int64_t shift_ms);

std::vector<EmbeddedMetric> embedded_metrics(std::string_view event, int64_t now_ms);

}  // namespace kiln::telemetry
