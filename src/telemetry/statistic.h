// A statistic by the name that CloudWatch gives it: Sum, Average, p99, tm90, TM(10%:90%), PR(:100).
//
//   const auto p99 = Statistic::parse("p99");
//   const std::optional<double> value = p99->of(distribution);
//
// Pure.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "telemetry/distribution.h"

namespace kiln::telemetry {

class Statistic {
 public:
  // Error type InvalidParameterValueException, naming the text.
  static Result<Statistic> parse(std::string_view text);

  // nullopt: no values, or a percentile of values that have none (some were negative).
  std::optional<double> of(const Distribution& distribution) const;
  // Sum, Average, Minimum, Maximum or SampleCount.
  bool is_simple() const { return kind_ < Kind::kPercentile; }

 private:
  enum class Kind {
    kSampleCount,
    kSum,
    kAverage,
    kMinimum,
    kMaximum,
    kPercentile,
    kTrimmedMean,
    kWinsorizedMean,
    kTrimmedCount,
    kTrimmedSum,
    kPercentileRank,
  };
  // Bounds are percentiles (in [0, 100]) or values.
  enum class Bounds { kPercent, kValue };

  double value_at(const Distribution& distribution, double percent) const;

  Kind kind_ = Kind::kSum;
  Bounds bounds_ = Bounds::kPercent;
  double low_ = 0;
  double high_ = 100;
};

}  // namespace kiln::telemetry
