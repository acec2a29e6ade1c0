#include "traffic/time_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <optional>

#include "base/duration_text.h"

namespace kiln::traffic {
namespace {

constexpr double kShortestMs = 1e-6;   // what 0 counts as where a logarithm is taken
constexpr double kP99 = 2.3263478740;  // of the normal distribution
constexpr double kP95 = 1.6448536270;
constexpr double kP90 = 1.2815515655;

std::optional<double> finite_number(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return {};
  return value;
}

// "12.5ms" as well as what base/duration_text reads.
std::optional<double> time_ms(std::string_view text) {
  if (text.ends_with("ms"))
    if (const auto ms = finite_number(text.substr(0, text.size() - 2)); ms && *ms >= 0) return ms;
  const auto duration = parse_duration(text);
  if (!duration) return {};
  return to_ms(*duration);
}

struct Option {
  std::string_view name;
  std::string_view value;
};

std::optional<double> sigma_of(const Option& option, double median_ms) {
  if (option.name == "sigma") {
    const auto sigma = finite_number(option.value);
    return sigma && *sigma >= 0 ? sigma : std::nullopt;
  }
  const double normal = option.name == "p99"   ? kP99
                        : option.name == "p95" ? kP95
                        : option.name == "p90" ? kP90
                                               : 0;
  const auto high_ms = time_ms(option.value);
  if (normal == 0 || !high_ms || *high_ms < median_ms || median_ms <= 0) return {};
  return std::log(*high_ms / median_ms) / normal;
}

}  // namespace

TimeModel TimeModel::fixed(double ms) {
  TimeModel model;
  model.scale_ = ms;
  return model;
}

TimeModel TimeModel::exponential(double mean_ms) {
  TimeModel model = fixed(mean_ms);
  model.kind_ = Kind::kExponential;
  return model;
}

TimeModel TimeModel::lognormal(double median_ms, double sigma) {
  TimeModel model = fixed(median_ms);
  model.kind_ = Kind::kLognormal;
  model.shape_ = sigma;
  return model;
}

TimeModel TimeModel::gamma(double mean_ms, double shape) {
  TimeModel model = fixed(mean_ms / shape);
  model.kind_ = Kind::kGamma;
  model.shape_ = shape;
  return model;
}

TimeModel TimeModel::samples(std::vector<float> ms) {
  KILN_REQUIRE(!ms.empty());
  TimeModel model = fixed(1);
  model.kind_ = Kind::kSamples;
  model.samples_ = std::make_shared<const std::vector<float>>(std::move(ms));
  return model;
}

TimeModel TimeModel::quantiles(std::vector<std::pair<double, double>> knots) {
  KILN_REQUIRE(!knots.empty());
  std::vector<Knot> kept;
  for (const auto& [share, ms] : knots)
    kept.push_back({share, std::log(std::max(ms, kShortestMs))});
  TimeModel model = fixed(1);
  model.kind_ = Kind::kQuantiles;
  model.knots_ = std::make_shared<const std::vector<Knot>>(std::move(kept));
  return model;
}

Result<TimeModel> TimeModel::parse(std::string_view text) {
  const Error wrong{ErrorKind::kInvalid, "Usage",
                    fmt::format("'{}' is not a time; write 120ms, exponential:120ms, "
                                "lognormal:120ms,p99=800ms (median; p90, p95, sigma=0.5 too) or "
                                "gamma:120ms,shape=2 (mean)",
                                text)};
  const size_t colon = text.find(':');
  if (colon == text.npos) {
    const auto ms = time_ms(text);
    return ms ? Result<TimeModel>(fixed(*ms)) : wrong;
  }
  const std::string_view kind = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 1);
  Option option;
  if (const size_t comma = rest.find(','); comma != rest.npos) {
    const std::string_view given = rest.substr(comma + 1);
    rest = rest.substr(0, comma);
    const size_t equals = given.find('=');
    if (equals == given.npos) return wrong;
    option = {given.substr(0, equals), given.substr(equals + 1)};
  }
  const auto ms = time_ms(rest);
  if (!ms) return wrong;
  if (kind == "fixed" && option.name.empty()) return fixed(*ms);
  if (kind == "exponential" && option.name.empty()) return exponential(*ms);
  if (kind == "lognormal")
    if (const auto sigma = sigma_of(option, *ms)) return lognormal(*ms, *sigma);
  if (kind == "gamma" && option.name == "shape")
    if (const auto shape = finite_number(option.value); shape && *shape > 0)
      return gamma(*ms, *shape);
  return wrong;
}

