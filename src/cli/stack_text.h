// What deployments print: the plan as a diff, events as they come, outputs.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/console.h"

namespace kiln::cli {

// Of DescribeChangeSet's Changes, with their property values; one paragraph per resource.
std::string plan_text(const Console& console, const nlohmann::json& changes);
// "2 to create, 1 to update, 1 to replace, 0 to delete; 3 left out"
std::string plan_summary(const nlohmann::json& changes);
// The functions that get another runtime than they had, by it: "A, B".
std::map<std::string, std::string> functions_by_runtime(const nlohmann::json& changes);
std::string event_text(const Console& console, const nlohmann::json& event);
// Name = value, one a line; "" when there are none.
// `resources`: of ListStackResources, so that it doesn't give the address of one that was left out.
std::string outputs_text(const Console& console, const nlohmann::json& stack,
                         const std::vector<nlohmann::json>& resources);
// Whether a stack has this resource of ListStackResources in name only.
bool is_left_out(const nlohmann::json& resource);
// {"Name": "value"}
nlohmann::json outputs_document(const nlohmann::json& stack);

}  // namespace kiln::cli
