// Where values come to lie on an axis, and where its ticks are. Pure.
#pragma once

#include <vector>

#include "report/page.h"

namespace kiln::report {

struct Range {
  double low = 0, high = 1;
};

// A range that ticks can divide: not empty, finite, above 0 where the scale asks for it. From zero,
// a linear one begins there unless values lie below, and a logarithmic one has round ends.
enum class From { kZero, kLeast };
Range widened(Range values, Scale scale, From from);

// 0 … 1 within the range.
double place(double value, Range range, Scale scale);

// About `count` round values within the range, or those of the axis that lie in it.
std::vector<Tick> ticks(const Axis& axis, Range range, int count);

}  // namespace kiln::report
