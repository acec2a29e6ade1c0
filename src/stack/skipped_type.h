// What stands in a stack for a resource that was left out, where the deployment was told to leave
// out what stacks can't hold: nothing is made, and what refers to it gets a text that says so.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "stack/resource_type.h"

namespace kiln::stack {

const ResourceType& skipped_type();
bool is_skipped(const ResourceType& type);
// Whether the attributes are those of a resource that was left out.
bool says_skipped(const nlohmann::json& attributes);
// What Ref (attribute "") and GetAtt of it give while properties are evaluated.
nlohmann::json skipped_value(const std::string& logical_id, const std::string& attribute);
// The value with plain texts in the place of those: an ARN-shaped one where an ARN is asked for.
void write_out_skipped(nlohmann::json& value);
// The names of what was left out that a value refers to: "Queue.Arn, Table".
std::string skipped_names(const nlohmann::json& value);

}  // namespace kiln::stack
