// Tags of log groups in requests. Pure.
#pragma once

#include <map>
#include <string>

#include "services/logs/input.h"

namespace kiln::services {

// The member "tags" of a request, which may be absent: 1 to 50, keys of 1 to 128 characters that
// don't begin with "aws:", values of up to 256. What is wrong is in in.status().
std::map<std::string, std::string> read_log_tags(LogsInput& in);

}  // namespace kiln::services
