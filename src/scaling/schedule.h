// When a scheduled action runs: at(yyyy-mm-ddThh:mm:ss), rate(5 minutes) or cron(…), in a time
// zone. Pure, but for the file of the time zone that parse() reads.
//
//   auto schedule = Schedule::parse("cron(0 9 ? * MON-FRI *)", "Europe/Berlin");
//   schedule->next(now)       // nullopt: never again
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "base/clock.h"
#include "base/result.h"
#include "scaling/cron.h"
#include "scaling/timezone.h"

namespace kiln::scaling {

class Schedule {
 public:
  // `time_zone`: "" is UTC. Errors: ValidationException.
  static Result<Schedule> parse(const std::string& text, const std::string& time_zone);

  // The first moment after `after`. Rates count from `anchor`, which itself is one of theirs when
  // it lies after `after`.
  std::optional<WallTime> next(WallTime after, WallTime anchor = {}) const;
  // The last moment in (after, until].
  std::optional<WallTime> latest(WallTime after, WallTime until, WallTime anchor = {}) const;
  // Whether it is an at(…).
  bool once() const { return std::holds_alternative<At>(when_); }

 private:
  struct At {
    int64_t utc_s = 0;
  };
  struct Rate {
    int64_t interval_s = 0;
  };
  using When = std::variant<At, Rate, CronExpression>;

  Schedule(When when, TimeZone zone) : when_(std::move(when)), zone_(std::move(zone)) {}
  static Result<When> parse_when(std::string_view text, const TimeZone& zone);
  static Result<When> parse_at(std::string_view text, const TimeZone& zone);
  static Result<When> parse_rate(std::string_view text);
  std::optional<int64_t> next_s(int64_t after_s, int64_t anchor_s) const;

  When when_;
  TimeZone zone_;
};

}  // namespace kiln::scaling
