#include <gtest/gtest.h>

#include <set>

#include "base/clock.h"
#include "base/digest.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time_format.h"

namespace kiln {
namespace {

TEST(Ids, UuidsAreVersion4AndDistinct) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_uuid();
    ASSERT_EQ(id.size(), 36u);
    EXPECT_EQ(id[8], '-');
    EXPECT_EQ(id[14], '4');
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos);
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Ids, TraceIdCarriesTheTime) {
  EXPECT_EQ(new_trace_id(0x5e1b4151).substr(0, 16), "Root=1-5e1b4151-");
  EXPECT_EQ(new_trace_id(1).size(), 40u);
}

TEST(Digest, KnownVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_base64("abc"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  EXPECT_EQ(base64_encode("a"), "YQ==");
}

TEST(Digest, Base64RoundTripAndRefusal) {
  for (std::string s : {"", "a", "ab", "abc", "abcd"})
    EXPECT_EQ(base64_decode(base64_encode(s)), s);
  for (std::string s : {"a", "ab=c", "a===", "ab\nc", "====", "ab c"})
    EXPECT_EQ(base64_decode(s), std::nullopt) << s;
}

TEST(TimeFormat, AsAwsWritesIt) {
  const WallTime t{std::chrono::milliseconds(1674300600007)};
  EXPECT_EQ(format_lambda_time(t), "2023-01-21T11:30:00.007+0000");
  EXPECT_EQ(format_iso_ms(WallTime(std::chrono::milliseconds(-53))), "1969-12-31T23:59:59.947Z");
  EXPECT_EQ(format_iso_ms(t), "2023-01-21T11:30:00.007Z");
  EXPECT_EQ(format_log_stream_day(t), "2023/01/21");
}

TEST(TimeFormat, ReadsIsoTimesWithTheirZones) {
  constexpr double kNoon = 1'767'614'400;  // 2026-01-05T12:00:00Z
  for (const char* text :
       {"2026-01-05T12:00:00Z", "2026-01-05 12:00:00", "2026-01-05T13:00:00+01:00",
        "2026-01-05T06:30:00-0530", "2026-01-05T12:00:00.000Z"})
    EXPECT_EQ(parse_iso_time(text), kNoon) << text;
  EXPECT_EQ(parse_iso_time("2026-01-05T12:00:00.25Z"), kNoon + 0.25);
  EXPECT_EQ(parse_iso_time("1970-01-01T00:00:00Z"), 0);
  for (const char* text :
       {"", "2026-01-05", "2026-02-30T12:00:00Z", "2026-13-05T12:00:00Z", "2026-01-05T24:00:00Z",
        "2026-01-05T12:60:00Z", "2026-01-05T12:00:00X", "2026-01-05T12:00:00+1",
        "2026-01-05T12:00:00.Z", "2026-01--5T12:00:00Z", "2026-01-05T12:00:00.1e5Z"})
    EXPECT_FALSE(parse_iso_time(text)) << text;
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock{WallTime{}};
  const auto before = clock.steady_now();
  clock.advance(std::chrono::seconds(5));
  EXPECT_EQ(clock.steady_now() - before, std::chrono::seconds(5));
  EXPECT_EQ(epoch_ms(clock.wall_now()), 5000);
}

TEST(Result, HoldsAValueOrAnError) {
  Result<int> good = 7;
  Result<int> bad = Error{ErrorKind::kInvalid, "T", "m"};
  EXPECT_EQ(*good, 7);
  EXPECT_EQ(bad.error().message, "m");
  EXPECT_DEATH((void)bad.value(), "require failed");
}

}  // namespace
}  // namespace kiln
