// What the heap sampler costs: a new and a delete without it, with it off, and with it on. A
// program of its own, kiln_profiler_bench, because the sampler replaces operator new for all of it.
#ifdef KILN_PROFILER_BENCH
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>

#include "kiln/memory_profiler.h"

namespace {

[[gnu::noinline]] void* plain_new(size_t size) { return std::malloc(size); }
[[gnu::noinline]] void plain_delete(void* pointer) { std::free(pointer); }

// As the C++ library's operator new, which this program does not have.
void pair_without_sampler(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    void* pointer = plain_new(size);
    benchmark::DoNotOptimize(pointer);
    plain_delete(pointer);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(pair_without_sampler)->Arg(32)->Arg(1024)->Arg(65536);

void pair(benchmark::State& state) {
  const auto size = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    void* pointer = ::operator new(size);
    benchmark::DoNotOptimize(pointer);
    ::operator delete(pointer);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void pair_with_sampler_off(benchmark::State& state) { pair(state); }
BENCHMARK(pair_with_sampler_off)->Arg(32)->Arg(1024)->Arg(65536);

void pair_with_sampler_on(benchmark::State& state) {
  kiln::MemoryProfiler profiler;
  profiler.start();
  const auto held = std::make_unique<char[]>(64 << 20);  // so that deletes have to look
  benchmark::DoNotOptimize(held.get());
  pair(state);
}
BENCHMARK(pair_with_sampler_on)->Arg(32)->Arg(1024)->Arg(65536);

void snapshot(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(kiln::resident_memory_mb());
}
BENCHMARK(snapshot);

}  // namespace
#endif
