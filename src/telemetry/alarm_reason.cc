#include "telemetry/alarm_reason.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/json_access.h"
#include "base/time_format.h"

namespace kiln::telemetry {
namespace {

using nlohmann::ordered_json;

// Points listed in a reason; from this many on they move to a sentence of their own.
constexpr size_t kListed = 5;
constexpr size_t kMaxReasonData = 4000;

std::string format_seconds(int64_t time_s) {
  return format_lambda_time(WallTime(std::chrono::seconds(time_s)));
}

std::string counted(int count, const char* noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

const char* was(size_t count) { return count == 1 ? "was" : "were"; }

const char* relation(Comparison comparison) {
  switch (comparison) {
    case Comparison::kGreaterThanOrEqual:
      return "greater than or equal to";
    case Comparison::kGreaterThan:
      return "greater than";
    case Comparison::kLessThan:
      return "less than";
    case Comparison::kLessThanOrEqual:
      break;
  }
  return "less than or equal to";
}

// The newest first: "21.5 (19/09/25 20:38:00), …".
std::string list_points(const AlarmWindow& window, const std::vector<size_t>& positions) {
  std::string text;
  size_t listed = 0;
  for (auto at = positions.rbegin(); at != positions.rend() && listed < kListed; ++at, ++listed) {
    if (listed > 0) text += ", ";
    text += fmt::format("{} ({:%d/%m/%y %H:%M:%S})", decimal_text(window.points[*at].value_or(0)),
                        fmt::gmtime(static_cast<std::time_t>(window.times[*at])));
  }
  return text;
}

// How many points the alarm's treatment of missing data has filled in.
int filled_points(const AlarmConfig& config, const Decision& decision) {
  const bool fills =
      config.missing == MissingData::kBreaching || config.missing == MissingData::kNotBreaching;
  return fills ? config.evaluation_periods - static_cast<int>(decision.decisive.size()) : 0;
}

std::string minimum_clause(const AlarmConfig& config, AlarmState state) {
  if (!config.datapoints_to_alarm) return "";
  const bool alarm = state == AlarmState::kAlarm;
  const int minimum = alarm ? *config.datapoints_to_alarm
                            : config.evaluation_periods - *config.datapoints_to_alarm + 1;
  return fmt::format(" (minimum {} for {} transition)", counted(minimum, "datapoint"),
                     alarm ? "OK -> ALARM" : "ALARM -> OK");
}

// What goes into evaluatedDatapoints: the points that decided and, when those are fewer than the
// evaluation periods, the newest periods without data. The newest first.
std::vector<size_t> evaluated_positions(const AlarmConfig& config, const AlarmWindow& window,
                                        const Decision& decision) {
  std::vector<size_t> positions = decision.decisive;
  for (size_t i = window.points.size();
       i-- > 0 && positions.size() < static_cast<size_t>(config.evaluation_periods);) {
    if (!window.points[i]) positions.push_back(i);
  }
  std::sort(positions.rbegin(), positions.rend());
  return positions;
}

}  // namespace

std::string decimal_text(double value) {
  const double size = std::abs(value);
  if (!std::isfinite(value)) return value > 0 ? "Infinity" : value < 0 ? "-Infinity" : "NaN";
  if (size == 0 || (size >= 1e-3 && size < 1e7)) {
    std::string text = fmt::format("{}", value);
    if (text.find('e') != text.npos) text = fmt::format("{:f}", value);
    return text.find('.') == text.npos ? text + ".0" : text;
  }
  // The shortest digits, 1.5e+07, in Java's form: 1.5E7.
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string text(buffer, end);
  std::string digits = text.substr(0, text.find('e'));
  if (digits.find('.') == digits.npos) digits += ".0";
  return digits + "E" + std::to_string(std::stoi(text.substr(text.find('e') + 1)));
}

std::string alarm_reason(const AlarmConfig& config, const AlarmWindow& window,
                         const Decision& decision) {
  const int periods = config.evaluation_periods;
  if (decision.state == AlarmState::kInsufficientData)
    return fmt::format("Insufficient Data: {} {} unknown.", counted(periods, "datapoint"),
                       was(static_cast<size_t>(periods)));
  const bool alarm = decision.state == AlarmState::kAlarm;
  std::vector<size_t> crossing;
  for (const size_t at : decision.decisive)
    if (breaches(*window.points[at], config.comparison, config.threshold) == alarm)
      crossing.push_back(at);

  const int filled = filled_points(config, decision);
  const std::string treated =
      filled <= 0
          ? ""
          : fmt::format(" and {} missing datapoint{} {} treated as [{}]", filled,
                        filled == 1 ? "" : "s", was(static_cast<size_t>(filled)),
                        config.missing == MissingData::kBreaching ? "Breaching" : "NonBreaching");
  if (filled > 0 && (crossing.empty() || !config.datapoints_to_alarm)) {
    const int received = static_cast<int>(decision.decisive.size());
    return fmt::format("Threshold Crossed: {} {} received for {}{}.",
                       received == 0 ? "no datapoints" : counted(received, "datapoint"),
                       was(static_cast<size_t>(received)), counted(periods, "period"), treated);
  }
  const std::string subject =
      config.datapoints_to_alarm
          ? fmt::format("{} out of the last {} datapoints", crossing.size(), periods)
          : counted(static_cast<int>(crossing.size()), "datapoint");
  const std::string verb =
      fmt::format("{} {}{} the threshold ({}){}", was(crossing.size()), alarm ? "" : "not ",
                  relation(config.comparison), decimal_text(config.threshold), treated);
  const std::string points = list_points(window, crossing);
  const std::string minimum = minimum_clause(config, decision.state);
  if (crossing.size() < kListed)
    return fmt::format("Threshold Crossed: {} [{}] {}{}.", subject, points, verb, minimum);
  return fmt::format("Threshold Crossed: {} {}. The most recent datapoints{}: [{}]{}.", subject,
                     verb, alarm ? " which crossed the threshold" : "", points, minimum);
}

std::string alarm_reason_data(const AlarmConfig& config, const AlarmWindow& window,
                              const Decision& decision, WallTime now) {
  const std::vector<size_t> evaluated = evaluated_positions(config, window, decision);
  for (size_t limit = std::max<size_t>(evaluated.size(), 1);; limit /= 2) {
    ordered_json data{{"version", "1.0"}, {"queryDate", format_lambda_time(now)}};
    if (!decision.decisive.empty())
      data["startDate"] = format_seconds(window.times[decision.decisive.front()]);
    if (config.metric) {
      if (!config.metric->unit.empty()) data["unit"] = config.metric->unit;
      data["statistic"] = config.metric->stat;
    }
    data["period"] = config.period_s();
    ordered_json recent = ordered_json::array();
    const size_t skipped = decision.decisive.size() - std::min(decision.decisive.size(), limit);
    for (size_t i = skipped; i < decision.decisive.size(); ++i)
      recent.push_back(*window.points[decision.decisive[i]]);
    data["recentDatapoints"] = std::move(recent);
    data["threshold"] = config.threshold;
    ordered_json points = ordered_json::array();
    for (size_t i = 0; i < std::min(evaluated.size(), limit); ++i) {
      const size_t at = evaluated[i];
      ordered_json point{{"timestamp", format_seconds(window.times[at])}};
      if (window.points[at]) {
        if (at < window.sample_counts.size() && window.sample_counts[at] > 0)
          point["sampleCount"] = window.sample_counts[at];
        point["value"] = *window.points[at];
      }
      points.push_back(std::move(point));
    }
    data["evaluatedDatapoints"] = std::move(points);
    std::string text = json_dump(data);
    if (text.size() <= kMaxReasonData || limit <= 1) return text;
  }
}

}  // namespace kiln::telemetry
