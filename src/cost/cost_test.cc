// The examples of AWS's pricing page (US East (N. Virginia), read in September 2026), by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cost/bill.h"

namespace kiln::cost {
namespace {

using testing::DoubleNear;

constexpr double kEnd = std::numeric_limits<double>::infinity();

Prices virginia() {
  Prices prices{.region = "us-east-1", .date = "2026-09-19", .source = "AWS"};
  for (const Architecture architecture : kArchitectures) {
    prices.of(Item::kRequests, architecture) = {{kEnd, 0.20 / 1e6}};
    prices.of(Item::kEphemeralStorage, architecture) = {{kEnd, 0.0000000309}};
    prices.of(Item::kSnapStartCache, architecture) = {{kEnd, 0.0000015046}};
    prices.of(Item::kSnapStartRestore, architecture) = {{kEnd, 0.0001397998}};
    prices.of(Item::kStreamedBytes, architecture) = {{kEnd, 0.008}};
    prices.of(Item::kAlarms, architecture) = {{kEnd, 0.10}};
    prices.of(Item::kLogIngestion, architecture) = {
        {10'000, 0.50}, {30'000, 0.25}, {50'000, 0.10}, {kEnd, 0.05}};
  }
  prices.of(Item::kDuration, Architecture::kX86_64) = {
      {6e9, 0.0000166667}, {15e9, 0.000015}, {kEnd, 0.0000133334}};
  prices.of(Item::kDuration, Architecture::kArm64) = {
      {7.5e9, 0.0000133334}, {18.75e9, 0.0000120001}, {kEnd, 0.0000106667}};
  prices.of(Item::kProvisionedCapacity, Architecture::kX86_64) = {{kEnd, 0.0000041667}};
  prices.of(Item::kProvisionedDuration, Architecture::kX86_64) = {{kEnd, 0.0000097222}};
  prices.free[static_cast<size_t>(Item::kRequests)] = 1e6;
  prices.free[static_cast<size_t>(Item::kDuration)] = 400'000;
  prices.free[static_cast<size_t>(Item::kStreamedBytes)] = 100;
  return prices;
}

double cents(double usd) { return std::round(usd * 100) / 100; }

TEST(Billing, InitIsBilledTogetherWithDurationInWholeMilliseconds) {
  EXPECT_EQ(billed_ms(133.61, 80.00), 214);  // the samples of Lambda's documentation
  EXPECT_EQ(billed_ms(3016.78, 84.00), 3101);
  EXPECT_EQ(billed_ms(3.01, 0), 4);
  EXPECT_EQ(billed_ms(4.00, 0), 4);
  EXPECT_EQ(billed_ms(4.004, 0), 4);  // printed as 4.00
  EXPECT_EQ(billed_ms(4.006, 0), 5);
  EXPECT_EQ(billed_ms(0.2, 0), 1);
  EXPECT_EQ(billed_ms(5, -1), 5);  // no init
}

TEST(Billing, ProvisionedConcurrencyCountsEachBegunFiveMinutes) {
  EXPECT_DOUBLE_EQ(provisioned_gb_seconds(1024, 1, 300), 300);
  EXPECT_DOUBLE_EQ(provisioned_gb_seconds(1024, 1, 301), 600);
  EXPECT_DOUBLE_EQ(provisioned_gb_seconds(1024, 1, 1), 300);
  EXPECT_DOUBLE_EQ(provisioned_gb_seconds(512, 4, 0), 0);
}

TEST(Billing, OnlyStorageBeyond512MbCounts) {
  EXPECT_DOUBLE_EQ(storage_gb_seconds(512, 1000), 0);
  EXPECT_DOUBLE_EQ(storage_gb_seconds(513, 1000), 1.0 / 1024);
}

TEST(Billing, OnlyBytesBeyondTheFirst6MbOfAStreamCount) {
  EXPECT_DOUBLE_EQ(streamed_gb(6 << 20), 0);
  EXPECT_DOUBLE_EQ(streamed_gb(7 << 20), 1.0 / 1024);
}

TEST(Billing, SnapStartKeepsASnapshotForThreeHoursAtLeast) {
  EXPECT_DOUBLE_EQ(snapstart_cache_gb_seconds(1024, 60), 3 * 3600);
  EXPECT_DOUBLE_EQ(snapstart_cache_gb_seconds(1024, 3 * 3600 + 1), 3 * 3600 + 1);
}

TEST(Billing, LargeEventsAreSeveralRequests) {
  EXPECT_EQ(requests_of_event(0), 1);
  EXPECT_EQ(requests_of_event(256 * 1024), 1);
  EXPECT_EQ(requests_of_event(256 * 1024 + 1), 2);
  EXPECT_EQ(requests_of_event(320 * 1024), 2);
  EXPECT_EQ(requests_of_event(1024 * 1024), 13);
}

TEST(Bill, MobileBackend) {
  Usage usage{.function = "backend"};
  add_invocations(usage, {.memory_mb = 1536, .billed_ms = 120}, 3e6);
  const Bill bill = make_bill({usage}, virginia(), FreeTier::kYes);
  EXPECT_EQ(cents(bill.of(Item::kDuration)), 2.33);
  EXPECT_EQ(cents(bill.of(Item::kRequests)), 0.40);
  EXPECT_EQ(cents(bill.total()), 2.73);
  // Without the free tier: 540,000 GB-s * 0.0000166667 = 9.00, 3 M requests = 0.60.
  EXPECT_EQ(cents(make_bill({usage}, virginia(), FreeTier::kNo).total()), 9.60);
}

TEST(Bill, TicketsWithEphemeralStorage) {
  Usage usage{.function = "tickets"};
  add_invocations(usage, {.memory_mb = 4096, .storage_mb = 2048, .billed_ms = 280}, 6e6);
  const Bill bill = make_bill({usage}, virginia(), FreeTier::kYes);
  EXPECT_EQ(cents(bill.of(Item::kDuration)), 105.33);
  EXPECT_EQ(cents(bill.of(Item::kRequests)), 1.00);
  EXPECT_EQ(cents(bill.of(Item::kEphemeralStorage)), 0.08);
  EXPECT_EQ(cents(bill.total()), 106.41);
}

// A launch day with 100 provisioned environments for eight hours, the rest of the month without.
TEST(Bill, LaunchOnProvisionedConcurrency) {
  Usage launch{.function = "app"}, rest{.function = "app"};
  launch[Item::kProvisionedCapacity] = provisioned_gb_seconds(1536, 100, 8 * 3600);
  add_invocations(launch, {.memory_mb = 1536, .billed_ms = 100, .capacity = Capacity::kProvisioned},
                  500'000);
  add_invocations(rest, {.memory_mb = 1536, .billed_ms = 120}, 2.5e6);
  const Bill bill = make_bill({launch, rest}, virginia(), FreeTier::kYes);
  EXPECT_EQ(cents(bill.of(Item::kProvisionedCapacity)), 18.00);
  EXPECT_EQ(cents(bill.of(Item::kProvisionedDuration)), 0.73);
  EXPECT_EQ(cents(bill.of(Item::kRequests)), 0.40);
  EXPECT_EQ(cents(bill.of(Item::kDuration)), 0.83);
  EXPECT_THAT(bill.total(), DoubleNear(19.96, 0.01));  // AWS adds rounded numbers
}

TEST(Bill, NoFreeTierOnProvisionedConcurrency) {
  Usage sale{.function = "sale"};
  sale[Item::kProvisionedCapacity] = provisioned_gb_seconds(4096, 7, 24 * 3600);
  add_invocations(sale, {.memory_mb = 4096, .billed_ms = 280, .capacity = Capacity::kProvisioned},
                  2e6);
  const Bill bill = make_bill({sale}, virginia(), FreeTier::kYes);
  EXPECT_EQ(cents(bill.of(Item::kProvisionedCapacity)), 10.08);
  EXPECT_EQ(cents(bill.of(Item::kProvisionedDuration)), 21.78);
  EXPECT_EQ(cents(bill.of(Item::kRequests)), 0.40);
  EXPECT_EQ(cents(bill.total()), 32.26);
}

TEST(Bill, TelemetryWithSnapStart) {
  Usage usage{.function = "telemetry"};
  add_invocations(usage, {.memory_mb = 1024, .billed_ms = 2000}, 7.44e6);
  usage[Item::kSnapStartCache] = snapstart_cache_gb_seconds(1024, 31 * 24 * 3600);
  usage[Item::kSnapStartRestore] = 74'400;
  const Bill bill = make_bill({usage}, virginia(), FreeTier::kNo);
  EXPECT_EQ(cents(bill.of(Item::kRequests)), 1.49);
  EXPECT_EQ(cents(bill.of(Item::kDuration)), 248.00);
  EXPECT_EQ(cents(bill.of(Item::kSnapStartCache)), 4.03);
  EXPECT_EQ(cents(bill.of(Item::kSnapStartRestore)), 10.40);
}

TEST(Bill, StreamedPages) {
  Usage usage{.function = "pages"};
  add_invocations(usage, {.memory_mb = 1536, .billed_ms = 500}, 3e6);
  usage[Item::kStreamedBytes] = 2e6 * streamed_gb(100 << 10) + 1e6 * streamed_gb(7 << 20);
  EXPECT_THAT(usage[Item::kStreamedBytes], DoubleNear(976.56, 0.01));
  Prices prices = virginia();
  prices.free[static_cast<size_t>(Item::kStreamedBytes)] = 0;  // used up, says the example
  const Bill bill = make_bill({usage}, prices, FreeTier::kYes);
  EXPECT_EQ(cents(bill.of(Item::kDuration)), 30.83);
  EXPECT_EQ(cents(bill.of(Item::kStreamedBytes)), 7.81);
  EXPECT_THAT(bill.total(), DoubleNear(39.04, 0.01));  // AWS adds rounded numbers
}

// Tiers are the account's: 4 and 5 billion GB-s are 6 in the first tier and 3 in the second.
TEST(Bill, TiersHoldForAllFunctionsTogetherAndPerArchitecture) {
  Usage a{.function = "a"}, b{.function = "b"};
  Usage arm{.function = "arm", .architecture = Architecture::kArm64};
  a[Item::kDuration] = 4e9;
  b[Item::kDuration] = 5e9;
  arm[Item::kDuration] = 8.5e9;
  const Bill bill = make_bill({a, b, arm}, virginia(), FreeTier::kNo);
  const double x86 = 6e9 * 0.0000166667 + 3e9 * 0.000015;
  EXPECT_THAT(bill.of("a"), DoubleNear(x86 * 4 / 9, 1e-3));
  EXPECT_THAT(bill.of("b"), DoubleNear(x86 * 5 / 9, 1e-3));
  EXPECT_THAT(bill.of("arm"), DoubleNear(7.5e9 * 0.0000133334 + 1e9 * 0.0000120001, 1e-3));
}

// AWS's announcement of 2025-05-01: 60 TB of Lambda's logs a month cost 12,500 USD.
TEST(Bill, LogTiersHoldForBothArchitecturesTogether) {
  Usage x86{.function = "x86"}, arm{.function = "arm", .architecture = Architecture::kArm64};
  x86[Item::kLogIngestion] = 20'000;
  arm[Item::kLogIngestion] = 40'000;
  EXPECT_EQ(cents(make_bill({x86, arm}, virginia(), FreeTier::kNo).total()), 12'500);
}

TEST(Bill, TheFreeTierIsSharedInProportion) {
  Usage a{.function = "a"}, b{.function = "b", .architecture = Architecture::kArm64};
  a[Item::kRequests] = 3e6;
  b[Item::kRequests] = 1e6;
  const Bill bill = make_bill({a, b}, virginia(), FreeTier::kYes);
  EXPECT_THAT(bill.of("a"), DoubleNear(2.25e6 * 0.20 / 1e6, 1e-9));
  EXPECT_THAT(bill.of("b"), DoubleNear(0.75e6 * 0.20 / 1e6, 1e-9));
  a[Item::kRequests] = 300'000;
  b[Item::kRequests] = 100'000;
  EXPECT_EQ(make_bill({a, b}, virginia(), FreeTier::kYes).total(), 0);
}

TEST(Bill, AnItemWithoutPriceIsSaidAndNotGuessed) {
  Usage usage{.function = "f", .architecture = Architecture::kArm64};
  usage[Item::kRequests] = 1e6;
  usage[Item::kProvisionedCapacity] = 1000;
  const Bill bill = make_bill({usage}, virginia(), FreeTier::kNo);
  ASSERT_EQ(bill.unpriced().size(), 1U);
  EXPECT_EQ(bill.unpriced().front().item, Item::kProvisionedCapacity);
  EXPECT_THAT(bill.total(), DoubleNear(0.20, 1e-9));
}

TEST(Bill, UsageBeyondTheKnownTiersHasNoPrice) {
  Prices prices = virginia();
  prices.of(Item::kDuration, Architecture::kX86_64) = {{6e9, 0.0000166667}};
  Usage usage{.function = "f"};
  usage[Item::kDuration] = 6e9;
  EXPECT_TRUE(make_bill({usage}, prices, FreeTier::kNo).unpriced().empty());
  usage[Item::kDuration] = 6e9 + 1;
  EXPECT_EQ(make_bill({usage}, prices, FreeTier::kNo).unpriced().size(), 1U);
}

TEST(Bill, AMonthOfWhatWasSeenInAnHour) {
  Usage hour{.function = "f"};
  hour[Item::kRequests] = 1000;
  hour[Item::kAlarms] = 3;
  const Usage month = per_month(hour, 3600);
  EXPECT_DOUBLE_EQ(month[Item::kRequests], 730'000);
  EXPECT_DOUBLE_EQ(month[Item::kAlarms], 3);
}

TEST(Bill, OneInvocation) {
  const auto cost =
      invocation_cost(virginia(), Architecture::kX86_64, {.memory_mb = 1024, .billed_ms = 1000});
  ASSERT_TRUE(cost);
  EXPECT_THAT(*cost, DoubleNear(0.0000166667 + 0.0000002, 1e-12));
  EXPECT_FALSE(invocation_cost(Prices(), Architecture::kX86_64, {.billed_ms = 1}));
}

TEST(Prices, TheirAgeIsCountedInDays) {
  const WallTime now = std::chrono::sys_days(std::chrono::year(2026) / 11 / 29);
  EXPECT_EQ(age_in_days(virginia(), now), 71);
  Prices prices = virginia();
  for (const char* date : {"", "2026-13-01", "2026-02-30", "19.9.2026", "2026-9-19"}) {
    prices.date = date;
    EXPECT_FALSE(age_in_days(prices, now)) << date;
  }
}

}  // namespace
}  // namespace kiln::cost
