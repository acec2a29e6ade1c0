#include "telemetry/statistic.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace kiln::telemetry {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Error unknown(std::string_view text) {
  return {ErrorKind::kInvalid, "InvalidParameterValueException",
          "The value " + std::string(text.substr(0, 64)) +
              " for parameter Stat is not supported. Use SampleCount, Sum, Average, Minimum, "
              "Maximum, pNN.NN, tmNN, TM(a:b), wmNN, WM(a:b), tcNN, TC(a:b), tsNN, TS(a:b), "
              "PR(a:b) or IQM."};
}

}  // namespace

Result<Statistic> Statistic::parse(std::string_view text) {
  struct Plain {
    std::string_view name;
    Kind kind;
  };
  constexpr std::array kPlain = {
      Plain{"SampleCount", Kind::kSampleCount}, Plain{"Sum", Kind::kSum},
      Plain{"Average", Kind::kAverage},         Plain{"Minimum", Kind::kMinimum},
      Plain{"Maximum", Kind::kMaximum},
  };
  Statistic out;
  for (const Plain& plain : kPlain) {
    if (plain.name != text) continue;
    out.kind_ = plain.kind;
    return out;
  }
  if (text == "IQM") {
    out.kind_ = Kind::kTrimmedMean;
    out.low_ = 25;
    out.high_ = 75;
    return out;
  }
  // p99.9, tm99, wm98, tc90, ts90: everything up to that percentile.
  constexpr std::array kShort = {Plain{"tm", Kind::kTrimmedMean},
                                 Plain{"wm", Kind::kWinsorizedMean},
                                 Plain{"tc", Kind::kTrimmedCount}, Plain{"ts", Kind::kTrimmedSum},
                                 Plain{"p", Kind::kPercentile}};
  for (const Plain& shape : kShort) {
    if (!text.starts_with(shape.name)) continue;
    const auto percent = number(text.substr(shape.name.size()));
    if (!percent || *percent < 0 || *percent > 100) continue;
    out.kind_ = shape.kind;
    out.high_ = *percent;
    return out;
  }
  // TM(10%:90%), PR(100:2000): percentiles with %, values without; either side may be left open.
  constexpr std::array kLong = {Plain{"TM(", Kind::kTrimmedMean},
                                Plain{"WM(", Kind::kWinsorizedMean},
                                Plain{"TC(", Kind::kTrimmedCount}, Plain{"TS(", Kind::kTrimmedSum},
                                Plain{"PR(", Kind::kPercentileRank}};
  for (const Plain& shape : kLong) {
    if (!text.starts_with(shape.name) || !text.ends_with(')')) continue;
    std::string_view range = text.substr(shape.name.size());
    range.remove_suffix(1);
    const size_t colon = range.find(':');
    if (colon == std::string_view::npos) break;
    std::string_view low = range.substr(0, colon), high = range.substr(colon + 1);
    if (low.empty() && high.empty()) break;
    const bool percent = low.ends_with('%') || high.ends_with('%');
    if (percent && shape.kind == Kind::kPercentileRank) break;
    if (percent &&
        ((!low.empty() && !low.ends_with('%')) || (!high.empty() && !high.ends_with('%'))))
      break;
    if (percent && !low.empty()) low.remove_suffix(1);
    if (percent && !high.empty()) high.remove_suffix(1);
    const auto low_number = low.empty() ? std::optional(percent ? 0.0 : -kInfinity) : number(low);
    const auto high_number =
        high.empty() ? std::optional(percent ? 100.0 : kInfinity) : number(high);
    if (!low_number || !high_number || *low_number > *high_number) break;
    if (percent && (*low_number < 0 || *high_number > 100)) break;
    out.kind_ = shape.kind;
    out.bounds_ = percent ? Bounds::kPercent : Bounds::kValue;
    out.low_ = *low_number;
    out.high_ = *high_number;
    return out;
  }
  return unknown(text);
}

// The value below which `percent` of all lie: within its bucket by proportion.
double Statistic::value_at(const Distribution& d, double percent) const {
  if (percent <= 0) return d.min;
  if (percent >= 100) return d.max;
  double total = 0;
  for (const auto& bucket : d.histogram.buckets()) total += static_cast<double>(bucket.weight);
  const double wanted = total * percent / 100;
  double seen = 0;
  for (const auto& bucket : d.histogram.buckets()) {
    const auto weight = static_cast<double>(bucket.weight);
    if (seen + weight >= wanted) {
      const double low = std::max(Histogram::lower_bound(bucket.index), d.min);
      const double high = std::min(Histogram::upper_bound(bucket.index), d.max);
      return std::clamp(low + (high - low) * (wanted - seen) / weight, d.min, d.max);
    }
    seen += weight;
  }
  return d.max;
}

std::optional<double> Statistic::of(const Distribution& d) const {
  if (d.count <= 0) return std::nullopt;
  switch (kind_) {
    case Kind::kSampleCount:
      return d.count;
    case Kind::kSum:
      return d.sum;
    case Kind::kAverage:
      return d.sum / d.count;
    case Kind::kMinimum:
      return d.min;
    case Kind::kMaximum:
      return d.max;
    default:
      break;
  }
  if (d.histogram.empty() || d.histogram.has_negative()) return std::nullopt;
  if (kind_ == Kind::kPercentile) return value_at(d, high_);

  const bool by_percent = bounds_ == Bounds::kPercent;
  const double low = by_percent ? value_at(d, low_) : low_;
  const double high = by_percent ? value_at(d, high_) : high_;
  double inside = 0, inside_sum = 0, below = 0, above = 0, total = 0;
  for (const auto& bucket : d.histogram.buckets()) {
    const auto weight = static_cast<double>(bucket.weight);
    const double middle = std::clamp(
        (Histogram::lower_bound(bucket.index) + Histogram::upper_bound(bucket.index)) / 2, d.min,
        d.max);
    total += weight;
    if (middle < low) {
      below += weight;
    } else if (middle > high) {
      above += weight;
    } else {
      inside += weight;
      inside_sum += weight * middle;
    }
  }
  switch (kind_) {
    case Kind::kTrimmedMean:
      return inside > 0 ? std::optional(inside_sum / inside) : std::nullopt;
    case Kind::kWinsorizedMean:
      return (inside_sum + below * std::max(low, d.min) + above * std::min(high, d.max)) / total;
    case Kind::kTrimmedCount:
      return inside;
    case Kind::kTrimmedSum:
      return inside_sum;
    default:
      return inside / total * 100;
  }
}

}  // namespace kiln::telemetry
