#include "telemetry/metric_unit.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace kiln::telemetry {

const std::vector<std::string_view>& metric_units() {
  static const std::vector<std::string_view> kUnits = {
      "Seconds",
      "Microseconds",
      "Milliseconds",
      "Bytes",
      "Kilobytes",
      "Megabytes",
      "Gigabytes",
      "Terabytes",
      "Bits",
      "Kilobits",
      "Megabits",
      "Gigabits",
      "Terabits",
      "Percent",
      "Count",
      "Bytes/Second",
      "Kilobytes/Second",
      "Megabytes/Second",
      "Gigabytes/Second",
      "Terabytes/Second",
      "Bits/Second",
      "Kilobits/Second",
      "Megabits/Second",
      "Gigabits/Second",
      "Terabits/Second",
      "Count/Second",
      "None",
  };
  return kUnits;
}

bool is_metric_unit(std::string_view name) {
  const auto& units = metric_units();
  return std::find(units.begin(), units.end(), name) != units.end();
}

int unit_rank(std::string_view unit) {
  using std::string_view_literals::operator""sv;
  static constexpr std::array kOrder = {
      "Megabits"sv,
      "Terabits"sv,
      "Gigabits"sv,
      "Count"sv,
      "Bytes"sv,
      "Gigabytes"sv,
      "Gigabytes/Second"sv,
      "Kilobytes"sv,
      "Kilobits/Second"sv,
      "Terabytes"sv,
      "Terabits/Second"sv,
      "Bytes/Second"sv,
      "Percent"sv,
      "Megabytes"sv,
      "Megabits/Second"sv,
      "Milliseconds"sv,
      "Microseconds"sv,
      "Kilobytes/Second"sv,
      "Gigabits/Second"sv,
      "Megabytes/Second"sv,
      "Bits"sv,
      "Bits/Second"sv,
      "Count/Second"sv,
      "Seconds"sv,
      "Kilobits"sv,
      "Terabytes/Second"sv,
      "None"sv,
  };
  return static_cast<int>(
      std::distance(kOrder.begin(), std::find(kOrder.begin(), kOrder.end(), unit)));
}

}  // namespace kiln::telemetry
