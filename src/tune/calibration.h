// Fits durations of this machine to those of AWS's.
//
// REPORT lines of the same function on AWS say how long it takes there at one size or more. With
// one size, every duration is multiplied by the same factor. With several, the line through them is
// taken that fits best: a factor for the part that follows the CPU, and a constant for waiting.
//
//   Result<Fit> fit = fit_to({{512, 80.0}, {1024, 44.0}}, {{512, 60.1}, {1024, 33.0}});
//   const double on_aws = fit->of(measured_ms);
//
// Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace kiln::tune {

struct SizeDuration {
  int64_t memory_mb = 0;
  double duration_ms = 0;
};

struct Fit {
  double factor = 1, constant_ms = 0;
  double of(double measured_ms) const;  // never below 0
};

// `here`: medians of this machine by size; `there`: one for each REPORT line. Error (kInvalid): no
// line, a size that was not measured here, or durations that no machine's CPU explains.
Result<Fit> fit_to(const std::vector<SizeDuration>& here, const std::vector<SizeDuration>& there);

// One CPU is 1,769 MB.
double cpus_of(int64_t memory_mb);
// Why a machine with so many CPUs can't show this size, or "".
std::string beyond(int64_t memory_mb, double cpus);

}  // namespace kiln::tune
