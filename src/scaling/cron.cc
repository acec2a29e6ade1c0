#include "scaling/cron.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "scaling/cron_field.h"
#include "scaling/posix_zone.h"
#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

namespace c = std::chrono;

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = std::min(text.find(' ', i), text.size());
    if (end > i) out.push_back(text.substr(i, end - i));
    i = end + 1;
  }
  return out;
}

template <size_t kSize>
Result<void> read_bits(const CronField& field, std::string_view text, int base,
                       std::bitset<kSize>& bits) {
  return field.read(text, [&](int value) { bits.set(static_cast<size_t>(value - base)); });
}

Result<CronDays> read_days_of_month(std::string_view text) {
  CronDays days;
  if (text == "L") {
    days.form = CronDays::Form::kLast;
  } else if (text == "LW") {
    days.form = CronDays::Form::kLastWeekday;
  } else if (text.starts_with("L-")) {
    days.form = CronDays::Form::kLast;
    const auto before = kDayOfMonthField.value(text.substr(2));
    if (!before || *before > 30) return kDayOfMonthField.error(text);
    days.number = *before;
  } else if (text.ends_with('W')) {
    days.form = CronDays::Form::kNearestWeekday;
    const auto day = kDayOfMonthField.value(text.substr(0, text.size() - 1));
    if (!day) return kDayOfMonthField.error(text);
    days.number = *day;
  } else if (const auto read = read_bits(kDayOfMonthField, text, 0, days.listed); !read) {
    return read.error();
  }
  return days;
}

Result<CronDays> read_days_of_week(std::string_view text) {
  CronDays days;
  days.form = CronDays::Form::kWeekdays;
  const size_t hash = text.find('#');
  if (text == "L") {
    days.listed.set(7);  // the last day of the week
  } else if (hash != text.npos) {
    days.form = CronDays::Form::kNthWeekday;
    const auto day = kDayOfWeekField.value(text.substr(0, hash));
    const std::string_view nth = text.substr(hash + 1);
    if (!day || nth.size() != 1 || nth[0] < '1' || nth[0] > '5') return kDayOfWeekField.error(text);
    days.number = *day;
    days.nth = nth[0] - '0';
  } else if (text.ends_with('L')) {
    days.form = CronDays::Form::kLastOfWeekday;
    const auto day = kDayOfWeekField.value(text.substr(0, text.size() - 1));
    if (!day) return kDayOfWeekField.error(text);
    days.number = *day;
  } else if (const auto read = read_bits(kDayOfWeekField, text, 0, days.listed); !read) {
    return read.error();
  }
  return days;
}

Result<CronDays> read_days(std::string_view of_month, std::string_view of_week) {
  if ((of_month == "?") == (of_week == "?"))
    return validation_error(
        fmt::format("the fields day-of-month and day-of-week are '{}' and '{}'; one of them, and "
                    "only one, must "
                    "be '?'",
                    of_month.substr(0, 100), of_week.substr(0, 100)));
  return of_week == "?" ? read_days_of_month(of_month) : read_days_of_week(of_week);
}

// The day from Monday to Friday that is nearest to `day`, in the same month.
unsigned nearest_weekday(c::year_month month, unsigned day, unsigned last) {
  const c::weekday weekday(c::sys_days(month / static_cast<int>(day)));
  if (weekday == c::Saturday) return day == 1 ? 3 : day - 1;
  if (weekday == c::Sunday) return day == last ? day - 2 : day + 1;
  return day;
}

int64_t seconds_of(c::sys_days day) { return int64_t{day.time_since_epoch().count()} * kDayS; }

}  // namespace

