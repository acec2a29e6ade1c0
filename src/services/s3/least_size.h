// TransitionDefaultMinimumObjectSize of a lifecycle configuration, in its stored form: the second
// value is kept as a line before the configuration; the first is what there is without such a line.
#pragma once

#include <string>
#include <string_view>

namespace kiln::services {

inline constexpr std::string_view kAllClasses = "all_storage_classes_128K";
inline constexpr std::string_view kByClass = "varies_by_storage_class";

// Takes the line away, so that `document` is the configuration alone.
inline std::string_view take_least_size(std::string& document) {
  if (!document.starts_with(kByClass)) return kAllClasses;
  document.erase(0, kByClass.size() + 1);
  return kByClass;
}
inline void put_least_size(std::string& document, std::string_view size) {
  if (size == kByClass) document.insert(0, std::string(kByClass) + "\n");
}

}  // namespace kiln::services
