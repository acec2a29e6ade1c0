// Log events that functions print: what is taken for metrics is what CloudWatch would take.
#include <cmath>
#include <cstdint>

#include "base/check.h"
#include "telemetry/embedded_metrics.h"
#include "telemetry/metric_unit.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr int64_t kNow = 1'574'109'732'004;
  const std::string_view event(reinterpret_cast<const char*>(data), size);
  for (const auto& metric : kiln::telemetry::embedded_metrics(event, kNow)) {
    KILN_CHECK(!metric.metric_namespace.empty() && !metric.metric_namespace.starts_with("AWS/"));
    KILN_CHECK(!metric.name.empty() && !metric.values.empty() && metric.values.size() <= 100);
    KILN_CHECK(metric.dimensions.size() <= 30);
    KILN_CHECK(metric.resolution_s == 1 || metric.resolution_s == 60);
    KILN_CHECK(kiln::telemetry::is_metric_unit(metric.unit));
    KILN_CHECK(std::abs(metric.timestamp_ms - kNow) <= 14LL * 86'400'000);
    for (const double value : metric.values) KILN_CHECK(std::isfinite(value));
  }
  return 0;
}
