// How fast simulations run on one core: one function alone; with provisioned concurrency, alarms,
// target tracking, errors and events as well; and a day of a thousand functions whose traffic has
// the shape of Azure's trace of 2019.
#include <benchmark/benchmark.h>

#include <cmath>

#include "simulate/simulation.h"

namespace {

using namespace kiln::simulate;
using kiln::traffic::Counts;
using kiln::traffic::kSecond;
using kiln::traffic::Random;
using kiln::traffic::TimeModel;
using kiln::traffic::Traffic;

void run(benchmark::State& state, const Scenario& scenario) {
  uint64_t requests = 0;
  for (auto _ : state) {
    const auto result = simulate(scenario, {});
    if (!result) {
      state.SkipWithError(result.error().message.c_str());
      return;
    }
    for (const auto& function : result->functions) requests += function.totals.requests;
  }
  state.SetItemsProcessed(static_cast<int64_t>(requests));
}

// Ten hours of 100 requests a second.
void simulate_one_function(benchmark::State& state) {
  Scenario scenario;
  scenario.functions.push_back(make_function({.name = "f", .timeout_s = 30, .reserved = 200}));
  scenario.functions[0].behaviour.duration = TimeModel::exponential(200);
  scenario.functions[0].behaviour.init = TimeModel::fixed(500);
  scenario.functions[0].sources.push_back({Traffic::poisson(100)});
  scenario.length = 36'000 * kSecond;
  run(state, scenario);
}
BENCHMARK(simulate_one_function)->Unit(benchmark::kMillisecond);

void simulate_with_every_rule(benchmark::State& state) {
  Scenario scenario;
  scenario.functions.push_back(
      make_function({.name = "f", .timeout_s = 30, .reserved = 200, .provisioned = 10}));
  SimulatedFunction& function = scenario.functions[0];
  function.behaviour.duration = TimeModel::lognormal(150, 0.7);
  function.behaviour.init = TimeModel::gamma(500, 4);
  function.behaviour.error_rate = 0.01;
  function.behaviour.crash_rate = 0.0001;
  function.sources.push_back({*Traffic::parse("daily:20/s..180/s@05:00"), "live"});
  function.sources.push_back(
      {*Traffic::parse("mmpp:2/s for 5m,20/s for 30s"), "live", Source::Type::kAsynchronous});
  kiln::scaling::TargetInput target;
  target.resource = {"f", "live"};
  target.min = 5;
  target.max = 100;
  scenario.targets.push_back(target);
  kiln::scaling::TrackingPolicy tracking;
  tracking.target = 0.7;
  scenario.policies.push_back({{target.resource, "keep", tracking}});
  kiln::scaling::ActionInput action;
  action.resource = target.resource;
  action.name = "morning";
  action.schedule = "cron(0 4 * * ? *)";
  action.limits = kiln::scaling::ActionInput::Limits{20, {}};
  scenario.actions.push_back(action);
  for (const char* metric : {"Throttles", "Errors"}) {
    kiln::telemetry::AlarmConfig alarm;
    alarm.name = metric;
    alarm.metric.emplace();
    alarm.metric->metric = {scenario.region, "AWS/Lambda", metric, {{"FunctionName", "f"}}};
    alarm.metric->stat = "Sum";
    alarm.threshold = 50;
    alarm.evaluation_periods = 5;
    scenario.alarms.push_back(alarm);
  }
  scenario.length = 36'000 * kSecond;
  run(state, scenario);
}
BENCHMARK(simulate_with_every_rule)->Unit(benchmark::kMillisecond);

// The published trace's functions differ by many orders of magnitude: half of them are called less
// than once an hour, and the most popular have most of the calls. The total here is 20 million, of
// a lognormal popularity with σ = 3.
void simulate_a_day_of_a_thousand_functions(benchmark::State& state) {
  Scenario scenario;
  scenario.quota.concurrency = 10'000;
  Random random(1);
  std::vector<double> weights;
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    weights.push_back(std::exp(3 * random.normal()));
    sum += weights.back();
  }
  for (size_t i = 0; i < weights.size(); ++i) {
    SimulatedFunction function = make_function({.name = "f" + std::to_string(i), .timeout_s = 300});
    function.behaviour.duration = TimeModel::lognormal(50 * std::exp(1.2 * random.normal()), 1);
    function.behaviour.init = TimeModel::lognormal(400, 0.5);
    Counts counts;
    const double per_minute = weights[i] / sum * 20e6 / 1440;
    const double peak = random.unit() * 1440;
    for (int minute = 0; minute < 1440; ++minute) {
      const double wave = 1 + 0.8 * std::cos((minute - peak) / 1440 * 2 * 3.14159265);
      counts.requests.push_back(static_cast<uint32_t>(per_minute * wave + random.unit()));
    }
    function.sources.push_back({Traffic(std::move(counts))});
    scenario.functions.push_back(std::move(function));
  }
  run(state, scenario);
}
BENCHMARK(simulate_a_day_of_a_thousand_functions)->Unit(benchmark::kSecond)->Iterations(1);

}  // namespace
