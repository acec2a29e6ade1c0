#include "lint/alarm_metric.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.h"
#include "telemetry/math_parser.h"

namespace kiln::lint {

std::optional<size_t> function_of(const Model& model, const Alarm& alarm, const MetricUse& metric) {
  const auto name = metric.dimensions.find("FunctionName");
  if (name == metric.dimensions.end() || !name->second.is_known()) return std::nullopt;
  return model.find_function(alarm.origin.stack, *name->second.value());
}

bool is_of_metric_size(const MetricUse& metric) {
  const std::optional<std::string> statistic = metric.statistic.value();
  if (!statistic) return false;
  const std::string& text = *statistic;
  if (text == "Average" || text == "Maximum" || text == "Minimum" || text == "IQM") return true;
  const auto percentile = [&](std::string_view prefix) {
    return text.starts_with(prefix) && text.size() > prefix.size() &&
           ascii::is_digit(text[prefix.size()]);
  };
  return percentile("p") || percentile("tm") || percentile("wm") || text.starts_with("TM(") ||
         text.starts_with("WM(");
}

bool fills_gaps(const Alarm& alarm) {
  return std::any_of(alarm.math.begin(), alarm.math.end(), [](const MathUse& math) {
    const Result<telemetry::MathNode> tree = telemetry::parse_math(math.expression);
    return tree && telemetry::calls(*tree, "FILL");
  });
}

std::string number_text(double value) { return fmt::format("{}", value); }

}  // namespace kiln::lint
