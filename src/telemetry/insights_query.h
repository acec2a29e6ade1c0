// CloudWatch Metrics Insights: a query over the metrics of a namespace.
//
//   const auto query = InsightsQuery::parse(
//       R"(SELECT SUM(Errors) FROM SCHEMA("AWS/Lambda", FunctionName) WHERE FunctionName != 'a'
//          GROUP BY FunctionName ORDER BY MAX() DESC LIMIT 5)");
//   if (query->selects(metric)) …
//
// Keywords in any case; names are compared as they are. Values and pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "telemetry/metric.h"

namespace kiln::telemetry {

struct InsightsQuery {
  static constexpr size_t kMaxSeries = 500;      // in an answer; also the highest LIMIT
  static constexpr size_t kMaxMetrics = 10'000;  // that are looked at

  enum class Function { kAverage, kCount, kMaximum, kMinimum, kSum };
  struct Condition {
    std::string key;
    std::string value;
    bool equal = true;
  };
  struct Order {
    Function by = Function::kAverage;
    bool descending = false;
  };

  Function function = Function::kAverage;
  std::string metric;
  std::string metric_namespace;
  std::optional<std::vector<std::string>> schema;  // the exact dimension names, sorted
  std::vector<Condition> where;                    // all of them
  std::vector<std::string> group_by;
  std::optional<Order> order;
  std::optional<size_t> limit;

  // Whether an expression is a query at all: it begins with SELECT.
  static bool is_one(std::string_view text);
  // Error type ValidationError; says what is wrong and where, without naming the query.
  static Result<InsightsQuery> parse(std::string_view text);

  // A metric without a dimension is not equal to any value of it.
  bool selects(const MetricKey& key) const;
};

}  // namespace kiln::telemetry
