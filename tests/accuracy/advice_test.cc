// Advice beside the engine: each of six badly set functions runs on the engine's own parts, is
// advised from what was seen, set as advised, and runs again with other requests. What the advice
// said of before and after is what is measured, within 10 %.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "advise/advise.h"
#include "tests/accuracy/virtual_engine.h"
#include "tests/support/prices.h"

namespace kiln::tests {
namespace {

using namespace std::chrono_literals;
using namespace advise;
using simulate::SimulatedFunction;

class AdviceTest : public testing::Test {
 protected:
  static SimulatedFunction make(const simulate::FunctionShape& shape, const char* traffic,
                                const char* duration, const char* init) {
    SimulatedFunction function = simulate::make_function(shape);
    if (shape.provisioned == 0) {
      auto version = std::make_shared<model::FunctionConfig>(*function.config.latest);
      version->version = "1";
      function.config.versions[1] = version;
      function.config.aliases["live"] = {"live", "1", {}, {}, {}};
    }
    function.behaviour.duration = *traffic::TimeModel::parse(duration);
    function.behaviour.init = *traffic::TimeModel::parse(init);
    function.sources = {{*traffic::Traffic::parse(traffic), "live"}};
    return function;
  }

  // What kiln advise does with a running engine.
  std::vector<Advice> advise_from(const SimulatedFunction& truth, const std::vector<Measured>& seen,
                                  Duration idle_lifetime) {
    Observed observed;
    observed.qualifier = "live";
    observed.from = kBegin;
    for (const Measured& run : seen) {
      observed.minutes.insert(observed.minutes.end(), run.minutes.begin(), run.minutes.end());
      observed.reports.insert(observed.reports.end(), run.reports.begin(), run.reports.end());
    }
    observed.until = observed.minutes.back().start + 1min;
    simulate::Scenario scenario;
    SimulatedFunction function = truth;
    function.sources.clear();
    function.behaviour = {};
    function.of_memory.clear();
    EXPECT_TRUE(set_observed(function, observed).ok());
    set_tuned(function, sizes_of(observed));
    scenario.functions = {function};
    scenario.platform = simulate::Platform::kiln();
    scenario.platform.idle_lifetime = idle_lifetime;
    scenario.start = span_of(observed)->start;
    scenario.length = span_of(observed)->length;
    simulate::StudyOptions options;
    options.seeds = 5;
    options.costing.prices = &prices_;
    auto all = advise::advise(scenario, 0, observed, goals_, options);
    EXPECT_TRUE(all.ok()) << all.error().message;
    return all ? *std::move(all) : std::vector<Advice>();
  }

  // The sizes that it ran with, and how fast it was with each.
  static std::vector<TunedSize> sizes_of(const Observed& observed) {
    std::map<int, std::vector<double>> durations;
    for (const Report& report : observed.reports)
      durations[report.memory_mb].push_back(report.duration_ms);
    std::vector<TunedSize> sizes;
    for (auto& [memory_mb, all] : durations) {
      std::sort(all.begin(), all.end());
      sizes.push_back({memory_mb, percentile(all, 0.5)});
    }
    return sizes;
  }

  static void near(const char* what, const Estimate& said, double measured, double few) {
    std::printf("  %-20s said %10.4g  measured %10.4g\n", what, said.mean, measured);
    EXPECT_NEAR(said.mean, measured, kWithin * std::max(measured, few)) << what;
  }
  // Shares are within a hundredth where they are small.
  void compare(const char* when, const Outcome& said, const Measured& measured) {
    std::printf("%s\n", when);
    near("cold share", said.cold_share, measured.cold_share(), 0.1);
    near("throttle share", said.throttle_share, measured.throttle_share(), 0.1);
    near("p99 ms", said.p99_ms, measured.latency_ms(0.99), 1);
    near("USD a month", said.monthly_cost, measured.monthly_cost(prices_), 0.01);
  }

  template <class Kind>
  static const Advice& of_kind(const std::vector<Advice>& all) {
    for (const Advice& advice : all)
      if (std::holds_alternative<Kind>(advice.setting)) return advice;
    ADD_FAILURE() << "no such advice";
    static const Advice kNone{};
    return kNone;
  }

  static void each_config(SimulatedFunction& function,
                          const std::function<void(model::FunctionConfig&)>& change) {
    const auto changed = [&](model::ConfigPtr& config) {
      auto copy = std::make_shared<model::FunctionConfig>(*config);
      change(*copy);
      config = copy;
    };
    changed(function.config.latest);
    if (function.config.versions.empty()) return;
    for (auto& [number, config] : function.config.versions.change()) changed(config);
  }

