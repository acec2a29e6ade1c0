// What the requests of Lambda's operations may say; see services/driver/known_members.h.
#pragma once

#include <span>

#include "services/driver/known_members.h"

namespace kiln::services {

std::span<const OperationMembers> lambda_members();
// What may stand in the query of their addresses.
std::span<const OperationMembers> lambda_parameters();

}  // namespace kiln::services
