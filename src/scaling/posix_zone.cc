#include "scaling/posix_zone.h"

#include <charconv>
#include <chrono>

#include "base/ascii.h"

namespace kiln::scaling {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> take_number(std::string_view& text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || text.front() == '-' || value < least || value > most)
    return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return value;
}

// "CET" or "<+03>"; what it says does not matter here.
bool take_name(std::string_view& text) {
  const bool quoted = take(text, '<');
  size_t size = 0;
  const auto is_letter = ascii::is_letter;
  while (size < text.size() && (quoted ? text[size] != '>' : is_letter(text[size]))) ++size;
  if (size == 0) return false;
  text.remove_prefix(size);
  return !quoted || take(text, '>');
}

// [+-]hh[:mm[:ss]]
std::optional<int64_t> take_time(std::string_view& text) {
  const bool negative = take(text, '-');
  if (!negative) take(text, '+');
  const auto hours = take_number(text, 0, 167);
  if (!hours) return std::nullopt;
  int64_t seconds = int64_t{*hours} * 3600;
  for (const int64_t unit : {60, 1}) {
    if (!take(text, ':')) break;
    const auto part = take_number(text, 0, 59);
    if (!part) return std::nullopt;
    seconds += *part * unit;
  }
  return negative ? -seconds : seconds;
}

std::optional<ZoneChange> take_change(std::string_view& text) {
  ZoneChange change;
  std::optional<int> day;
  if (take(text, 'M')) {
    const auto month = take_number(text, 1, 12);
    if (!month || !take(text, '.')) return std::nullopt;
    const auto week = take_number(text, 1, 5);
    if (!week || !take(text, '.')) return std::nullopt;
    change.month = *month;
    change.week = *week;
    day = take_number(text, 0, 6);
  } else if (take(text, 'J')) {
    change.form = ZoneChange::Form::kJulian;
    day = take_number(text, 1, 365);
  } else {
    change.form = ZoneChange::Form::kDayOfYear;
    day = text.empty() ? std::nullopt : take_number(text, 0, 365);
  }
  if (!day) return std::nullopt;
  change.day = *day;
  if (take(text, '/')) {
    const auto time = take_time(text);
    if (!time) return std::nullopt;
    change.time_s = *time;
  }
  return change;
}

int year_of(int64_t utc_s) {
  const sys_days day =
      std::chrono::floor<days>(std::chrono::sys_seconds(std::chrono::seconds(utc_s)));
  return static_cast<int>(std::chrono::year_month_day(day).year());
}

}  // namespace

int64_t ZoneChange::in_year(int number) const {
  namespace c = std::chrono;
  const c::year year(number);
  sys_days date = year / c::January / 1;
  if (form == Form::kMonthWeekDay) {
    const c::month in(static_cast<unsigned>(month));
    const c::weekday weekday(static_cast<unsigned>(day));
    if (week == 5)
      date = year / in / weekday[c::last];
    else
      date = year / in / weekday[static_cast<unsigned>(week)];
  } else if (form == Form::kJulian) {
    const bool after_february = day >= 60;
    date += days(day - 1 + (after_february && year.is_leap() ? 1 : 0));
  } else {
    date += days(day);
  }
  return int64_t{date.time_since_epoch().count()} * kDayS + time_s;
}

std::optional<PosixZone> PosixZone::parse(std::string_view text) {
  PosixZone zone;
  if (!take_name(text)) return std::nullopt;
  const auto west = text.empty() ? std::nullopt : take_time(text);
  if (!west) return std::nullopt;
  zone.standard_s = -*west;  // POSIX counts to the west
  if (text.empty()) return zone;
  Summer summer;
  summer.offset_s = zone.standard_s + 3600;
  if (!take_name(text) || text.empty()) return std::nullopt;
  if (text.front() != ',') {
    const auto summer_west = take_time(text);
    if (!summer_west) return std::nullopt;
    summer.offset_s = -*summer_west;
  }
  for (ZoneChange* change : {&summer.start, &summer.end}) {
    if (!take(text, ',')) return std::nullopt;
    const auto taken = take_change(text);
    if (!taken) return std::nullopt;
    *change = *taken;
  }
  if (!text.empty()) return std::nullopt;
  zone.summer = summer;
  return zone;
}

int64_t PosixZone::offset_s(int64_t utc_s) const {
  if (!summer) return standard_s;
  const int year = year_of(utc_s + standard_s);
  const int64_t start = summer->start.in_year(year) - standard_s;
  const int64_t end = summer->end.in_year(year) - summer->offset_s;
  // In the south, summer goes over the end of the year.
  const bool is_summer =
      start < end ? utc_s >= start && utc_s < end : utc_s >= start || utc_s < end;
  return is_summer ? summer->offset_s : standard_s;
}

}  // namespace kiln::scaling
