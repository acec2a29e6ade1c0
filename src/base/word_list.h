// Lists in one text, as tables of constraints and HTTP's headers have them: "STANDARD, EXPRESS".
#pragma once

#include <algorithm>
#include <string_view>

namespace kiln {

// Whether `word`, which is not empty, is one of those between which `separator` stands.
constexpr bool is_listed(std::string_view list, std::string_view separator, std::string_view word) {
  for (;;) {
    const size_t end = list.find(separator);
    if (list.substr(0, end) == word) return true;
    if (end == std::string_view::npos) return false;
    list.remove_prefix(end + separator.size());
  }
}

// Whether `is_it(part)` holds for a part of `list` between commas, blanks included; none are asked
// behind the first. A comma at the end begins no part.
template <class IsIt>
bool any_between_commas(std::string_view list, IsIt&& is_it) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    if (is_it(list.substr(0, comma))) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace kiln
