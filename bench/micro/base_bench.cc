// The pieces that every invocation uses: ids, digests, base64, times.
#include <benchmark/benchmark.h>

#include <string>

#include "base/digest.h"
#include "base/ids.h"
#include "base/time_format.h"

namespace {

void new_uuid(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(kiln::new_uuid());
}
BENCHMARK(new_uuid);

void new_trace_id(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(kiln::new_trace_id(1'769'000'000));
}
BENCHMARK(new_trace_id);

void format_iso_ms(benchmark::State& state) {
  const kiln::WallTime time{std::chrono::milliseconds(1'769'000'000'123)};
  for (auto _ : state) benchmark::DoNotOptimize(kiln::format_iso_ms(time));
}
BENCHMARK(format_iso_ms);

// A log tail of an invocation: up to 4 KiB.
void base64_encode(benchmark::State& state) {
  const std::string text(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(kiln::base64_encode(text));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(base64_encode)->Arg(256)->Arg(4096);

void sha256_hex(benchmark::State& state) {
  const std::string text(static_cast<size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(kiln::sha256_hex(text));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(sha256_hex)->Arg(64)->Arg(1 << 20);

}  // namespace
