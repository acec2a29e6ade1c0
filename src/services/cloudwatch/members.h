// What the requests of CloudWatch's operations may say; see services/driver/known_members.h.
#pragma once

#include <span>

#include "services/driver/known_members.h"

namespace kiln::services {

std::span<const OperationMembers> cloudwatch_members();

}  // namespace kiln::services
