#include "stack/attributes.h"

#include <algorithm>

namespace kiln::stack {

bool has_attribute(const ResourceType& type, std::string_view attribute) {
  const auto known = type.attributes();
  if (std::find(known.begin(), known.end(), attribute) != known.end()) return true;
  if (type.may_have(attribute)) return true;
  const std::string_view property = attribute.substr(0, attribute.find('.'));
  const auto properties = type.properties();
  return std::any_of(properties.begin(), properties.end(),
                     [&](const Property& each) { return each.name == property; });
}

}  // namespace kiln::stack
