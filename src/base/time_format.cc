#include "base/time_format.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kiln {
namespace {

// Rounded down, before 1970, too.
std::chrono::sys_seconds second_of(WallTime t) {
  return std::chrono::floor<std::chrono::seconds>(t);
}

std::tm utc(WallTime t) {
  return fmt::gmtime(static_cast<std::time_t>(second_of(t).time_since_epoch().count()));
}

int64_t milliseconds_of(WallTime t) {
  return std::chrono::floor<std::chrono::milliseconds>(t - second_of(t)).count();
}

// ".25"
std::optional<double> fraction_of(std::string_view text) {
  double value = 0;
  const auto [end, ec] =
      std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (ec != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace

std::string format_lambda_time(WallTime t) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}+0000", utc(t), milliseconds_of(t));
}

std::string format_lambda_seconds(WallTime t) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}+0000", utc(t));
}

std::string format_iso_ms(WallTime t) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", utc(t), milliseconds_of(t));
}

std::string format_log_stream_day(WallTime t) { return fmt::format("{:%Y/%m/%d}", utc(t)); }

std::optional<double> parse_iso_time(std::string_view text) {
  // 2026-01-01T00:00:00 at least; a blank may stand for the T.
  const auto digits = [&](size_t at, size_t length) -> std::optional<int> {
    if (at + length > text.size()) return {};
    int value = 0;
    for (const char c : text.substr(at, length)) {
      if (c < '0' || c > '9') return {};
      value = value * 10 + (c - '0');
    }
    return value;
  };
  if (text.size() < 19 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != ' ') || text[13] != ':' || text[16] != ':')
    return {};
  const auto year = digits(0, 4), month = digits(5, 2), day = digits(8, 2), hour = digits(11, 2),
             minute = digits(14, 2), second = digits(17, 2);
  if (!year || !month || !day || !hour || !minute || !second || *hour > 23 || *minute > 59 ||
      *second > 60)
    return {};
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return {};
  double seconds =
      static_cast<double>(std::chrono::sys_days(date).time_since_epoch().count()) * 86'400 +
      *hour * 3600 + *minute * 60 + *second;
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    const size_t length = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    const auto fraction = fraction_of(rest.substr(0, length));
    if (length == 1 || !fraction) return {};
    seconds += *fraction;
    rest.remove_prefix(length);
  }
  if (rest.empty() || rest == "Z" || rest == "z") return seconds;
  if ((rest[0] != '+' && rest[0] != '-') || rest.size() < 5) return {};
  const size_t zone = text.size() - rest.size();
  const auto zone_hours = digits(zone + 1, 2);
  const auto zone_minutes = digits(zone + (rest[3] == ':' ? 4 : 3), 2);
  if (!zone_hours || !zone_minutes || rest.size() != (rest[3] == ':' ? 6U : 5U)) return {};
  const int ahead = *zone_hours * 3600 + *zone_minutes * 60;
  return seconds - (rest[0] == '-' ? -ahead : ahead);
}

}  // namespace kiln
