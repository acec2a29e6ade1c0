// Charts as SVG, and as the table of their values that stands below each. Pure.
#pragma once

#include <string>

#include "report/page.h"

namespace kiln::report {

// `id` is unique on the page: the picture's title and description refer to it.
std::string svg(const Chart& chart, const std::string& id);

// Whether there are more points than the picture shows: then it has their averages, in a band from
// the least to the greatest.
bool is_averaged(const Chart& chart);

// A colour swatch and the name of each series; "" for a single one.
std::string legend(const Chart& chart);

// The values by x, at most some 200 rows, spread over all.
Table values(const Chart& chart);

}  // namespace kiln::report
