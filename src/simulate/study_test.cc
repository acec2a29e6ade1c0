#include "simulate/study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulate/threads.h"

namespace kiln::simulate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using traffic::kSecond;
using traffic::TimeModel;
using traffic::Traffic;

// x86: a request costs 0.2 USD a million, a GB-second 0.00001, a provisioned one 0.000004.
cost::Prices test_prices() {
  cost::Prices prices;
  const auto x86 = cost::Architecture::kX86_64;
  prices.of(cost::Item::kRequests, x86) = {{.price = 2e-7}};
  prices.of(cost::Item::kDuration, x86) = {{.price = 1e-5}};
  prices.of(cost::Item::kProvisionedDuration, x86) = {{.price = 6e-6}};
  prices.of(cost::Item::kProvisionedCapacity, x86) = {{.price = 4e-6}};
  prices.of(cost::Item::kEphemeralStorage, x86) = {{.price = 1e-8}};
  prices.of(cost::Item::kAlarms, x86) = {{.price = 0.1}};
  return prices;
}

Scenario busy_function() {
  Scenario scenario;
  scenario.functions.push_back(
      make_function({.name = "f", .memory_mb = 1024, .timeout_s = 60, .provisioned = 1}));
  scenario.functions[0].config.provisioned.clear();
  scenario.functions[0].behaviour.duration = TimeModel::exponential(500);
  scenario.functions[0].behaviour.init = TimeModel::fixed(1000);
  scenario.functions[0].sources.push_back({Traffic::poisson(16), "live"});
  scenario.length = 1000 * kSecond;
  return scenario;
}

TEST(Study, SeveralSeedsGiveConfidence) {
  const cost::Prices prices = test_prices();
  StudyOptions options;
  options.seeds = 8;
  options.costing.prices = &prices;
  const auto serial = study(busy_function(), options);
  ASSERT_TRUE(serial.ok());
  const Estimate busy = serial->summary.of(0, Figure::kBusy);
  EXPECT_EQ(busy.count, 8u);
  EXPECT_TRUE(busy.holds(8.0)) << busy.mean << " ± " << busy.half_width;
  EXPECT_GT(busy.half_width, 0);
  EXPECT_LT(busy.half_width, 0.3);
  // A month: 730 hours of 16 requests a second, of half a second and a GB each.
  const double requests = 16.0 * 730 * 3600;
  EXPECT_NEAR(serial->summary.of(0, Figure::kMonthlyCost).mean, requests * (2e-7 + 0.5005 * 1e-5),
              requests * 6e-6 * 0.03);
  EXPECT_NEAR(serial->summary.bill().total(), serial->summary.of(0, Figure::kMonthlyCost).mean,
              1e-6);
  // Threads change nothing, not even the last digit.
  options.for_each = in_threads(8);
  const auto parallel = study(busy_function(), options);
  for (const FigureName& name : figure_names()) {
    EXPECT_EQ(parallel->summary.of(0, name.figure).mean, serial->summary.of(0, name.figure).mean);
    EXPECT_EQ(parallel->summary.of(0, name.figure).half_width,
              serial->summary.of(0, name.figure).half_width);
  }
}

TEST(Sweep, RangesListsAndSteps) {
  const auto values = [](const char* text) {
    const auto axis = SweepAxis::parse(text);
    EXPECT_TRUE(axis.ok()) << text;
    return axis.ok() ? axis->values : std::vector<double>();
  };
  EXPECT_THAT(values("reserved=10..200"), ElementsAre(10, 37, 64, 91, 119, 146, 173, 200));
  EXPECT_THAT(values("reserved=10..40:10"), ElementsAre(10, 20, 30, 40));
  EXPECT_THAT(values("reserved=1..3"), ElementsAre(1, 2, 3));
  EXPECT_THAT(values("provisioned=0,5,20..22:1"), ElementsAre(0, 5, 20, 21, 22));
  EXPECT_EQ(values("target=0.5..0.9").size(), 8u);
  EXPECT_EQ(values("target=0.5..0.9:0.1").size(), 5u);
  EXPECT_EQ(SweepAxis::parse("a.b.reserved=5")->function, "a.b");
  EXPECT_EQ(SweepAxis::parse("orders.reserved=5")->name(), "orders.reserved");
  for (const char* text : {"", "reserved", "reserved=", "reserved=x", "reserved=5..1",
                           "reserved=1..5:0", "speed=5", "reserved=1,,2", "reserved=nan"}) {
    const auto axis = SweepAxis::parse(text);
    ASSERT_FALSE(axis.ok()) << text;
    EXPECT_THAT(axis.error().message, HasSubstr("'" + std::string(text) + "'"));
  }
  EXPECT_THAT(SweepAxis::parse("target=0.95").error().message, HasSubstr("from 0.1 to 0.9"));
  EXPECT_THAT(SweepAxis::parse("reserved=1.5").error().message, HasSubstr("a whole number"));
  EXPECT_THAT(SweepAxis::parse("reserved=-1").error().message, HasSubstr("can't be -1"));
}

