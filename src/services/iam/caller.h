// Who asks IAM.
#pragma once

namespace kiln::services {

// The account's root, or the session of a role, such as a function's.
enum class IamCaller { kRoot, kRoleSession };

}  // namespace kiln::services
