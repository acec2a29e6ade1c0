#include "cost/traffic_profile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::cost {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;

TEST(TrafficProfile, SaysWhatAMonthUses) {
  const Result<TrafficProfile> profile = read_traffic_profile(
      R"({"functions": {"Orders": {"invocationsPerMonth": 1000000, "durationMs": {"512": 80, "1024": 45.2},
          "initMs": 200, "coldStarts": 0.01, "logBytes": 1024, "eventBytes": 300000}},
          "default": {"perSecond": 2, "durationMs": 10}})");
  ASSERT_TRUE(profile) << profile.error().message;
  const FunctionTraffic* orders = profile->of("Orders");
  ASSERT_NE(orders, nullptr);
  const Result<Usage> usage = usage_of({.function = "Orders", .memory_mb = 1024}, *orders);
  ASSERT_TRUE(usage);
  // 990,000 of 46 ms, 10,000 of 246 ms, 1 GB.
  EXPECT_THAT((*usage)[Item::kDuration], DoubleNear(990'000 * 0.046 + 10'000 * 0.246, 1e-6));
  EXPECT_DOUBLE_EQ((*usage)[Item::kRequests], 2e6);  // 300,000 bytes: one more for 64 KB
  EXPECT_THAT((*usage)[Item::kLogIngestion], DoubleNear(1e6 / (1 << 20), 1e-9));
  EXPECT_DOUBLE_EQ(profile->of("Other")->invocations, 2 * 730 * 3600);

  const Result<Usage> other = usage_of({.function = "Orders", .memory_mb = 256}, *orders);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("no duration of 'Orders' for 256 MB"));
}

TEST(TrafficProfile, ProvisionedConcurrencyTakesItsShare) {
  const TrafficProfile profile = *read_traffic_profile(
      R"({"default": {"invocationsPerMonth": 1000, "durationMs": 1000, "provisionedShare": 0.9, "provisionedHours": 10}})");
  const Usage usage =
      *usage_of({.function = "f", .memory_mb = 1024, .provisioned = 3}, *profile.of("f"));
  EXPECT_DOUBLE_EQ(usage[Item::kProvisionedDuration], 900);
  EXPECT_DOUBLE_EQ(usage[Item::kDuration], 100);
  EXPECT_DOUBLE_EQ(usage[Item::kProvisionedCapacity], 3 * 36'000);
  EXPECT_DOUBLE_EQ(usage[Item::kRequests], 1000);
  // Without any configured, all run on demand.
  EXPECT_DOUBLE_EQ(
      (*usage_of({.function = "f", .memory_mb = 1024}, *profile.of("f")))[Item::kDuration], 1000);
}

TEST(TrafficProfile, SnapStartRestoresInsteadOfInit) {
  const TrafficProfile profile = *read_traffic_profile(
      R"({"default": {"invocationsPerMonth": 1000, "durationMs": 100, "initMs": 5000, "coldStarts": 0.1}})");
  FunctionSettings settings{.function = "f", .memory_mb = 2048, .snap_start = SnapStart::kYes};
  Usage usage = *usage_of(settings, *profile.of("f"));
  EXPECT_DOUBLE_EQ(usage[Item::kSnapStartRestore], 200);
  EXPECT_DOUBLE_EQ(usage[Item::kSnapStartCache], 2 * kSecondsPerMonth);
  EXPECT_DOUBLE_EQ(usage[Item::kDuration], 200);
  settings.snap_start = SnapStart::kJava;
  usage = *usage_of(settings, *profile.of("f"));
  EXPECT_DOUBLE_EQ(usage[Item::kSnapStartCache], 0);
}

TEST(TrafficProfile, FaultsAreNamed) {
  const struct {
    const char* text;
    const char* why;
  } cases[] = {
      {"{", "no JSON"},
      {"{}", "names no function"},
      {R"({"defaults": {}})", "defaults"},
      {R"({"default": {"durationMs": 1}})", "one of default.invocationsPerMonth"},
      {R"({"default": {"invocationsPerMonth": 1, "perSecond": 1, "durationMs": 1}})", "one of"},
      {R"({"default": {"invocationsPerMonth": -1, "durationMs": 1}})",
       "default.invocationsPerMonth"},
      {R"({"default": {"invocationsPerMonth": 1}})", "lacks default.durationMs"},
      {R"({"default": {"invocationsPerMonth": 1, "durationMs": {"big": 1}}})", "durationMs.big"},
      {R"({"default": {"invocationsPerMonth": 1, "durationMs": 1, "coldStarts": 2}})",
       "coldStarts"},
      {R"({"default": {"invocationsPerMonth": 1, "durationMs": 1, "memory": 2}})",
       "default.memory"},
      {R"({"functions": {"f": 3}})", "functions.f"},
  };
  for (const auto& c : cases) {
    const Result<TrafficProfile> profile = read_traffic_profile(c.text);
    ASSERT_FALSE(profile) << c.text;
    EXPECT_THAT(profile.error().message, HasSubstr(c.why)) << c.text;
  }
}

}  // namespace
}  // namespace kiln::cost
