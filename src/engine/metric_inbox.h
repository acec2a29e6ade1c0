// Metric values on their way to the metric store from wherever they are counted. Values of the same
// metric and time are merged while they wait. Safe from any thread; event() costs a look at the
// first bytes of what is no such event.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "engine/function_metrics.h"
#include "telemetry/embedded_metrics.h"

namespace kiln::engine {

class MetricInbox {
 public:
  void add(MetricPoint&& point) {
    const MutexLock lock(mutex_);
    waiting_[{std::move(point.key), std::move(point.unit), point.time_s}].merge(point.values);
  }
  // Adds the metrics that a log event holds in CloudWatch's embedded format. Who printed it knows
  // the machine's time alone: `metric_now_ms` is what the metrics' clock shows now.
  void event(const std::string& region, std::string_view text, int64_t now_ms,
             int64_t metric_now_ms) {
    for (auto& metric : telemetry::embedded_metrics(text, now_ms))
      add(telemetry::point_of(std::move(metric), region, metric_now_ms - now_ms));
  }
  void collect(std::vector<MetricPoint>& out) {
    decltype(waiting_) taken;
    {
      const MutexLock lock(mutex_);
      taken.swap(waiting_);
    }
    for (auto& [where, values] : taken)
      out.push_back(
          {std::get<0>(where), std::get<1>(where), std::get<2>(where), std::move(values)});
  }

 private:
  Mutex mutex_;
  std::map<std::tuple<telemetry::MetricKey, std::string, int64_t>, telemetry::Distribution> waiting_
      KILN_GUARDED_BY(mutex_);
};

}  // namespace kiln::engine
