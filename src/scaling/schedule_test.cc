#include "scaling/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/time_format.h"

namespace kiln::scaling {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono;

WallTime at(int y, unsigned m, unsigned d, int h = 0, int min = 0, int s = 0) {
  return WallTime(sys_days(year(y) / m / d)) + hours(h) + minutes(min) + seconds(s);
}

// 2025-09-19, a Friday.
const WallTime kNow = at(2025, 9, 19, 12);

std::string next(const std::string& text, WallTime after = kNow, const std::string& zone = "") {
  const auto schedule = Schedule::parse(text, zone);
  if (!schedule) return schedule.error().message;
  const auto found = schedule->next(after);
  return found ? format_iso_ms(*found).substr(0, 19) : "never";
}

TEST(Schedule, At) {
  EXPECT_EQ(next("at(2025-09-19T12:00:01)"), "2025-09-19T12:00:01");
  EXPECT_EQ(next("at(2025-09-19T12:00:00)"), "never");
  EXPECT_EQ(next("at(2025-12-24T18:00:00)", kNow, "America/New_York"), "2025-12-24T23:00:00");
  // Clocks in Berlin pass over this time, and show that one twice.
  EXPECT_EQ(next("at(2026-03-29T02:30:00)", kNow, "Europe/Berlin"), "2026-03-29T01:30:00");
  EXPECT_EQ(next("at(2025-10-26T02:30:00)", kNow, "Europe/Berlin"), "2025-10-26T00:30:00");
}

TEST(Schedule, RatesCountFromTheirAnchor) {
  const auto schedule = Schedule::parse("rate(10 minutes)", "");
  ASSERT_TRUE(schedule.ok());
  const WallTime anchor = kNow + seconds(30);
  EXPECT_EQ(schedule->next(kNow, anchor), anchor);
  EXPECT_EQ(schedule->next(anchor, anchor), anchor + minutes(10));
  EXPECT_EQ(schedule->next(anchor + seconds(599), anchor), anchor + minutes(10));
  EXPECT_EQ(schedule->next(anchor + minutes(10), anchor), anchor + minutes(20));
  EXPECT_EQ(next("rate(1 hour)"), "2025-09-19T13:00:00");
  EXPECT_EQ(next("rate(2 days)", at(1970, 1, 2)), "1970-01-03T00:00:00");
  EXPECT_EQ(next("rate(999999999 days)"), "never");
}

TEST(Schedule, Crons) {
  const struct {
    const char* text;
    const char* next;
  } kCases[] = {
      {"cron(0 9 ? * MON-FRI *)", "2025-09-22T09:00:00"},
      {"cron(0 12 * * ? *)", "2025-09-20T12:00:00"},
      {"cron(1 12 * * ? *)", "2025-09-19T12:01:00"},
      {"cron(* * * * ? *)", "2025-09-19T12:01:00"},
      {"cron(0/15 * * * ? *)", "2025-09-19T12:15:00"},
      {"cron(*/25 * * * ? *)", "2025-09-19T12:25:00"},
      {"cron(50-5/5 13 * * ? *)", "2025-09-19T13:00:00"},  // 50 and 55, 0 and 5
      {"cron(30 22-2 * * ? *)", "2025-09-19T22:30:00"},
      {"cron(0 8,13,20 * * ? *)", "2025-09-19T13:00:00"},
      {"cron(0 0 1 1 ? *)", "2026-01-01T00:00:00"},
      {"cron(0 0 1 JAN,mar ? *)", "2026-01-01T00:00:00"},
      {"cron(0 0 29 2 ? *)", "2028-02-29T00:00:00"},
      {"cron(0 0 30 2 ? *)", "never"},
      {"cron(0 0 31 * ? *)", "2025-10-31T00:00:00"},
      {"cron(0 0 L * ? *)", "2025-09-30T00:00:00"},
      {"cron(0 0 L-2 * ? *)", "2025-09-28T00:00:00"},
      {"cron(0 0 L-30 * ? *)", "2025-10-01T00:00:00"},
      {"cron(0 0 LW 8 ? *)", "2026-08-31T00:00:00"},
      {"cron(0 0 LW 5 ? *)", "2026-05-29T00:00:00"},   // the 31st is a Sunday
      {"cron(0 0 21W 9 ? *)", "2025-09-22T00:00:00"},  // Sunday, then Monday
      {"cron(0 0 20W 9 ? *)", "2026-09-21T00:00:00"},  // the 19th of this year is over
      {"cron(0 0 1W 11 ? *)", "2025-11-03T00:00:00"},  // Saturday, but not into October
      {"cron(0 0 31W 5 ? *)", "2026-05-29T00:00:00"},  // Sunday, but not into June
      {"cron(0 0 31W 2,10 ? *)", "2025-10-31T00:00:00"},
      {"cron(0 0 ? * SUN *)", "2025-09-21T00:00:00"},
      {"cron(0 0 ? * 1 *)", "2025-09-21T00:00:00"},
      {"cron(0 0 ? * 7 *)", "2025-09-20T00:00:00"},
      {"cron(0 0 ? * L *)", "2025-09-20T00:00:00"},
      {"cron(0 0 ? * 6L *)", "2025-09-26T00:00:00"},
      {"cron(0 0 ? * FRIL *)", "2025-09-26T00:00:00"},
      {"cron(0 0 ? * FRI#2 *)", "2025-10-10T00:00:00"},
      {"cron(0 0 ? * 2#1 *)", "2025-10-06T00:00:00"},
      {"cron(0 0 ? * TUE#5 *)", "2025-09-30T00:00:00"},
      {"cron(0 0 ? * WED#5 *)", "2025-10-29T00:00:00"},
      {"cron(0 0 ? * FRI-MON *)", "2025-09-20T00:00:00"},
      {"cron(0 0 * * ? 2027)", "2027-01-01T00:00:00"},
      {"cron(0 0 * * ? 2027-2030/2)", "2027-01-01T00:00:00"},
      {"cron(0 0 * * ? 2024)", "never"},
      {"cron(59 23 31 12 ? 2199)", "2199-12-31T23:59:00"},
      {"cron(30 0 12 * * ? *)", "2025-09-19T12:00:30"},
      {"cron(*/20 * * * * ? *)", "2025-09-19T12:00:20"},
      {"cron( 0  13  *  *  ?  * )", "2025-09-19T13:00:00"},
  };
  for (const auto& [text, expected] : kCases) EXPECT_EQ(next(text), expected) << text;
}

TEST(Schedule, ClocksPutForwardSkip) {
  // Berlin, 2026-03-29: 02:00 becomes 03:00.
  const WallTime before = at(2026, 3, 28, 12);
  EXPECT_EQ(next("cron(30 1 * * ? *)", before, "Europe/Berlin"), "2026-03-29T00:30:00");
  EXPECT_EQ(next("cron(30 2 * * ? *)", before, "Europe/Berlin"), "2026-03-30T00:30:00");
  EXPECT_EQ(next("cron(0 3 * * ? *)", before, "Europe/Berlin"), "2026-03-29T01:00:00");
  EXPECT_EQ(next("cron(0/30 * * * ? *)", at(2026, 3, 29, 0, 59), "Europe/Berlin"),
            "2026-03-29T01:00:00");
}

TEST(Schedule, ClocksPutBackRunOnce) {
  // Berlin, 2025-10-26: 03:00 becomes 02:00.
  EXPECT_EQ(next("cron(30 2 * * ? *)", at(2025, 10, 25, 12), "Europe/Berlin"),
            "2025-10-26T00:30:00");
  EXPECT_EQ(next("cron(30 2 * * ? *)", at(2025, 10, 26, 0, 30), "Europe/Berlin"),
            "2025-10-27T01:30:00");
  EXPECT_EQ(next("cron(30 2 * * ? *)", at(2025, 10, 26, 1, 10), "Europe/Berlin"),
            "2025-10-27T01:30:00");
  EXPECT_EQ(next("cron(0 3 * * ? *)", at(2025, 10, 26, 0, 30), "Europe/Berlin"),
            "2025-10-26T02:00:00");
}

TEST(Schedule, LocalDays) {
  EXPECT_EQ(next("cron(0 9 ? * MON *)", kNow, "Asia/Tokyo"), "2025-09-22T00:00:00");
  EXPECT_EQ(next("cron(0 1 ? * MON *)", kNow, "Asia/Tokyo"), "2025-09-21T16:00:00");
  EXPECT_EQ(next("cron(30 23 L * ? *)", kNow, "America/New_York"), "2025-10-01T03:30:00");
}

TEST(Schedule, WhatIsRefused) {
  const struct {
    const char* text;
    const char* message;
  } kCases[] = {
      {"", "it must be at("},
      {"every day", "it must be at("},
      {"cron", "it must be at("},
      {"cron(0 9 * * ? *", "it must be at("},
      {"at()", "yyyy-mm-ddThh:mm:ss"},
      {"at(2025-02-29T00:00:00)", "yyyy-mm-ddThh:mm:ss"},
      {"at(2025-09-19T24:00:00)", "yyyy-mm-ddThh:mm:ss"},
      {"at(2025-09-19T12:00:00Z)", "yyyy-mm-ddThh:mm:ss"},
      {"at(2025-9-19T12:00:000)", "yyyy-mm-ddThh:mm:ss"},
      {"at(2200-01-01T00:00:00)", "yyyy-mm-ddThh:mm:ss"},
      {"rate(0 minutes)", "above 0"},
      {"rate(-5 minutes)", "above 0"},
      {"rate(5 seconds)", "minutes, hours or days"},
      {"rate(5minutes)", "above 0"},
      {"rate(99999999999 minutes)", "above 0"},
      {"cron(0 9 * * *)", "cron has 5 fields"},
      {"cron(0 0 0 9 * * ? *)", "cron has 8 fields"},
      {"cron()", "cron has 0 fields"},
      {"cron(0 9 * * * *)", "must be '?'"},
      {"cron(0 9 ? * ? *)", "must be '?'"},
      {"cron(0 9 1 * MON *)", "must be '?'"},
      {"cron(60 9 * * ? *)", "the field minutes is '60'"},
      {"cron(0 24 * * ? *)", "the field hours is '24'"},
      {"cron(0 9 0 * ? *)", "day-of-month"},
      {"cron(0 9 32 * ? *)", "day-of-month"},
      {"cron(0 9 32W * ? *)", "day-of-month"},
      {"cron(0 9 L-31 * ? *)", "day-of-month"},
      {"cron(0 9 L,15 * ? *)", "day-of-month"},
      {"cron(0 9 * 0 ? *)", "the field month is '0'"},
      {"cron(0 9 * 13 ? *)", "month"},
      {"cron(0 9 * JANUARY ? *)", "month"},
      {"cron(0 9 ? * 0 *)", "day-of-week"},
      {"cron(0 9 ? * 8 *)", "day-of-week"},
      {"cron(0 9 ? * 2#6 *)", "day-of-week"},
      {"cron(0 9 ? * 2#0 *)", "day-of-week"},
      {"cron(0 9 * * ? 1969)", "year"},
      {"cron(0 9 * * ? 2200)", "year"},
      {"cron(0 9 * * ? 2030-2027)", "year"},
      {"cron(0/0 9 * * ? *)", "minutes"},
      {"cron(0/ 9 * * ? *)", "minutes"},
      {"cron(1, 9 * * ? *)", "minutes"},
      {"cron(? 9 * * ? *)", "minutes"},
      {"cron(1-2-3 9 * * ? *)", "minutes"},
      {"cron(60 0 9 * * ? *)", "seconds"},
  };
  for (const auto& [text, message] : kCases) {
    const auto parsed = Schedule::parse(text, "");
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().type, "ValidationException");
    EXPECT_THAT(parsed.error().message, HasSubstr(message)) << text;
  }
  EXPECT_THAT(Schedule::parse("rate(1 day)", "Mars/Olympus").error().message,
              HasSubstr("'Mars/Olympus'"));
  EXPECT_FALSE(Schedule::parse("cron(" + std::string(1600, '1') + ")", "").ok());
}

TEST(Schedule, TheLatestOfAWhile) {
  const auto schedule = Schedule::parse("cron(0 9 * * ? *)", "");
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(schedule->latest(kNow - minutes(1), kNow), std::nullopt);
  EXPECT_EQ(schedule->latest(kNow - hours(3), kNow), std::nullopt);  // at 9 itself
  EXPECT_EQ(schedule->latest(kNow - hours(4), kNow), at(2025, 9, 19, 9));
  EXPECT_EQ(schedule->latest(kNow - hours(24 * 1000), kNow), at(2025, 9, 19, 9));
  EXPECT_EQ(schedule->latest(kNow - hours(4), at(2025, 9, 19, 9)), at(2025, 9, 19, 9));
  const auto yearly = Schedule::parse("cron(0 0 1 1 ? 2020-2022)", "");
  EXPECT_EQ(yearly->latest(at(2019, 1, 1), kNow), at(2022, 1, 1));
  const auto once = Schedule::parse("at(2025-09-19T11:00:00)", "");
  EXPECT_TRUE(once->once());
  EXPECT_EQ(once->latest(at(2025, 9, 1), kNow), at(2025, 9, 19, 11));
  EXPECT_FALSE(yearly->once());
}

}  // namespace
}  // namespace kiln::scaling
