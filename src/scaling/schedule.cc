#include "scaling/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

#include "scaling/scaling_error.h"

namespace kiln::scaling {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr size_t kMaxText = 1600;
// Times have to fit WallTime.
constexpr int64_t kEndS = 7'258'118'400;  // 2200-01-01

std::optional<int> digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || text.front() == '-' || error != std::errc() ||
      end != text.data() + text.size())
    return std::nullopt;
  return value;
}

// What stands between "NAME(" and ")".
std::optional<std::string_view> inside(std::string_view text, std::string_view name) {
  if (!text.starts_with(name) || !text.ends_with(')')) return std::nullopt;
  text.remove_prefix(name.size());
  if (text.empty() || text.front() != '(') return std::nullopt;
  return text.substr(1, text.size() - 2);
}

// yyyy-mm-ddThh:mm:ss as local seconds.
std::optional<int64_t> local_seconds(std::string_view text) {
  if (text.size() != 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':')
    return std::nullopt;
  int parts[6];
  constexpr size_t kStarts[] = {0, 5, 8, 11, 14, 17};
  for (size_t i = 0; i < 6; ++i) {
    const auto part = digits(text.substr(kStarts[i], i == 0 ? 4 : 2));
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  const std::chrono::year_month_day date{std::chrono::year(parts[0]),
                                         std::chrono::month(static_cast<unsigned>(parts[1])),
                                         std::chrono::day(static_cast<unsigned>(parts[2]))};
  if (!date.ok() || parts[0] < CronExpression::kFirstYear || parts[0] > CronExpression::kLastYear ||
      parts[3] > 23 || parts[4] > 59 || parts[5] > 59)
    return std::nullopt;
  return int64_t{std::chrono::sys_days(date).time_since_epoch().count()} * 86'400 +
         parts[3] * 3600 + parts[4] * 60 + parts[5];
}

WallTime wall_of_s(int64_t s) { return WallTime(seconds(s)); }

}  // namespace

Result<Schedule> Schedule::parse(const std::string& text, const std::string& time_zone) {
  auto zone = TimeZone::find(time_zone);
  if (!zone) return zone.error();
  auto when = parse_when(text, *zone);
  if (!when)
    return validation_error("Invalid schedule expression '" + text.substr(0, 200) +
                            "': " + when.error().message + ".");
  return Schedule(std::move(*when), std::move(*zone));
}

Result<Schedule::When> Schedule::parse_when(std::string_view text, const TimeZone& zone) {
  if (text.size() > kMaxText) return validation_error("it is longer than 1600 characters");
  if (const auto at = inside(text, "at")) return parse_at(*at, zone);
  if (const auto rate = inside(text, "rate")) return parse_rate(*rate);
  if (const auto fields = inside(text, "cron")) {
    auto cron = CronExpression::parse(*fields);
    if (!cron) return cron.error();
    return When(std::move(*cron));
  }
  return validation_error(
      "it must be at(yyyy-mm-ddThh:mm:ss), rate(value unit) or cron(fields), such as "
      "cron(0 9 ? * MON-FRI *)");
}

Result<Schedule::When> Schedule::parse_at(std::string_view text, const TimeZone& zone) {
  const auto local = local_seconds(text);
  if (!local) return validation_error("at needs a time of the form yyyy-mm-ddThh:mm:ss");
  return When(At{zone.to_utc_or_later(*local)});
}

Result<Schedule::When> Schedule::parse_rate(std::string_view text) {
  const size_t space = text.find(' ');
  const auto value = digits(text.substr(0, space));
  std::string_view unit = space == text.npos ? "" : text.substr(space + 1);
  if (unit.ends_with('s')) unit.remove_suffix(1);
  int64_t unit_s = 0;
  if (unit == "minute") unit_s = 60;
  if (unit == "hour") unit_s = 3600;
  if (unit == "day") unit_s = 86'400;
  if (!value || *value < 1 || unit_s == 0)
    return validation_error(
        "rate needs a whole number above 0 and minutes, hours or days, such as rate(5 minutes)");
  return When(Rate{*value * unit_s});
}

std::optional<int64_t> Schedule::next_s(int64_t after_s, int64_t anchor_s) const {
  if (const At* at = std::get_if<At>(&when_)) {
    if (at->utc_s > after_s) return at->utc_s;
    return std::nullopt;
  }
  if (const Rate* rate = std::get_if<Rate>(&when_)) {
    if (after_s < anchor_s) return anchor_s;
    return anchor_s + ((after_s - anchor_s) / rate->interval_s + 1) * rate->interval_s;
  }
  return std::get<CronExpression>(when_).next(after_s, zone_);
}

std::optional<WallTime> Schedule::next(WallTime after, WallTime anchor) const {
  const auto next = next_s(epoch_s(after), epoch_s(anchor));
  if (!next || *next >= kEndS) return std::nullopt;
  return wall_of_s(*next);
}

std::optional<WallTime> Schedule::latest(WallTime after, WallTime until, WallTime anchor) const {
  // From near to far, so that a short step after a long time costs little.
  for (const auto back : {hours(1), hours(24), hours(24 * 32), hours(24 * 366)}) {
    const WallTime from = std::max(after, until - back);
    std::optional<WallTime> found;
    for (auto at = next(from, anchor); at && *at <= until; at = next(*at, anchor)) found = at;
    if (found || from == after) return found;
  }
  std::optional<WallTime> found;
  for (auto at = next(after, anchor); at && *at <= until; at = next(*at, anchor)) found = at;
  return found;
}

}  // namespace kiln::scaling
