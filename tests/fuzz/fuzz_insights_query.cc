// Queries of Metrics Insights: what is accepted keeps the limits and can look at metrics; a refusal
// says why.
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "telemetry/insights_query.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln::telemetry;
  static const MetricKey metric{"us-east-1", "AWS/Lambda", "Errors", {{"FunctionName", "orders"}}};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool is_one = InsightsQuery::is_one(text);
  const auto query = InsightsQuery::parse(text);
  if (!query) {
    KILN_CHECK(query.error().type == "ValidationError");
    KILN_CHECK(!query.error().message.empty());
    return 0;
  }
  KILN_CHECK(is_one);
  KILN_CHECK(!query->metric.empty() && !query->metric_namespace.empty());
  for (const std::string& key : query->group_by) KILN_CHECK(!key.empty());
  if (query->limit) KILN_CHECK(*query->limit >= 1 && *query->limit <= InsightsQuery::kMaxSeries);
  (void)query->selects(metric);
  return 0;
}
