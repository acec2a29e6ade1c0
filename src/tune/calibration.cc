#include "tune/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace kiln::tune {
namespace {

constexpr double kMbPerCpu = 1769;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

double Fit::of(double measured_ms) const {
  return std::max(factor * measured_ms + constant_ms, 0.0);
}

Result<Fit> fit_to(const std::vector<SizeDuration>& here, const std::vector<SizeDuration>& there) {
  const auto wrong = [](std::string why) {
    return Error{ErrorKind::kInvalid, "Usage", std::move(why)};
  };
  std::map<int64_t, std::vector<double>> by_size;
  for (const SizeDuration& line : there) by_size[line.memory_mb].push_back(line.duration_ms);
  if (by_size.empty()) return wrong("there is no REPORT line to fit to");
  std::vector<double> x, y;
  for (const auto& [memory_mb, durations] : by_size) {
    const auto found =
        std::find_if(here.begin(), here.end(),
                     [size = memory_mb](const SizeDuration& s) { return s.memory_mb == size; });
    if (found == here.end() || found->duration_ms <= 0) {
      return wrong(
          fmt::format("there is a REPORT line of {} MB, but no good measurement of that size "
                      "here; add it to --sizes",
                      memory_mb));
    }
    x.push_back(found->duration_ms);
    y.push_back(median(durations));
  }
  const auto n = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  for (size_t i = 0; i < x.size(); ++i) {
    xx += (x[i] - mean_x) * (x[i] - mean_x);
    xy += (x[i] - mean_x) * (y[i] - mean_y);
  }
  // One size, or durations that don't differ by size: nothing to tell waiting from computing by.
  if (x.size() == 1 || std::sqrt(xx / n) < 0.01 * mean_x) return Fit{mean_y / mean_x, 0};
  const double factor = xy / xx;
  if (!(factor > 0)) {
    return wrong(
        "the REPORT lines take longer at the sizes that are faster here; are they of this "
        "function, with this payload?");
  }
  return Fit{factor, mean_y - factor * mean_x};
}

double cpus_of(int64_t memory_mb) { return static_cast<double>(memory_mb) / kMbPerCpu; }

std::string beyond(int64_t memory_mb, double cpus) {
  if (cpus <= 0 || cpus_of(memory_mb) <= cpus) return "";
  return fmt::format("{} MB have {:.1f} CPUs, this machine {:.0f}", memory_mb, cpus_of(memory_mb),
                     cpus);
}

}  // namespace kiln::tune
