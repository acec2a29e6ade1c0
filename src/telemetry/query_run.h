// Queries as GetMetricData runs them: with labels, and what it says beside the points. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "telemetry/math_value.h"
#include "telemetry/metric_list.h"
#include "telemetry/metric_query.h"

namespace kiln::telemetry {

// What an answer says beside its results, since something was left out.
enum class QueryNote {
  kSearchedTooMany,  // SEARCH found more series than it gives
  kTimeTooLong,      // SELECT was asked for older data than it reads
  kTooManySeries,    // SELECT found more series than it gives
  kMatchedTooMany,   // SELECT matched more metrics than it looks at
};

struct QuerySources {
  FetchSeries fetch;
  std::string account;  // for labels, as the time
  int64_t now_s = 0;
  // What SEARCH and SELECT look through: these metrics, of this Region ("" = all).
  ListMetrics list = {};
  std::string region = {};
  int64_t insights_s = 14 * 86'400;  // how old the data may be that SELECT reads
  std::function<void(QueryNote)> note = {};
};

struct DetailedResult {
  QueryResult result;
  const MetricStat* metric = nullptr;  // of the query, where it is one
  bool dropped = false;                // points that were no numbers, as after a division by zero
};

// As run_queries(), also for queries of Metrics Insights, of which there may be one. `metric`
// points into `queries`.
Result<std::vector<DetailedResult>> run_detailed(const std::vector<MetricQuery>& queries,
                                                 int64_t start_s, int64_t end_s,
                                                 const QuerySources& sources);

// The checks of check_queries(); whether the first query with return_data gives one series or a
// list.
Result<MathType> returned_type(const std::vector<MetricQuery>& queries);

}  // namespace kiln::telemetry