double TimeModel::draw_ms(Random& random) const {
  switch (kind_) {
    case Kind::kFixed:
      return scale_;
    case Kind::kExponential:
      return scale_ * random.exponential();
    case Kind::kLognormal:
      return scale_ * std::exp(shape_ * random.normal());
    case Kind::kGamma:
      return scale_ * random.gamma(shape_);
    case Kind::kSamples:
      return scale_ * static_cast<double>((*samples_)[random.below(samples_->size())]);
    case Kind::kQuantiles:
      break;
  }
  return scale_ * draw_quantile(random.unit());
}

double TimeModel::draw_quantile(double share) const {
  const auto& knots = *knots_;
  const auto above = std::upper_bound(knots.begin(), knots.end(), share,
                                      [](double s, const Knot& knot) { return s < knot.share; });
  if (above == knots.begin()) return std::exp(knots.front().log_ms);
  if (above == knots.end()) return std::exp(knots.back().log_ms);
  const Knot& below = *(above - 1);
  const double part = (share - below.share) / (above->share - below.share);
  return std::exp(below.log_ms + part * (above->log_ms - below.log_ms));
}

double TimeModel::mean_ms() const {
  switch (kind_) {
    case Kind::kFixed:
    case Kind::kExponential:
      return scale_;
    case Kind::kLognormal:
      return scale_ * std::exp(shape_ * shape_ / 2);
    case Kind::kGamma:
      return scale_ * shape_;
    case Kind::kSamples:
      return scale_ * std::accumulate(samples_->begin(), samples_->end(), 0.0) /
             static_cast<double>(samples_->size());
    case Kind::kQuantiles:
      break;
  }
  const auto& knots = *knots_;
  double mean = knots.front().share * std::exp(knots.front().log_ms) +
                (1 - knots.back().share) * std::exp(knots.back().log_ms);
  for (size_t i = 1; i < knots.size(); ++i) {
    // The integral of the exponential between two knots.
    const double low = std::exp(knots[i - 1].log_ms), high = std::exp(knots[i].log_ms);
    const double rise = knots[i].log_ms - knots[i - 1].log_ms;
    const double average = rise < 1e-9 ? low : (high - low) / rise;
    mean += (knots[i].share - knots[i - 1].share) * average;
  }
  return scale_ * mean;
}

TimeModel TimeModel::scaled(double factor) const {
  TimeModel model = *this;
  model.scale_ *= factor;
  return model;
}

std::string TimeModel::text() const {
  switch (kind_) {
    case Kind::kFixed:
      return fmt::format("{:g}ms", scale_);
    case Kind::kExponential:
      return fmt::format("exponential:{:g}ms", scale_);
    case Kind::kLognormal:
      return fmt::format("lognormal:{:g}ms,sigma={:.3g}", scale_, shape_);
    case Kind::kGamma:
      return fmt::format("gamma:{:g}ms,shape={:.3g}", mean_ms(), shape_);
    case Kind::kSamples: {
      const auto [least, most] = std::minmax_element(samples_->begin(), samples_->end());
      return fmt::format("{} samples, {:.4g}–{:.4g} ms", samples_->size(),
                         scale_ * static_cast<double>(*least), scale_ * static_cast<double>(*most));
    }
    case Kind::kQuantiles:
      break;
  }
  return fmt::format("quantiles, {:.4g}–{:.4g} ms", scale_ * std::exp(knots_->front().log_ms),
                     scale_ * std::exp(knots_->back().log_ms));
}

}  // namespace kiln::traffic
