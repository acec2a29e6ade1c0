#include "cli/size_text.h"

#include <fmt/format.h>

#include <iterator>

namespace kiln::cli {

std::string size_text(int64_t bytes) {
  constexpr int64_t kStep = 1024;
  constexpr const char* kUnits[] = {"bytes", "KB", "MB", "GB", "TB"};
  if (bytes == 1) return "1 byte";
  if (bytes < kStep) return fmt::format("{} bytes", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= kStep && unit + 1 < std::size(kUnits)) {
    value /= kStep;
    ++unit;
  }
  std::string number = fmt::format("{:.1f}", value);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number + " " + kUnits[unit];
}

std::string count_text(size_t count, const std::string& noun) {
  std::string digits = std::to_string(count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace kiln::cli
