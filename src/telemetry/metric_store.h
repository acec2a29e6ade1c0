// All metrics of the engine: recorded by minute (or second), read with any statistic and period.
//
//   MetricStore store(archive);
//   store.record(key, "Count", 1735689600, Distribution::of(1));
//   Series sums = store.read({key, 60, "Sum", ""}, start_s, end_s);
//
// The newest minutes are in memory; what is older is in the archive, where flush() puts it. Pure
// but for the archive; not thread-safe; time comes in as an argument.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/distribution.h"
#include "telemetry/metric.h"

namespace kiln::telemetry {

// What keeps the points for longer. Series are known by number.
class MetricArchive {
 public:
  struct Point {
    int64_t series = 0;
    int64_t time_s = 0;
    Distribution values;
  };
  virtual ~MetricArchive() = default;
  // Before anything else: drops what an earlier run whose clock was ahead of this one's left in its
  // future, and series without points.
  virtual void resume(int64_t now_s) = 0;
  // Replaces points with the same series and time. `now_s` is the clock's time.
  // Whether they are kept; if not, they come again.
  virtual bool write(const std::vector<Point>& points, int64_t now_s) = 0;
  virtual void read(int64_t series, int64_t start_s, int64_t end_s,
                    const std::function<void(Point&&)>& visit) = 0;
  virtual int64_t add_series(const MetricKey& key, const std::string& unit) = 0;
  // Folds points into longer periods as they age, and drops the oldest.
  virtual void compact(int64_t now_s) = 0;
  struct SeriesInfo {
    int64_t series;
    MetricKey key;
    std::string unit;
    int64_t last_s;
  };
  virtual std::vector<SeriesInfo> load_series() = 0;
};

// Periods that are kept, and for how long: CloudWatch's tiers.
inline constexpr int64_t kSecondsOfSubMinute = 3 * 3600;
inline constexpr int64_t kSecondsOfMinutes = 15 * 86'400;
inline constexpr int64_t kSecondsOfFiveMinutes = 63 * 86'400;
inline constexpr int64_t kSecondsOfHours = 455 * 86'400;

class MetricStore {
 public:
  // `archive` outlives the store; its series are known from the start.
  explicit MetricStore(MetricArchive& archive);

  // Adds to the point that starts at `time_s`.
  void record(const MetricKey& key, std::string_view unit, int64_t time_s,
              const Distribution& values);

  // Where periods begin: at multiples of their length since the epoch, as the API reads, or at
  // start_s, as alarms do, whose windows slide by a minute.
  enum class Align { kEpoch, kStart };
  // The values of each period that has any, of one unit: the named one, or by unit_rank().
  std::map<int64_t, Distribution> read_values(const MetricKey& key, const std::string& unit,
                                              int period_s, int64_t start_s, int64_t end_s,
                                              Align align = Align::kEpoch) const;
  // nullopt statistics give no point. An unknown statistic gives none at all.
  Series read(const MetricStat& metric, int64_t start_s, int64_t end_s,
              Align align = Align::kEpoch) const;
  // The unit of a metric's series, one of them when there are several; "" when unknown.
  std::string unit_of(const MetricKey& key) const;

  // Calls `visit` with each metric that had data since `since_s`, in order.
  void list(int64_t since_s, const std::function<void(const MetricKey&)>& visit) const;

  // Writes what changed of these metrics, so that a kill doesn't lose it.
  void save(const std::vector<const MetricKey*>& keys, int64_t now_s);
  // Writes what changed, and forgets points that are older than the memory's window.
  void flush(int64_t now_s);

 private:
  struct Data {
    int64_t series = 0;
    std::map<int64_t, Distribution> points;  // in memory: the truth for those times
    std::set<int64_t> changed;
    int64_t last_s = 0;
  };
  void write_changed(const std::vector<Data*>& changed, int64_t now_s);

  MetricArchive& archive_;
  std::map<MetricKey, std::map<std::string, Data, std::less<>>> metrics_;  // key → unit → data
  std::set<Data*> dirty_;
  int64_t first_flush_s_ = std::numeric_limits<int64_t>::max();
  // Archived points before this may lack in memory.
  int64_t floor_s_ = std::numeric_limits<int64_t>::max();
};

}  // namespace kiln::telemetry
