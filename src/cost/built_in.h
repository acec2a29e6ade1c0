// The price files of prices/, compiled in: CMakeLists.txt writes the source.
#pragma once

#include <span>
#include <string_view>

namespace kiln::cost {

struct BuiltIn {
  std::string_view region, text;
};
std::span<const BuiltIn> built_in_files();

}  // namespace kiln::cost
