// The simulator beside queueing theory and beside another simulator's published example.
#include <gtest/gtest.h>

#include <cmath>

#include "base/statistics.h"
#include "simulate/simulation.h"

namespace kiln::simulate {
namespace {

using traffic::kSecond;
using traffic::TimeModel;
using traffic::Traffic;

Scenario one_function(double per_second, const TimeModel& duration, std::optional<int> reserved) {
  Scenario scenario;
  scenario.functions.push_back(
      make_function({.name = "f", .timeout_s = 900, .reserved = reserved}));
  scenario.functions[0].behaviour.duration = duration;
  scenario.functions[0].sources.push_back({Traffic::poisson(per_second)});
  return scenario;
}

// A figure of ten runs.
template <class Figure>
Estimate ten_runs(const Scenario& scenario, const Figure& figure) {
  std::vector<double> values;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const auto result = simulate(scenario, {.seed = seed});
    EXPECT_TRUE(result.ok());
    if (result) values.push_back(figure(*result));
  }
  return mean_estimate(values);
}

TEST(Theory, WithoutALimitTheNumberInUseIsPoissonDistributed) {
  // M/M/∞ with λ = 20/s and 1/µ = 0.5 s: 10 on average, and a variance of 10.
  Scenario scenario = one_function(20, TimeModel::exponential(500), std::nullopt);
  scenario.length = 20'000 * kSecond;
  scenario.warm_up = 20 * kSecond;
  const Estimate in_use = ten_runs(scenario, [](const RunResult& result) {
    return result.functions[0].totals.busy_s / result.counted_s;
  });
  EXPECT_TRUE(in_use.holds(10)) << in_use.mean << " ± " << in_use.half_width;
  EXPECT_LT(in_use.half_width, 0.1);
  // An arrival finds what there is on average (PASTA): its own unit comes on top.
  const auto result = simulate(scenario, {});
  EXPECT_EQ(result->functions[0].totals.throttled(), 0u);
}

double erlang_b(double offered, int servers) {
  double blocked = 1;
  for (int i = 1; i <= servers; ++i) blocked = offered * blocked / (i + offered * blocked);
  return blocked;
}

TEST(Theory, AReserveBlocksAsErlangSaysWhateverTheDurationsDistribution) {
  EXPECT_NEAR(erlang_b(8, 10), 0.1217, 0.0001);
  // M/G/c/c: 16/s of 0.5 s each, 10 at once. The form of the distribution makes no difference.
  for (const char* duration : {"500ms", "exponential:500ms", "gamma:500ms,shape=0.5"}) {
    Scenario scenario = one_function(16, *TimeModel::parse(duration), 10);
    scenario.length = 20'000 * kSecond;
    scenario.warm_up = 20 * kSecond;
    const Estimate blocked = ten_runs(scenario, [](const RunResult& result) {
      const FunctionTotals& totals = result.functions[0].totals;
      return static_cast<double>(totals.throttled()) / static_cast<double>(totals.requests);
    });
    EXPECT_TRUE(blocked.holds(erlang_b(8, 10)))
        << duration << ": " << blocked.mean << " ± " << blocked.half_width;
    EXPECT_LT(blocked.half_width, 0.002) << duration;
    const auto result = simulate(scenario, {});
    const FunctionTotals& totals = result->functions[0].totals;
    EXPECT_EQ(totals.throttled(), totals.throttles[static_cast<size_t>(
                                      model::Throttle::kReservedFunctionConcurrentInvocations)]);
  }
}

// SimFaaS's README (github.com/pacslab/simfaas): 0.9 requests/s, exponential times with means of
// 1.991 s warm and 2.244 s cold, environments that expire after 600 s, over 10⁶ s. It prints a
// cold-start probability of 0.0014, 7.6612 servers of which 1.7879 run and 5.8733 are idle, and
// 23,410 steps a second.
TEST(Theory, SimFaasExample) {
  Scenario scenario = one_function(0.9, TimeModel::exponential(1991), std::nullopt);
  // Their cold start is one exponential time of 2.244 s; here Init comes before the duration.
  scenario.functions[0].behaviour.init = TimeModel::fixed(2244 - 1991);
  scenario.length = 1'000'000 * kSecond;
  const Estimate cold = ten_runs(scenario, [](const RunResult& result) {
    const FunctionTotals& totals = result.functions[0].totals;
    return static_cast<double>(totals.cold_starts) / static_cast<double>(totals.requests);
  });
  const Estimate running = ten_runs(scenario, [](const RunResult& result) {
    return result.functions[0].totals.busy_s / result.counted_s;
  });
  const Estimate servers = ten_runs(scenario, [](const RunResult& result) {
    return result.functions[0].totals.environment_s / result.counted_s;
  });
  // It prints one run; ten of these are 0.00137 ± 0.00003, 1.792 ± 0.002 and 7.71 ± 0.02.
  EXPECT_NEAR(cold.mean, 0.0014, 0.00005);
  EXPECT_NEAR(running.mean, 1.7879, 0.01);
  EXPECT_NEAR(servers.mean, 7.6612, 0.08);
}

}  // namespace
}  // namespace kiln::simulate
