// The rule of a time zone for all years, in the form of POSIX's TZ variable: "CET-1CEST,M3.5.0,
// M10.5.0/3". It ends each zone file and says what holds after its last entry. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kiln::scaling {

inline constexpr int64_t kDayS = 86'400;

// The day and the time of day at which the clock changes.
struct ZoneChange {
  enum class Form { kJulian, kDayOfYear, kMonthWeekDay };  // Jn (no 29 February), n, Mm.w.d
  Form form = Form::kMonthWeekDay;
  int month = 1, week = 1, day = 0;  // `day` alone in the other forms
  int64_t time_s = 2 * 3600;         // local, from midnight; may be negative or over a day

  // Local seconds, by the clock before the change.
  int64_t in_year(int year) const;
};

struct PosixZone {
  int64_t standard_s = 0;  // ahead of UTC
  struct Summer {
    int64_t offset_s = 0;
    ZoneChange start, end;
  };
  std::optional<Summer> summer;

  static std::optional<PosixZone> parse(std::string_view text);
  int64_t offset_s(int64_t utc_s) const;
};

}  // namespace kiln::scaling
