// A simulation takes no memory for each request: ten times as many need hardly any more.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "simulate/simulation.h"

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
namespace {
std::atomic<uint64_t> allocations{0};
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace kiln::simulate {
namespace {

uint64_t allocations_of(double per_second) {
  Scenario scenario;
  scenario.functions.push_back(make_function({.name = "f", .timeout_s = 30, .provisioned = 2}));
  scenario.functions[0].behaviour.duration = traffic::TimeModel::exponential(100);
  scenario.functions[0].behaviour.error_rate = 0.01;
  scenario.functions[0].sources.push_back({traffic::Traffic::poisson(per_second), "live"});
  scenario.length = 600 * traffic::kSecond;
  const uint64_t before = allocations;
  const auto result = simulate(scenario, {});
  EXPECT_GT(result->functions[0].totals.requests, per_second * 500);
  return allocations - before;
}

TEST(HotLoop, RequestsTakeNoMemory) {
  const uint64_t few = allocations_of(20), many = allocations_of(200);
  EXPECT_LT(many, few + 200);  // 108,000 requests more; some environments
}

}  // namespace
}  // namespace kiln::simulate
#endif
