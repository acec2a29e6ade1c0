// The types of IAM: roles, policies in them, managed policies.
#pragma once

#include <span>

#include "stack/resource_type.h"

namespace kiln::stack {

std::span<const ResourceType* const> iam_types();

}  // namespace kiln::stack
