// Metrics: numbers for CloudWatch, written as lines in its embedded metric format (EMF).
//
//   kiln::Metrics metrics("Shop");
//   metrics.dimension("function_name", "orders");
//   metrics.property("request_id", context.request_id);  // for searching logs; no dimension
//   metrics.add("order_amount", 12.5);
//   metrics.add("duration", 31.7, kiln::Unit::kMilliseconds);
//   metrics.flush();  // also done by the destructor
//
//   {"_aws":{"Timestamp":…,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["function_name"]],
//   "Metrics":[{"Name":"order_amount","Unit":"None"},…]}]},"function_name":"orders",…,"order_amount":12.5}
//
// A metric that is added again keeps all its values. CloudWatch takes 100 metrics a line and 100
// values a metric: what is beyond goes to further lines with the same dimensions and properties. It
// takes 30 dimensions; one more throws. Numbers that are not finite throw: a line with one would be
// dropped as a whole. All refusals are std::invalid_argument, and leave the object as it was.
//
// Threading: one thread at a time. Ownership: copies all it is given. Cost: one string per line and
// one write(2). It sends nothing itself: what reads the log makes metrics of the lines.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "kiln/log.h"

namespace kiln {

enum class Unit {
  kNone,
  kSeconds,
  kMicroseconds,
  kMilliseconds,
  kBytes,
  kKilobytes,
  kMegabytes,
  kGigabytes,
  kTerabytes,
  kBits,
  kKilobits,
  kMegabits,
  kGigabits,
  kTerabits,
  kPercent,
  kCount,
  kBytesPerSecond,
  kKilobytesPerSecond,
  kMegabytesPerSecond,
  kGigabytesPerSecond,
  kTerabytesPerSecond,
  kBitsPerSecond,
  kKilobitsPerSecond,
  kMegabitsPerSecond,
  kGigabitsPerSecond,
  kTerabitsPerSecond,
  kCountPerSecond
};

std::string_view unit_name(Unit unit);  // as CloudWatch has it: "Kilobytes/Second"

class Metrics {
 public:
  static constexpr size_t kMaxMetricsPerLine = 100;
  static constexpr size_t kMaxValuesPerMetric = 100;
  static constexpr size_t kMaxDimensions = 30;
  static constexpr size_t kMaxNameLength = 1024;  // also of the namespace and of dimension values

  explicit Metrics(std::string_view name_space);
  ~Metrics();  // flushes
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Names are shared: one name is either a dimension, a property or a metric. Dimensions and
  // properties that are set again change their value.
  void dimension(std::string_view name, std::string_view value);
  void property(std::string_view name, log::Value value);
  // A metric keeps the unit it was first added with; another one throws.
  void add(std::string_view name, double value, Unit unit = Unit::kNone);

  // The lines that flush() would write, each with its line break. Empty without metrics.
  std::vector<std::string> lines(std::chrono::system_clock::time_point now) const;
  // Writes the lines to standard output and forgets the metrics; dimensions and properties stay.
  void flush();

 private:
  struct Text {
    std::string name;
    std::string json;  // the value, as JSON
  };
  struct Metric {
    std::string name;
    Unit unit;
    std::vector<double> values;
  };
  struct Slice;  // some values of a metric: what goes into one line
  enum class Role { kDimension, kProperty, kMetric };

  void require_free(std::string_view name, Role role) const;
  std::string line(const std::vector<Slice>& slices, int64_t epoch_ms) const;

  const std::string namespace_;
  std::vector<Text> dimensions_;
  std::vector<Text> properties_;
  std::vector<Metric> metrics_;
};

}  // namespace kiln
