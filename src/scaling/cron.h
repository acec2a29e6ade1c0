// Cron expressions as Application Auto Scaling writes them: "0 9 ? * MON-FRI *", the fields
// minutes, hours, day of month, month, day of week and year, or seven with seconds first. Pure.
//
//   *  ?  1,5  1-5  22-2  0/15  JAN  SUN     in the fields where they make sense; 1 = SUN
//   L  L-3  LW  15W                          day of month: the last, the nearest weekday
//   L  6L  FRI#2                             day of week: the last of the month, the second
//
// One of the two day fields is "?". Local times that clocks pass over do not happen; those that
// they show twice happen once, the first time.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "scaling/timezone.h"

namespace kiln::scaling {

// Which days of a month.
struct CronDays {
  enum class Form {
    kDays,            // of the month, listed
    kLast,            // `number` days before the last
    kLastWeekday,     // the last from Monday to Friday
    kNearestWeekday,  // to the day `number`
    kWeekdays,        // listed, 1 = Sunday
    kLastOfWeekday,   // the last `number` of the month
    kNthWeekday,      // the `nth` weekday `number`
  };
  Form form = Form::kDays;
  std::bitset<32> listed;
  int number = 0;
  int nth = 0;

  std::bitset<32> of_month(int year, unsigned month) const;
};

class CronExpression {
 public:
  static constexpr int kFirstYear = 1970, kLastYear = 2199;

  // `text`: what stands between the parentheses. The error's message says what is wrong, as a
  // sentence.
  static Result<CronExpression> parse(std::string_view text);
  // The first moment after `after_s` (both UTC); nullopt when there is none.
  std::optional<int64_t> next(int64_t after_s, const TimeZone& zone) const;

 private:
  std::optional<int64_t> next_of_day(int64_t day_s, int64_t from_s, int64_t after_s,
                                     const TimeZone& zone) const;

  std::bitset<60> seconds_, minutes_;
  std::bitset<24> hours_;
  std::bitset<13> months_;
  std::bitset<kLastYear - kFirstYear + 1> years_;
  CronDays days_;
};

}  // namespace kiln::scaling
