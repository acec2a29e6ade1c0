#include "base/time_format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace kiln {
namespace {

std::tm utc(WallTime t) { return fmt::gmtime(static_cast<std::time_t>(epoch_ms(t) / 1000)); }

}  // namespace

std::string format_lambda_time(WallTime t) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", utc(t), epoch_ms(t) % 1000);
}

std::string format_lambda_seconds(WallTime t) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}+0000", utc(t));
}

std::string format_iso_ms(WallTime t) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc(t), epoch_ms(t) % 1000);
}

std::string format_log_stream_day(WallTime t) { return fmt::format("{:%Y/%m/%d}", utc(t)); }

}  // namespace kiln
