// Which shape a property of a template has, by name alone: no two properties of the types that
// stacks can hold share a name and differ, but for those that are left out here. Pure; thread-safe.
#pragma once

#include <string_view>

namespace kiln::stack {

enum class Shape {
  kAny,  // not known, or of several shapes
  kText,
  kObject,
  kTexts,    // a list of texts
  kObjects,  // a list of objects
};

Shape shape_of(std::string_view property);

}  // namespace kiln::stack
