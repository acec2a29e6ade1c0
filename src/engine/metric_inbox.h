// Metric values on their way to the metric store from wherever they are counted. Values of the same
// metric and time are merged while they wait. Safe from any thread.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/function_metrics.h"

namespace kiln::engine {

class MetricInbox {
 public:
  void add(MetricPoint&& point) {
    const std::lock_guard lock(mutex_);
    waiting_[{std::move(point.key), std::move(point.unit), point.time_s}].merge(point.values);
  }
  void collect(std::vector<MetricPoint>& out) {
    decltype(waiting_) taken;
    {
      const std::lock_guard lock(mutex_);
      taken.swap(waiting_);
    }
    for (auto& [where, values] : taken)
      out.push_back(
          {std::get<0>(where), std::get<1>(where), std::get<2>(where), std::move(values)});
  }

 private:
  std::mutex mutex_;
  std::map<std::tuple<telemetry::MetricKey, std::string, int64_t>, telemetry::Distribution>
      waiting_;
};

}  // namespace kiln::engine
