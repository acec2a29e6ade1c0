// Metric points in SQLite (metrics.db), by CloudWatch's tiers: periods below a minute for 3 hours,
// minutes for 15 days, five minutes for 63 days, hours for 455 days. Not thread-safe: the control
// thread owns it. What the disk does not take is lost, and said once on stderr.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "telemetry/metric_store.h"

namespace kiln::store {

class MetricArchive final : public telemetry::MetricArchive {
 public:
  static Result<std::unique_ptr<MetricArchive>> open(const std::string& path);

  void resume(int64_t now_s) override;
  bool write(const std::vector<Point>& points, int64_t now_s) override;
  void read(int64_t series, int64_t start_s, int64_t end_s,
            const std::function<void(Point&&)>& visit) override;
  int64_t add_series(const telemetry::MetricKey& key, const std::string& unit) override;
  void compact(int64_t now_s) override;
  std::vector<SeriesInfo> load_series() override;

 private:
  explicit MetricArchive(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  Result<void> fold(int64_t before_s, int64_t period_s);
  void report(const Result<void>& result);

  std::unique_ptr<Database> database_;
  bool complained_ = false;
};

}  // namespace kiln::store