  cost::Prices prices_ = tests::virginia_prices();
  Goals goals_;
};

TEST_F(AdviceTest, AReserveThatThrottles) {
  VirtualEngine engine(make({.name = "f", .memory_mb = 512, .timeout_s = 10, .reserved = 4}, "12/s",
                            "gamma:400ms,shape=4", "300ms"));
  const Measured before = engine.run(60min, 1, kBegin);
  EXPECT_GT(before.throttle_share(), 0.2);
  const Advice advice = of_kind<SetReserved>(advise_from(engine.truth(), {before}, 10min));
  compare("before", advice.now, before);
  engine.truth().config.reserved_concurrency = std::get<SetReserved>(advice.setting).units;
  const Measured after = engine.run(60min, 2, kBegin);
  compare("after", advice.then, after);
  EXPECT_LT(after.throttle_share(), 0.002);
}

TEST_F(AdviceTest, AReserveFarAboveWhatIsUsed) {
  VirtualEngine engine(make({.name = "f", .memory_mb = 512, .timeout_s = 10, .reserved = 500},
                            "10/s", "200ms", "300ms"));
  const Measured before = engine.run(120min, 1, kBegin);
  const Advice advice = of_kind<SetReserved>(advise_from(engine.truth(), {before}, 10min));
  compare("before", advice.now, before);
  const auto units = std::get<SetReserved>(advice.setting).units;
  ASSERT_TRUE(units);
  EXPECT_LT(*units, 100);
  engine.truth().config.reserved_concurrency = units;
  const Measured after = engine.run(120min, 2, kBegin);
  compare("after", advice.then, after);
  EXPECT_EQ(after.throttles, 0);
}

TEST_F(AdviceTest, ProvisionedConcurrencyThatIsIdle) {
  VirtualEngine engine(make({.name = "f", .memory_mb = 1024, .timeout_s = 10, .provisioned = 20},
                            "10/s", "gamma:100ms,shape=3", "300ms"));
  const Measured before = engine.run(60min, 1, kBegin);
  const Advice advice = of_kind<SetProvisioned>(advise_from(engine.truth(), {before}, 10min));
  compare("before", advice.now, before);
  const auto& setting = std::get<SetProvisioned>(advice.setting);
  EXPECT_LT(setting.units, 10);
  engine.truth().config.provisioned.clear();
  if (setting.units > 0) engine.truth().config.provisioned["live"] = {setting.units, {}};
  const Measured after = engine.run(60min, 2, kBegin);
  compare("after", advice.then, after);
  EXPECT_LT(after.monthly_cost(prices_), 0.7 * before.monthly_cost(prices_));
}

TEST_F(AdviceTest, BurstsThatStartCold) {
  // Idle environments end between two bursts.
  const Duration idle = 30s;
  VirtualEngine engine(make({.name = "f", .memory_mb = 1024, .timeout_s = 10},
                            "bursts:6 every 1m within 100ms", "300ms", "gamma:600ms,shape=9"),
                       idle);
  const Measured before = engine.run(120min, 1, kBegin);
  EXPECT_GT(before.cold_share(), 0.9);
  const Advice advice = of_kind<SetProvisioned>(advise_from(engine.truth(), {before}, idle));
  compare("before", advice.now, before);
  const auto& setting = std::get<SetProvisioned>(advice.setting);
  EXPECT_EQ(setting.qualifier, "live");
  engine.truth().config.provisioned["live"] = {setting.units, {}};
  const Measured after = engine.run(120min, 2, kBegin);
  compare("after", advice.then, after);
  EXPECT_LT(after.cold_share(), 0.02);
}

TEST_F(AdviceTest, MemoryThatMakesNothingFaster) {
  SimulatedFunction truth =
      make({.name = "f", .memory_mb = 256, .timeout_s = 10}, "5/s", "gamma:40ms,shape=4", "200ms");
  VirtualEngine engine(truth);
  const Measured small = engine.run(30min, 1, kBegin - 30min);
  each_config(engine.truth(), [](model::FunctionConfig& config) { config.memory_mb = 2048; });
  const Measured before = engine.run(60min, 2, kBegin);
  const Advice advice = of_kind<SetMemory>(advise_from(engine.truth(), {small, before}, 10min));
  const int memory_mb = std::get<SetMemory>(advice.setting).memory_mb;
  EXPECT_EQ(memory_mb, 256);
  each_config(engine.truth(), [&](model::FunctionConfig& config) { config.memory_mb = memory_mb; });
  const Measured after = engine.run(60min, 3, kBegin);
  compare("after", advice.then, after);
  EXPECT_LT(after.monthly_cost(prices_), 0.4 * before.monthly_cost(prices_));
}

TEST_F(AdviceTest, ATimeoutThatEndsInvocations) {
  VirtualEngine engine(
      make({.name = "f", .memory_mb = 512, .timeout_s = 1}, "10/s", "exponential:300ms", "300ms"));
  const Measured before = engine.run(60min, 1, kBegin);
  EXPECT_GT(before.timeouts / before.invocations, 0.02);
  const Advice advice = of_kind<SetTimeout>(advise_from(engine.truth(), {before}, 10min));
  compare("before", advice.now, before);
  const int seconds = std::get<SetTimeout>(advice.setting).seconds;
  EXPECT_GT(seconds, 1);
  each_config(engine.truth(), [&](model::FunctionConfig& config) { config.timeout_s = seconds; });
  const Measured after = engine.run(60min, 2, kBegin);
  compare("after", advice.then, after);
  EXPECT_LT(after.timeouts, 0.1 * before.timeouts);
}

}  // namespace
}  // namespace kiln::tests
