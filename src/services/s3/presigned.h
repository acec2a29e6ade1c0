// The time limit of presigned addresses, of signature versions 4 and 2. Signatures themselves are
// not checked. Pure; thread-safe.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "wire/uri.h"

namespace kiln::services {

// `now_s`: seconds since 1970. Errors: AccessDenied for one that has expired,
// AuthorizationQueryParametersError, and AccessDenied for parameters that are missing or malformed.
Result<void> check_presigned(const wire::QueryParams& query, int64_t now_s);

}  // namespace kiln::services
