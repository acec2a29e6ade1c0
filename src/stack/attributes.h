// What Fn::GetAtt may ask of a resource.
#pragma once

#include <string_view>

#include "stack/resource_type.h"

namespace kiln::stack {

// One of the type's attributes, or of its properties, also a member of one: "TracingConfig.Mode".
bool has_attribute(const ResourceType& type, std::string_view attribute);

}  // namespace kiln::stack
