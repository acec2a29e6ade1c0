// How tables and sentences fit into a terminal that is narrower: texts are broken within their
// columns, numbers never. Pure functions; thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

// How a column's texts may be broken. One that hangs stands whole in a line of its own where its
// column is too narrow for it.
enum class Breaks { kNever, kAtBlanks, kAnywhere, kHangs };

// `widths` with the widest of those that may be broken made narrower, until all of them with `gap`
// blanks between fit into `columns`: sentences alone where they stay kLeastReadable wide, so that
// names and times stay whole, else these and what hangs, else any text down to kLeastBroken. The
// same widths when that is not enough, or not needed.
inline constexpr size_t kLeastReadable = 20;
inline constexpr size_t kLeastBroken = 10;
std::vector<size_t> fitted_widths(const std::vector<size_t>& widths,
                                  const std::vector<Breaks>& breaks, size_t gap, size_t columns);

// The lines of a cell of `width` characters, one at least: broken at blanks, else behind one of
// "-:/.,", else anywhere. Put together they are the text again, but for the blanks where it broke.
std::vector<std::string> broken_cell(std::string_view text, size_t width);

// Each line that is wider than `columns` broken at blanks. What follows begins in its column
// `hanging`, or below its first word. Words, numbers with their units, and commands in back quotes
// stay whole; colors take no place.
std::string fitted_lines(std::string_view text, size_t columns, size_t hanging = 0);
inline constexpr size_t kBelowKiln = 6;  // hanging, after "kiln: "

}  // namespace kiln::cli
