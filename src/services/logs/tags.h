// Tags of log groups. Pure.
#pragma once

#include <map>
#include <string>

#include "base/result.h"

namespace kiln::services {

// At most 50, keys of 1 to 128 characters that don't begin with "aws:", values of up to 256.
// Errors: TooManyTagsException, InvalidParameterException.
Result<void> check_log_tags(const std::map<std::string, std::string>& tags);

}  // namespace kiln::services
