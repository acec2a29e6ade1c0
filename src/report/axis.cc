#include "report/axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/markup.h"

namespace kiln::report {
namespace {

// 1, 2 or 5 times a power of ten, so that `count` steps cover `span`.
double round_step(double span, int count) {
  const double rough = span / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= rough * 0.999) return power * factor;
  }
  return power * 10;
}

constexpr double kMinute = 60, kHour = 3600, kDay = 86400;
constexpr std::array<double, 17> kTimeSteps = {
    1,        5,         10,        30,         kMinute, 5 * kMinute, 10 * kMinute, 30 * kMinute,
    kHour,    2 * kHour, 6 * kHour, 12 * kHour, kDay,    2 * kDay,    7 * kDay,     30 * kDay,
    90 * kDay};

std::string time_label(double seconds) {
  if (seconds == 0) return "0";
  const auto whole = [&](double unit) { return std::fmod(seconds, unit) == 0; };
  if (whole(kDay)) return number(seconds / kDay) + " d";
  if (whole(kHour)) return number(seconds / kHour) + " h";
  if (whole(kMinute)) return number(seconds / kMinute) + " min";
  return number(seconds) + " s";
}

double time_step(double span, int count) {
  for (const double step : kTimeSteps) {
    if (span / step <= count) return step;
  }
  return round_step(span / kDay, count) * kDay;
}

std::vector<Tick> log_ticks(Range range, int count) {
  std::vector<Tick> found;
  const double first = std::floor(std::log10(range.low)), last = std::log10(range.high);
  const bool many = last - first > count;  // then powers of ten alone
  for (double power = first; power <= last;
       power += std::max(1.0, std::ceil((last - first) / 12))) {
    for (const double factor : {1.0, 2.0, 5.0}) {
      if (many && factor != 1) continue;
      const double at = factor * std::pow(10, power);
      if (at >= range.low * 0.999 && at <= range.high * 1.001) found.push_back({at, number(at)});
    }
  }
  return found;
}

// The nearest 1, 2 or 5 times a power of ten that is not above (below) `value`.
double round_down(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {5.0, 2.0}) {
    if (factor * power <= value * 1.0001) return factor * power;
  }
  return power;
}
double round_up(double value) {
  const double below = round_down(value);
  if (below >= value * 0.9999) return below;
  const double power = std::pow(10, std::floor(std::log10(below) + 1e-9));
  const double factor = below / power;
  return power * (factor < 1.5 ? 2 : factor < 3 ? 5 : 10);
}

}  // namespace

Range widened(Range values, Scale scale, From from) {
  if (!std::isfinite(values.low) || !std::isfinite(values.high)) values = {0, 1};
  if (scale == Scale::kLog) {
    if (values.high <= 0) return {1, 10};
    if (values.low <= 0) values.low = values.high / 1000;
    if (values.low == values.high) return {values.low / 2, values.high * 2};
    return from == From::kZero ? Range{round_down(values.low), round_up(values.high)} : values;
  }
  if (from == From::kZero) values = {std::min(values.low, 0.0), std::max(values.high, 0.0)};
  if (values.low == values.high)
    values.high = values.low + (values.low == 0 ? 1 : std::abs(values.low));
  return values;
}

double place(double value, Range range, Scale scale) {
  if (scale == Scale::kLog) {
    const double low = std::log(range.low);
    return (std::log(std::max(value, range.low)) - low) / (std::log(range.high) - low);
  }
  return (value - range.low) / (range.high - range.low);
}

std::vector<Tick> ticks(const Axis& axis, Range range, int count) {
  std::vector<Tick> found;
  if (!axis.ticks.empty()) {
    std::copy_if(axis.ticks.begin(), axis.ticks.end(), std::back_inserter(found),
                 [&](const Tick& t) { return t.at >= range.low && t.at <= range.high; });
    return found;
  }
  if (axis.scale == Scale::kLog) return log_ticks(range, count);
  const double span = range.high - range.low;
  const double step = axis.scale == Scale::kTime ? time_step(span, count) : round_step(span, count);
  const double first = std::ceil(range.low / step - 1e-9);
  for (double i = first; i * step <= range.high + step * 1e-9 && found.size() < 100; ++i) {
    const double at = i * step;
    found.push_back({at, axis.scale == Scale::kTime ? time_label(at) : number(at)});
  }
  return found;
}

}  // namespace kiln::report
