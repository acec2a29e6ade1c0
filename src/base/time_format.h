// Time stamps in the forms that AWS uses, written in UTC.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace kiln {

// LastModified: 2023-01-21T11:30:00.000+0000
std::string format_lambda_time(WallTime t);
// LastModified of provisioned concurrency: 2023-01-21T11:30:00+0000
std::string format_lambda_seconds(WallTime t);
// Log lines: 2023-01-21T11:30:00.000Z
std::string format_iso_ms(WallTime t);
// Log stream names: 2023/01/21
std::string format_log_stream_day(WallTime t);

// 2023-01-21T11:30:00[.123][Z|+01:00|-0100], or with a blank for the T; without a zone it is UTC.
// Seconds since 1970.
std::optional<double> parse_iso_time(std::string_view text);

}  // namespace kiln
