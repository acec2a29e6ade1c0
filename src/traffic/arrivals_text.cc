// Traffic as people type it.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>

#include "base/duration_text.h"
#include "traffic/arrivals.h"

namespace kiln::traffic {
namespace {

constexpr Nanos kCurveStep = 5 * kMinute;
constexpr int64_t kStepsPerDay = 24 * 12;
constexpr double kMostPerSecond = 1e7;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || value < 0)
    return {};
  return value;
}

Error wrong(std::string_view text) {
  if (number(text))
    return {ErrorKind::kInvalid, "Usage",
            fmt::format("'{0}' is not traffic; a rate has a unit: {0}/s or {0}/m", text)};
  const size_t slash = text.find('/');
  const bool has_unit = slash != text.npos && slash + 2 == text.size() &&
                        std::string_view("smhd").find(text.back()) != std::string_view::npos;
  if (has_unit && number(text.substr(0, slash)))
    return {ErrorKind::kInvalid, "Usage",
            fmt::format("'{}' is too much; {:.0f}/s is the most", text, kMostPerSecond)};
  return {ErrorKind::kInvalid, "Usage",
          fmt::format("'{}' is not traffic; write 50/s, 3000/m, 'mmpp:10/s for 5m,200/s for 30s', "
                      "daily:5/s..50/s@14:00 (,weekend=0.3), hourly: and 24 rates, 'bursts:200 "
                      "every 10m within 1s on 5/s', or the name of a trace file",
                      text)};
}

// Requests per second.
std::optional<double> rate(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == text.npos) return {};
  const auto value = number(text.substr(0, slash));
  const std::string_view unit = text.substr(slash + 1);
  const double seconds = unit == "s"   ? 1
                         : unit == "m" ? 60
                         : unit == "h" ? 3600
                         : unit == "d" ? 86'400
                                       : 0;
  if (!value || seconds == 0 || *value / seconds > kMostPerSecond) return {};
  return *value / seconds;
}

std::optional<Nanos> time(std::string_view text) {
  const auto duration = parse_duration(text);
  if (!duration) return {};
  return duration->count();
}

// "14:00" as nanoseconds since midnight.
std::optional<Nanos> time_of_day(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == text.npos || text.size() - colon != 3) return {};
  const auto hours = number(text.substr(0, colon)), minutes = number(text.substr(colon + 1));
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return {};
  return static_cast<Nanos>(*hours * 60 + *minutes) * kMinute;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> parts;
  for (size_t at = text.find(separator); at != text.npos; at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  parts.push_back(text);
  return parts;
}

std::optional<Traffic> mmpp(std::string_view text) {
  Mmpp out;
  for (const std::string_view part : split(text, ",")) {
    const auto words = split(part, " for ");
    if (words.size() != 2) return {};
    const auto per_second = rate(words[0]);
    const auto stay = time(words[1]);
    if (!per_second || !stay || *stay <= 0) return {};
    out.states.push_back({*per_second, static_cast<double>(*stay) / kSecond});
  }
  return Traffic(std::move(out));
}

// A week in steps of five minutes. On two of its days, a part of the others' traffic.
Traffic week(const std::vector<double>& day, double weekend) {
  RateCurve curve;
  curve.step = kCurveStep;
  for (int d = 0; d < 7; ++d)
    for (const double per_second : day)
      curve.per_second.push_back(per_second * (d < 5 ? 1 : weekend));
  return Traffic(std::move(curve));
}

std::optional<double> weekend_of(std::string_view& text) {
  const size_t at = text.find(",weekend=");
  if (at == text.npos) return 1;
  const auto factor = number(text.substr(at + 9));
  text = text.substr(0, at);
  return factor;
}

std::optional<Traffic> daily(std::string_view text) {
  const auto weekend = weekend_of(text);
  const auto at = split(text, "@");
  const auto ends = split(at[0], "..");
  if (!weekend || at.size() != 2 || ends.size() != 2) return {};
  const auto low = rate(ends[0]), high = rate(ends[1]);
  const auto peak = time_of_day(at[1]);
  if (!low || !high || !peak) return {};
  std::vector<double> day;
  for (int64_t i = 0; i < kStepsPerDay; ++i) {
    const double middle = static_cast<double>(i * kCurveStep + kCurveStep / 2 - *peak);
    const double wave = (1 + std::cos(2 * std::numbers::pi * middle / (86'400.0 * kSecond))) / 2;
    day.push_back(*low + (*high - *low) * wave);
  }
  return week(day, *weekend);
}

std::optional<Traffic> hourly(std::string_view text) {
  const auto weekend = weekend_of(text);
  const auto rates = split(text, ",");
  if (!weekend || rates.size() != 24) return {};
  std::vector<double> day;
  for (const std::string_view each : rates) {
    const auto per_second = rate(each);
    if (!per_second) return {};
    day.insert(day.end(), 12, *per_second);
  }
  return week(day, *weekend);
}

std::optional<Traffic> bursts(std::string_view text) {
  Bursts out;
  if (const size_t on = text.find(" on "); on != text.npos) {
    const auto base = rate(text.substr(on + 4));
    if (!base) return {};
    out.base_per_second = *base;
    text = text.substr(0, on);
  }
  if (const size_t within = text.find(" within "); within != text.npos) {
    const auto length = time(text.substr(within + 8));
    if (!length) return {};
    out.within = *length;
    text = text.substr(0, within);
  }
  const auto words = split(text, " every ");
  if (words.size() != 2) return {};
  const auto size = number(words[0]);
  const auto every = time(words[1]);
  if (!size || *size > 1e9 || *size != std::floor(*size) || !every || *every <= 0 ||
      out.within > *every)
    return {};
  out.size = static_cast<int64_t>(*size);
  out.every = *every;
  return Traffic(out);
}

}  // namespace

Result<Traffic> Traffic::parse(std::string_view text) {
  if (const auto per_second = rate(text)) return poisson(*per_second);
  const size_t colon = text.find(':');
  if (colon == text.npos) return wrong(text);
  const std::string_view kind = text.substr(0, colon), rest = text.substr(colon + 1);
  std::optional<Traffic> traffic;
  if (kind == "poisson") {
    if (const auto per_second = rate(rest)) traffic = poisson(*per_second);
  } else if (kind == "mmpp") {
    traffic = mmpp(rest);
  } else if (kind == "daily") {
    traffic = daily(rest);
  } else if (kind == "hourly") {
    traffic = hourly(rest);
  } else if (kind == "bursts") {
    traffic = bursts(rest);
  }
  if (!traffic) return wrong(text);
  return *traffic;
}

}  // namespace kiln::traffic
