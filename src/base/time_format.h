// Time stamps in the forms that AWS uses. All UTC.
#pragma once

#include <string>

#include "base/clock.h"

namespace kiln {

std::string format_lambda_time(WallTime t);     // 2023-01-21T11:30:00.000+0000   (LastModified)
std::string format_iso_ms(WallTime t);          // 2023-01-21T11:30:00.000Z       (log lines)
std::string format_log_stream_day(WallTime t);  // 2023/01/21                   (log stream names)

}  // namespace kiln
