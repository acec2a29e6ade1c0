#include "base/duration_text.h"

#include <gtest/gtest.h>

namespace kiln {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(DurationText, ReadsUnitsAndSums) {
  EXPECT_EQ(*parse_duration("300ms"), milliseconds(300));
  EXPECT_EQ(*parse_duration("10s"), seconds(10));
  EXPECT_EQ(*parse_duration("10m"), minutes(10));
  EXPECT_EQ(*parse_duration("1h30m"), minutes(90));
  EXPECT_EQ(*parse_duration("2d"), hours(48));
  EXPECT_EQ(*parse_duration("0s"), Duration(0));
}

TEST(DurationText, RefusesEverythingElse) {
  for (const char* text : {"", "10", "m", "-5m", "10x", "1.5h", "10 m", "5m3", "99999999999d",
                           "9223372036854775807ms", "36500d1d", "10M"}) {
    const Result<Duration> parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().message.rfind(std::string("'").append(text).append("'"), 0), 0U);
  }
  EXPECT_TRUE(parse_duration("36500d"));
}

}  // namespace
}  // namespace kiln
