// Queries of GetMetricData and of alarms: metrics and expressions over them, referred to by Id.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "telemetry/metric.h"

namespace kiln::telemetry {

struct MetricQuery {
  std::string id;                         // [a-z][A-Za-z0-9_]*
  std::optional<MetricStat> metric_stat;  // or
  std::string expression;                 // metric math
  std::string label;                      // "" = CloudWatch's default
  bool return_data = true;
  int period_s = 0;  // of an expression; 0 = that of its metrics
};

struct QueryResult {
  std::string id;
  std::string label;
  Series series;
};

// Checks Ids (form, unique), that each query is a metric or an expression, that expressions parse,
// name only Ids that are there, have no cycle, and that what is returned is a series. Error type
// ValidationError, with the text of the API.
Result<void> check_queries(const std::vector<MetricQuery>& queries);

// The queries with return_data, in their order; an expression that gives several series gives
// several results with its Id. REQUIRES: check_queries said yes.
Result<std::vector<QueryResult>> run_queries(const std::vector<MetricQuery>& queries,
                                             int64_t start_s, int64_t end_s,
                                             const FetchSeries& fetch);

}  // namespace kiln::telemetry
