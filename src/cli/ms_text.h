// Milliseconds in the tables and pages of `kiln load` and `kiln tune`. Pure.
#pragma once

#include <fmt/format.h>

#include <string>

namespace kiln::cli {

// "1.25", "12.5": two digits after the point below 10, one above.
inline std::string ms(double value) { return fmt::format("{:.{}f}", value, value < 10 ? 2 : 1); }

}  // namespace kiln::cli
