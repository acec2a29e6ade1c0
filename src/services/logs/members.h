// What the requests of Logs's operations may say; see services/driver/known_members.h.
#pragma once

#include <span>

#include "services/driver/known_members.h"

namespace kiln::services {

std::span<const OperationMembers> logs_members();

}  // namespace kiln::services
