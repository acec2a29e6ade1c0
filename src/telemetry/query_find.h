// The series that a request doesn't name: what SEARCH and Metrics Insights' SELECT find among the
// metrics that there are. Pure but for the sources.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "telemetry/insights_query.h"
#include "telemetry/metric.h"
#include "telemetry/query_run.h"

namespace kiln::telemetry {

struct FoundSeries {
  MetricStat source;  // of a group: the dimensions by which is grouped
  Series series;      // its label tells it apart from the others
};

// One series for each metric that is found, at most kMaxMathSeries, also without points.
// REQUIRES: SearchExpression::parse(text) and Statistic::parse(stat) say yes.
std::vector<FoundSeries> search_series(const std::string& text, const std::string& stat,
                                       int period_s, int64_t start_s, int64_t end_s,
                                       const QuerySources& sources);

// Without GROUP BY exactly one series; else one for each group that has points, in the query's
// order.
std::vector<FoundSeries> select_series(const InsightsQuery& query, int period_s, int64_t start_s,
                                       int64_t end_s, const QuerySources& sources);

}  // namespace kiln::telemetry
