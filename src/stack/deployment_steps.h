// What the ways up and down of a deployment share.
#pragma once

#include <string>
#include <vector>

#include "stack/resource_type.h"
#include "stack/stack.h"

namespace kiln::stack {

inline constexpr int kAtOnce = 8;  // resources

// What a resource needs that may refer to what it did, or to what it shall.
std::vector<std::string> either(const std::vector<std::string>& a,
                                const std::vector<std::string>& b);
// How CloudFormation writes what a service said.
std::string reason_of(const StackResource& resource, const Error& error);
// The type of a resource that is in a stack; what was skipped has one, too.
const ResourceType& type_of(const StackResource& resource);

}  // namespace kiln::stack
