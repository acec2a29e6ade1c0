// One field of a cron expression: lists, ranges, steps and names. Pure.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace kiln::scaling {

struct CronField {
  const char* name;  // "day-of-month"
  int least;
  int most;
  std::vector<std::string_view> names;  // of `least` and those that follow

  // A number or a name, all of `text`.
  std::optional<int> value(std::string_view text) const;
  // Calls `add` with each value of a list; ranges may go over the end. Error: its message is a
  // sentence.
  Result<void> read(std::string_view text, const std::function<void(int)>& add) const;
  Error error(std::string_view text) const;

 private:
  Result<void> read_item(std::string_view item, const std::function<void(int)>& add) const;
};

extern const CronField kSecondsField, kMinutesField, kHoursField, kDayOfMonthField, kMonthField,
    kDayOfWeekField, kYearField;

}  // namespace kiln::scaling
