// What metrics cost an invocation on its loop: a sample at its start, the counters at its end.
#include <benchmark/benchmark.h>

#include "telemetry/function_metrics.h"

namespace {

void record_invocation(benchmark::State& state) {
  kiln::telemetry::FunctionMetrics metrics("us-east-1", "f");
  kiln::telemetry::FunctionMetrics::Load load;
  load.function_in_use = 3;
  load.account_in_use = 5;
  load.provisioned_in_use = 2;
  load.provisioned_configured = static_cast<int>(state.range(0));
  int64_t number = 0;
  for (auto _ : state) {
    // A thousand to a minute.
    const int64_t minute = ++number / 1000 * 60;
    auto& way = metrics.way("live", "7");
    metrics.on_start(way, minute, load);
    metrics.on_end(way, minute, {static_cast<double>(number % 977) * 0.37, false, true, false});
    if (number % 60'000 == 0) {
      state.PauseTiming();
      std::vector<kiln::telemetry::MetricPoint> points;
      metrics.collect(points);
      state.ResumeTiming();
    }
  }
}
BENCHMARK(record_invocation)->Arg(0)->Arg(10);

}  // namespace
