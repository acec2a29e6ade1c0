#include "scaling/timezone.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "scaling/posix_zone.h"

namespace kiln::scaling {
namespace {

using namespace std::chrono;

int64_t unix_at(int y, unsigned m, unsigned d, int h = 0, int min = 0) {
  return duration_cast<seconds>(sys_days(year(y) / m / d).time_since_epoch()).count() + h * 3600 +
         min * 60;
}

std::string file_of(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TimeZone zone(const std::string& name) {
  auto found = TimeZone::find(name);
  EXPECT_TRUE(found.ok()) << name;
  return found.ok() ? *found : TimeZone();
}

TEST(TimeZone, OffsetsOfZones) {
  const struct {
    const char* zone;
    int64_t utc;
    int64_t offset_min;
  } kCases[] = {
      {"UTC", unix_at(2025, 7, 1), 0},
      {"Etc/UTC", unix_at(2025, 7, 1), 0},
      {"Europe/Berlin", unix_at(2025, 1, 1), 60},
      {"Europe/Berlin", unix_at(2025, 7, 1), 120},
      {"Europe/Berlin", unix_at(2025, 3, 30, 0, 59), 60},
      {"Europe/Berlin", unix_at(2025, 3, 30, 1), 120},
      {"Europe/Berlin", unix_at(2025, 10, 26, 0, 59), 120},
      {"Europe/Berlin", unix_at(2025, 10, 26, 1), 60},
      {"Europe/Berlin", unix_at(2060, 7, 1), 120},  // by the rule behind the table
      {"Europe/Berlin", unix_at(2060, 12, 1), 60},
      {"America/New_York", unix_at(2025, 7, 1), -240},
      {"America/Sao_Paulo", unix_at(2100, 1, 1), -180},
      {"Asia/Kolkata", unix_at(2025, 1, 1), 330},
      {"Asia/Kathmandu", unix_at(2025, 1, 1), 345},
      {"Australia/Sydney", unix_at(2050, 1, 1), 660},  // summer over the end of the year
      {"Australia/Sydney", unix_at(2050, 7, 1), 600},
      {"Australia/Lord_Howe", unix_at(2025, 7, 1), 630},
      {"Africa/Cairo", unix_at(2060, 7, 1), 180},
  };
  for (const auto& [name, utc, offset_min] : kCases)
    EXPECT_EQ(zone(name).offset_s(utc), offset_min * 60) << name << " " << utc;
}

TEST(TimeZone, LocalTimesThatAreSkippedOrRepeated) {
  const TimeZone berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.to_utc(unix_at(2025, 3, 30, 1, 59)), unix_at(2025, 3, 30, 0, 59));
  EXPECT_EQ(berlin.to_utc(unix_at(2025, 3, 30, 2)), std::nullopt);
  EXPECT_EQ(berlin.to_utc(unix_at(2025, 3, 30, 2, 59)), std::nullopt);
  EXPECT_EQ(berlin.to_utc(unix_at(2025, 3, 30, 3)), unix_at(2025, 3, 30, 1));
  EXPECT_EQ(berlin.to_utc_or_later(unix_at(2025, 3, 30, 2, 30)), unix_at(2025, 3, 30, 1, 30));
  EXPECT_EQ(berlin.to_utc(unix_at(2025, 10, 26, 2, 30)),
            unix_at(2025, 10, 26, 0, 30));  // the first
  EXPECT_EQ(berlin.to_utc(unix_at(2025, 10, 26, 3)), unix_at(2025, 10, 26, 2));
  EXPECT_EQ(zone("America/New_York").to_utc(unix_at(2060, 3, 14, 2, 30)), std::nullopt);
}

TEST(TimeZone, WhatIsNoZone) {
  for (const char* name :
       {"Mars/Olympus", "../../etc/passwd", "/etc/localtime", "posixrules", "right/UTC", "Europe",
        "Europe/", "europe/berlin", "Europe/Berlin ", "+00:00", "A/../../../../etc/passwd"}) {
    const auto found = TimeZone::find(name);
    ASSERT_FALSE(found.ok()) << name;
    EXPECT_EQ(found.error().type, "ValidationException");
  }
}

TEST(TimeZone, BrokenFilesAreNone) {
  const std::string whole = file_of("Europe/Berlin");
  ASSERT_TRUE(TimeZone::parse(whole).has_value());
  for (size_t size = 0; size + 1 < whole.size(); size += 7)
    EXPECT_FALSE(TimeZone::parse(whole.substr(0, size)).has_value()) << size;
  std::string huge = whole;
  huge.replace(32, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(TimeZone::parse(huge).has_value());
}

TEST(PosixZone, Forms) {
  for (const char* text : {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3",
                           "<-02>2<-01>,M3.5.0/-1,"
                           "M10.5.0/0",
                           "IST-1GMT0,M10.5.0,M3.5.0/1", "A3B,J60,J300", "ABC3DEF,0,365"})
    EXPECT_TRUE(PosixZone::parse(text).has_value()) << text;
  for (const char* text : {"", "CET", "-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,J1",
                           "CET-1CEST,M3.6.0,J1", "CET-1CEST,M3.5.7,J1", "<+03-3", "CET-200",
                           "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1CEST,J0,J1", "CET--1"})
    EXPECT_FALSE(PosixZone::parse(text).has_value()) << text;
}

TEST(PosixZone, DaysOfTheYear) {
  const auto zone_by_days = PosixZone::parse("A0B,J60/0,J300/0");
  ASSERT_TRUE(zone_by_days.has_value());
  // J60 is 1 March in any year.
  for (const int y : {2023, 2024}) {
    EXPECT_EQ(zone_by_days->offset_s(unix_at(y, 3, 1) - 1), 0) << y;
    EXPECT_EQ(zone_by_days->offset_s(unix_at(y, 3, 1)), 3600) << y;
  }
  const auto from_zero = PosixZone::parse("A0B,59/0,300/0");
  EXPECT_EQ(from_zero->offset_s(unix_at(2023, 3, 1)), 3600);
  EXPECT_EQ(from_zero->offset_s(unix_at(2024, 2, 29)), 3600);
}

}  // namespace
}  // namespace kiln::scaling
