// The simulator beside the engine: the same workloads, on the engine's own parts and as
// simulations, each from several seeds of its own. Cold starts, throttles, the 95th percentile, and
// cost are within 10 %.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "simulate/study.h"
#include "tests/accuracy/virtual_engine.h"
#include "tests/support/prices.h"

namespace kiln::tests {
namespace {

using namespace std::chrono_literals;
using simulate::Figure;
using simulate::SimulatedFunction;
using simulate::Summary;

constexpr size_t kSeeds = 10, kSimulatedSeeds = 60;

struct Workload {
  std::string name;
  simulate::FunctionShape shape;
  std::string traffic, duration = "gamma:120ms,shape=3", init = "gamma:400ms,shape=9";
  Duration length = 10min;
  Duration idle_lifetime = 10min;
  double weight = 0;  // of a second version, which is four times as slow
};

// What gtest calls the test.
std::ostream& operator<<(std::ostream& out, const Workload& workload) {
  return out << workload.name;
}

SimulatedFunction function_of(const Workload& workload) {
  SimulatedFunction function = simulate::make_function(workload.shape);
  function.behaviour.duration = *traffic::TimeModel::parse(workload.duration);
  function.behaviour.init = *traffic::TimeModel::parse(workload.init);
  std::string qualifier;
  if (workload.shape.provisioned > 0) qualifier = "live";
  if (workload.weight > 0) {
    for (const int64_t number : {1, 2}) {
      auto version = std::make_shared<model::FunctionConfig>(*function.config.latest);
      version->version = std::to_string(number);
      function.config.versions[number] = version;
    }
    function.config.aliases["live"] = {"live", "1", std::pair("2", workload.weight), {}, {}};
    simulate::Behaviour slow = function.behaviour;
    slow.duration = slow.duration.scaled(4);
    function.of_version["2"] = slow;
    qualifier = "live";
  }
  function.sources = {{*traffic::Traffic::parse(workload.traffic), qualifier}};
  return function;
}

class Accuracy : public testing::TestWithParam<Workload> {};

TEST_P(Accuracy, TheSimulatorSaysWhatTheEngineDoes) {
  const Workload& workload = GetParam();
  const SimulatedFunction function = function_of(workload);
  const cost::Prices prices = tests::virginia_prices();

  std::vector<double> colds, throttles, p95, costs;
  const VirtualEngine engine(function, workload.idle_lifetime);
  for (size_t seed = 1; seed <= kSeeds; ++seed) {
    const Measured seen =
        engine.run(workload.length, 1000 + seed, kBegin, VirtualEngine::Provisioned::kStarting);
    colds.push_back(seen.cold_starts);
    throttles.push_back(seen.throttles);
    p95.push_back(seen.latency_ms(0.95));
    costs.push_back(seen.monthly_cost(prices));
  }

  simulate::Scenario scenario;
  scenario.functions = {function};
  scenario.platform = simulate::Platform::kiln();
  scenario.platform.idle_lifetime = workload.idle_lifetime;
  scenario.start = kBegin;
  scenario.length = workload.length.count();
  simulate::StudyOptions options;
  options.seeds = kSimulatedSeeds;
  options.costing.prices = &prices;
  const auto study = simulate::study(scenario, options);
  ASSERT_TRUE(study.ok()) << study.error().message;

  const auto compare = [&](const char* what, const std::vector<double>& measured, Figure figure,
                           double few) {
    const double engine_mean = mean_estimate(measured).mean;
    const double simulated = study->summary.of(Summary::kAll, figure).mean;
    RecordProperty(std::string(what) + " engine", std::to_string(engine_mean));
    RecordProperty(std::string(what) + " simulator", std::to_string(simulated));
    std::printf("%-28s %-12s engine %10.4g  simulator %10.4g\n", workload.name.c_str(), what,
                engine_mean, simulated);
    EXPECT_NEAR(simulated, engine_mean, kWithin * std::max(engine_mean, few)) << what;
  };
  // A tenth of a few is less than one.
  compare("cold starts", colds, Figure::kColdStarts, 5);
  compare("throttles", throttles, Figure::kThrottles, 5);
  compare("p95 ms", p95, Figure::kP95Ms, 1);
  compare("USD a month", costs, Figure::kMonthlyCost, 0.01);
}

INSTANTIATE_TEST_SUITE_P(
    Workloads, Accuracy,
    testing::Values(Workload{.name = "steady",
                             .shape = {.memory_mb = 1024, .timeout_s = 20},
                             .traffic = "30/s"},
                    Workload{.name = "bursts",
                             .shape = {.memory_mb = 1024, .timeout_s = 20},
                             .traffic = "bursts:40 every 1m within 1s on 2/s",
                             .idle_lifetime = 30s},
                    Workload{.name = "rarely",
                             .shape = {.memory_mb = 512, .timeout_s = 20},
                             .traffic = "0.1/s",
                             .length = 60min,
                             .idle_lifetime = 10s},
                    Workload{.name = "throttled",
                             .shape = {.memory_mb = 1024, .timeout_s = 20, .reserved = 4},
                             .traffic = "40/s"},
                    Workload{.name = "provisioned with spillover",
                             .shape = {.memory_mb = 1024, .timeout_s = 20, .provisioned = 4},
                             .traffic = "35/s",
                             .idle_lifetime = 20s},
                    Workload{.name = "weighted alias",
                             .shape = {.memory_mb = 1024, .timeout_s = 20},
                             .traffic = "20/s",
                             .weight = 0.25},
                    Workload{.name = "timeouts",
                             .shape = {.memory_mb = 256, .timeout_s = 1},
                             .traffic = "10/s",
                             .duration = "lognormal:300ms,p99=1500ms",
                             .idle_lifetime = 30s}),
    [](const testing::TestParamInfo<Workload>& tested) {
      std::string name = tested.param.name;
      std::replace(name.begin(), name.end(), ' ', '_');
      return name;
    });

}  // namespace
}  // namespace kiln::tests
