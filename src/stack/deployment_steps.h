// What the ways up and down of a deployment share.
#pragma once

#include <string>

#include "stack/resource_type.h"
#include "stack/stack.h"

namespace kiln::stack {

inline constexpr int kAtOnce = 8;  // resources

// How CloudFormation writes what a service said.
std::string reason_of(const StackResource& resource, const Error& error);
// The type of a resource that is in a stack; what was skipped has one, too.
const ResourceType& type_of(const StackResource& resource);

}  // namespace kiln::stack
