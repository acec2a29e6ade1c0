// Metric math: what is accepted has a value of the type that was promised, whose points are finite;
// a refusal says why.
#include <cmath>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/check.h"
#include "telemetry/metric_math.h"

namespace {

using namespace kiln::telemetry;

constexpr int64_t kStart = 1'735'689'600;

Series series_of(int period_s, const std::vector<double>& values) {
  Series series;
  series.period_s = period_s;
  int64_t time = kStart;
  for (const double value : values) series.points[time += period_s] = value;
  return series;
}

void check_points(const Series& series) {
  for (const auto& [time, value] : series.points) KILN_CHECK(std::isfinite(value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const MathNames names = {{"m1", {}}, {"m2", {}}};
  static const MathScope scope = {
      kStart,
      kStart + 600,
      60,
      {"m1", "m2"},
      {{"m1", series_of(60, {1, 0, -2.5})}, {"m2", series_of(120, {1e300, 3})}}};
  const auto refuse = [](const kiln::Error& error) {
    KILN_CHECK(error.type == "ValidationError");
    KILN_CHECK(!error.message.empty());
    return 0;
  };
  const auto tree = parse_math({reinterpret_cast<const char*>(data), size});
  if (!tree) return refuse(tree.error());
  const auto type = check_math(*tree, names);
  if (!type) return refuse(type.error());
  const auto value = evaluate_math(*tree, scope);
  if (!value) return refuse(value.error());
  KILN_CHECK(type_of(*value) == *type);
  if (const auto* series = std::get_if<Series>(&*value)) check_points(*series);
  if (const auto* list = std::get_if<std::vector<Series>>(&*value)) {
    for (const Series& series : *list) check_points(series);
  }
  return 0;
}