TEST(Sweep, TheCheapestThatKeepsWhatIsWanted) {
  const cost::Prices prices = test_prices();
  StudyOptions options;
  options.seeds = 3;
  options.costing.prices = &prices;
  Scenario scenario = busy_function();
  scenario.platform.allocation = {};
  scenario.warm_up = 10 * kSecond;
  const auto points = sweep(
      scenario, {*SweepAxis::parse("reserved=4,10,40"), *SweepAxis::parse("provisioned=0,8,20")},
      options);
  ASSERT_TRUE(points.ok()) << points.error().message;
  ASSERT_EQ(points->size(), 9u);
  EXPECT_THAT((*points)[1].values, ElementsAre(4, 8));
  EXPECT_THAT((*points)[1].refused, HasSubstr("greater than the reservedConcurrentExecution"));
  EXPECT_EQ((*points)[0].refused, "");
  // Less reserve, more throttles; more provisioned, fewer cold starts and more to pay.
  const auto mean = [&](size_t at, Figure figure) {
    return (*points)[at].summary.of(Summary::kAll, figure).mean;
  };
  EXPECT_GT(mean(0, Figure::kThrottleShare), 0.4);
  EXPECT_LT(mean(6, Figure::kThrottleShare), 0.001);
  const double few = mean(8, Figure::kColdShare), more = mean(7, Figure::kColdShare);
  EXPECT_LT(few, more);
  EXPECT_LT(more, mean(6, Figure::kColdShare));
  EXPECT_LT(mean(7, Figure::kMonthlyCost), mean(8, Figure::kMonthlyCost));
  EXPECT_EQ(best(*points, {.throttle_share = 0.001}), 6u);
  EXPECT_EQ(best(*points, {.cold_share = (few + more) / 2, .throttle_share = 0.001}), 8u);
  EXPECT_FALSE(best(*points, {.p99_ms = 1}));
}

TEST(Sweep, WhatTheScenarioLacksIsRefused) {
  const auto problem = [](const Scenario& scenario, const char* axis) {
    const auto points = sweep(scenario, {*SweepAxis::parse(axis)}, {});
    EXPECT_FALSE(points.ok()) << axis;
    return points.ok() ? "" : points.error().message;
  };
  Scenario scenario = busy_function();
  EXPECT_THAT(problem(scenario, "target=0.5,0.7"), HasSubstr("no target tracking;"));
  EXPECT_THAT(problem(scenario, "memory=256,512"), HasSubstr("measure it with kiln tune"));
  EXPECT_THAT(problem(scenario, "g.reserved=5"), HasSubstr("no function 'g'"));
  EXPECT_THAT(problem(scenario, "reserved=1..100000:1"), HasSubstr("larger steps"));
  EXPECT_THAT(problem(scenario, "reserved=1000"), HasSubstr("1000 together"));
  scenario.functions[0].sources[0].qualifier = "";
  EXPECT_THAT(problem(scenario, "provisioned=5"), HasSubstr("give its traffic a qualifier"));
}

TEST(Sweep, MemoryFollowsWhatWasMeasured) {
  Scenario scenario = busy_function();
  Behaviour fast;
  fast.duration = TimeModel::fixed(100);
  scenario.functions[0].of_memory[2048] = fast;
  StudyOptions options;
  options.seeds = 1;
  const auto points = sweep(scenario, {*SweepAxis::parse("memory=1024,2048")}, options);
  ASSERT_TRUE(points.ok());
  EXPECT_NEAR((*points)[0].summary.of(0, Figure::kMeanMs).mean, 500, 20);
  EXPECT_NEAR((*points)[1].summary.of(0, Figure::kMeanMs).mean, 100, 1);
}

}  // namespace
}  // namespace kiln::simulate
