// Lists in one text, as tables of constraints have them: "STANDARD, EXPRESS".
#pragma once

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

}  // namespace kiln