std::bitset<32> CronDays::of_month(int of_year, unsigned of_month_number) const {
  const c::year_month month = c::year(of_year) / c::month(of_month_number);
  const auto last = static_cast<unsigned>((month / c::last).day());
  const auto wanted = static_cast<unsigned>(number);
  const unsigned first_weekday = c::weekday(c::sys_days(month / 1)).c_encoding();  // 0 = Sunday
  // The first day of the month that is the weekday `wanted`.
  const unsigned first_wanted = 1 + (wanted + 6 - first_weekday) % 7;
  std::bitset<32> out;
  const auto set = [&](unsigned day) {
    if (day >= 1 && day <= last) out.set(day);
  };
  switch (form) {
    case Form::kDays:
      for (unsigned day = 1; day <= last; ++day) out.set(day, listed[day]);
      break;
    case Form::kLast:
      if (wanted < last) set(last - wanted);
      break;
    case Form::kLastWeekday:
      set(nearest_weekday(month, last, last));
      break;
    case Form::kNearestWeekday:
      if (wanted <= last) set(nearest_weekday(month, wanted, last));
      break;
    case Form::kWeekdays:
      for (unsigned day = 1; day <= last; ++day)
        out.set(day, listed[(first_weekday + day - 1) % 7 + 1]);
      break;
    case Form::kLastOfWeekday:
      set(first_wanted + (last - first_wanted) / 7 * 7);
      break;
    case Form::kNthWeekday:
      set(first_wanted + 7 * (static_cast<unsigned>(nth) - 1));
      break;
  }
  return out;
}

Result<CronExpression> CronExpression::parse(std::string_view text) {
  std::vector<std::string_view> fields = words(text);
  if (fields.size() != 6 && fields.size() != 7)
    return validation_error(fmt::format(
        "cron has {} fields; it must have 6: minutes, hours, day-of-month, month, day-of-week and "
        "year, or 7 with seconds first",
        fields.size()));
  CronExpression cron;
  Result<void> read;
  if (fields.size() == 7) {
    read = read_bits(kSecondsField, fields.front(), 0, cron.seconds_);
    fields.erase(fields.begin());
  } else {
    cron.seconds_.set(0);
  }
  if (read) read = read_bits(kMinutesField, fields[0], 0, cron.minutes_);
  if (read) read = read_bits(kHoursField, fields[1], 0, cron.hours_);
  if (read) read = read_bits(kMonthField, fields[3], 0, cron.months_);
  if (read) read = read_bits(kYearField, fields[5], kFirstYear, cron.years_);
  if (!read) return read.error();
  auto days = read_days(fields[2], fields[4]);
  if (!days) return days.error();
  cron.days_ = *days;
  return cron;
}

std::optional<int64_t> CronExpression::next(int64_t after_s, const TimeZone& zone) const {
  const int64_t from_s = after_s + zone.offset_s(after_s) + 1;  // local
  const c::sys_days first_day = c::floor<c::days>(c::sys_seconds(c::seconds(from_s)));
  const c::year_month_day first{first_day};
  const int first_year = std::max(static_cast<int>(first.year()), kFirstYear);
  for (int year = first_year; year <= kLastYear; ++year) {
    if (!years_[static_cast<size_t>(year - kFirstYear)]) continue;
    for (unsigned month = 1; month <= 12; ++month) {
      if (!months_[month] || c::year(year) / c::month(month) < first.year() / first.month())
        continue;
      const std::bitset<32> days = days_.of_month(year, month);
      for (unsigned day = 1; day <= 31; ++day) {
        if (!days[day]) continue;
        const c::sys_days date = c::year(year) / c::month(month) / c::day(day);
        if (date < first_day) continue;
        if (const auto found = next_of_day(seconds_of(date), from_s, after_s, zone)) return found;
      }
    }
  }
  return std::nullopt;
}

std::optional<int64_t> CronExpression::next_of_day(int64_t day_s, int64_t from_s, int64_t after_s,
                                                   const TimeZone& zone) const {
  for (size_t hour = 0; hour < hours_.size(); ++hour) {
    const int64_t hour_s = day_s + static_cast<int64_t>(hour) * 3600;
    if (!hours_[hour] || hour_s + 3600 <= from_s) continue;
    for (size_t minute = 0; minute < minutes_.size(); ++minute) {
      const int64_t minute_s = hour_s + static_cast<int64_t>(minute) * 60;
      if (!minutes_[minute] || minute_s + 60 <= from_s) continue;
      for (size_t second = 0; second < seconds_.size(); ++second) {
        const int64_t local_s = minute_s + static_cast<int64_t>(second);
        if (!seconds_[second] || local_s < from_s) continue;
        const auto utc = zone.to_utc(local_s);
        if (utc && *utc > after_s) return utc;
      }
    }
  }
  return std::nullopt;
}

}  // namespace kiln::scaling
