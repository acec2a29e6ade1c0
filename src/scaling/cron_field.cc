#include "scaling/cron_field.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/ascii.h"
#include "scaling/cron.h"

namespace kiln::scaling {
namespace {

constexpr int kMaxStep = 1000;

std::optional<int> number_in(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

const CronField kSecondsField{"seconds", 0, 59, {}};
const CronField kMinutesField{"minutes", 0, 59, {}};
const CronField kHoursField{"hours", 0, 23, {}};
const CronField kDayOfMonthField{"day-of-month", 1, 31, {}};
const CronField kMonthField{
    "month",
    1,
    12,
    {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}};
const CronField kDayOfWeekField{
    "day-of-week", 1, 7, {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}};
const CronField kYearField{"year", CronExpression::kFirstYear, CronExpression::kLastYear, {}};

Error CronField::error(std::string_view text) const {
  std::string allowed = fmt::format("{} to {}", least, most);
  if (!names.empty()) allowed += fmt::format(" or {} to {}", names.front(), names.back());
  return {ErrorKind::kInvalid, "ValidationException",
          fmt::format("the field {} is '{}'; it may have {}, lists, ranges and steps of them", name,
                      text.substr(0, 100), allowed)};
}

std::optional<int> CronField::value(std::string_view text) const {
  for (size_t i = 0; i < names.size(); ++i)
    if (ascii::same(text, names[i])) return least + static_cast<int>(i);
  const auto parsed = number_in(text);
  if (!parsed || *parsed < least || *parsed > most) return std::nullopt;
  return parsed;
}

Result<void> CronField::read_item(std::string_view item,
                                  const std::function<void(int)>& add) const {
  const size_t slash = item.find('/');
  std::optional<int> step = 1;
  if (slash != item.npos) step = number_in(item.substr(slash + 1));
  if (!step || *step < 1 || *step > kMaxStep) return error(item);
  const std::string_view range = item.substr(0, slash);
  const size_t dash = range.find('-');
  std::optional<int> first = least;
  std::optional<int> last = most;
  if (range != "*") {
    first = value(range.substr(0, dash));
    if (dash != range.npos)
      last = value(range.substr(dash + 1));
    else if (slash == item.npos)
      last = first;
  }
  if (!first || !last) return error(item);
  const int size = most - least + 1;
  if (*first > *last) {
    if (size > 60) return error(item);  // years do not come round again
    *last += size;
  }
  for (int each = *first; each <= *last; each += *step) add(least + (each - least) % size);
  return {};
}

Result<void> CronField::read(std::string_view text, const std::function<void(int)>& add) const {
  for (;;) {
    const size_t comma = text.find(',');
    if (auto done = read_item(text.substr(0, comma), add); !done) return done;
    if (comma == text.npos) return {};
    text.remove_prefix(comma + 1);
  }
}

}  // namespace kiln::scaling
