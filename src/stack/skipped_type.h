// What stands in a stack for a resource of a type that stacks can't hold, where the deployment was
// told to leave such out: nothing is made, and what refers to it gets a text that says so.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "stack/resource_type.h"

namespace kiln::stack {

const ResourceType& skipped_type();
bool is_skipped(const ResourceType& type);
// What GetAtt gives of it: an ARN-shaped text where an ARN is asked for.
nlohmann::json skipped_attribute(const std::string& logical_id, const std::string& attribute);

}  // namespace kiln::stack
