// How long something takes: a service time or an Init phase, as a distribution to draw from.
//
//   const auto model = TimeModel::parse("lognormal:120ms,p99=800ms");
//   model->draw_ms(random);
//
// Values; not thread-safe; drawing allocates nothing. Copies share the samples of a measured one.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "traffic/random.h"

namespace kiln::traffic {

class TimeModel {
 public:
  // Always 0.
  TimeModel() = default;

  // REQUIRES: times are not negative and finite, `sigma` is not negative, `shape` is positive.
  static TimeModel fixed(double ms);
  static TimeModel exponential(double mean_ms);
  // exp of a normal distribution: half of the values are below `median_ms`.
  static TimeModel lognormal(double median_ms, double sigma);
  static TimeModel gamma(double mean_ms, double shape);
  // One of the samples, each as likely as the others. REQUIRES: not empty
  static TimeModel samples(std::vector<float> ms);
  // Between measured quantiles, `first` in [0, 1] and rising, `second` in ms and not falling: the
  // logarithm is interpolated. REQUIRES: not empty
  static TimeModel quantiles(std::vector<std::pair<double, double>> knots);

  // "120ms", "exponential:120ms", "lognormal:120ms,p99=800ms" (median; or sigma=0.5),
  // "gamma:120ms,shape=2" (mean). Error (kInvalid, Usage): names the text and the forms.
  static Result<TimeModel> parse(std::string_view text);

  double draw_ms(Random& random) const;
  double mean_ms() const;
  // All times longer by this factor, as with another memory size. REQUIRES: not negative
  TimeModel scaled(double factor) const;
  // "lognormal:120ms,sigma=0.82", "5,000 samples, 12.4–310 ms": for people.
  std::string text() const;

 private:
  enum class Kind { kFixed, kExponential, kLognormal, kGamma, kSamples, kQuantiles };
  struct Knot {
    double share;  // of the values below
    double log_ms;
  };
  double draw_quantile(double share) const;

  Kind kind_ = Kind::kFixed;
  double scale_ = 0;  // ms: the value, mean, median, scale of the gamma; factor of what is measured
  double shape_ = 0;  // sigma, or the gamma's shape
  std::shared_ptr<const std::vector<float>> samples_;
  std::shared_ptr<const std::vector<Knot>> knots_;
};

}  // namespace kiln::traffic
