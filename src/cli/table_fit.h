// How tables and sentences fit into a terminal that is narrower: texts are broken within their
// columns, numbers never. Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

// `widths` with the widest of those that may be broken made narrower, until all of them with `gap`
// blanks between fit into `columns`; no column falls below kLeastBroken. The same widths when that
// is not enough, or not needed.
inline constexpr size_t kLeastBroken = 10;
std::vector<size_t> fitted_widths(std::vector<size_t> widths, const std::vector<bool>& breakable,
                                  size_t gap, size_t columns);

// The lines of a cell of `width` characters, one at least: broken at blanks, else behind one of
// "-:/.,", else anywhere. Put together they are the text again, but for the blanks where it broke.
std::vector<std::string> broken_cell(std::string_view text, size_t width);

// Each line that is wider than `columns` broken at blanks. What follows begins in its column
// `hanging`, or below its first word. Words, and lines with colors, stay whole.
std::string fitted_lines(std::string_view text, size_t columns, size_t hanging = 0);

}  // namespace kiln::cli
