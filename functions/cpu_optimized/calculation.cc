#include "calculation.h"

#include <algorithm>
#include <chrono>

namespace cpu_optimized {

// NOLINTNEXTLINE(misc-no-recursion): that is what it is for
uint64_t fibonacci(uint64_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

bool is_prime(uint64_t n) {
  if (n < 2) return false;
  for (uint64_t i = 2; i <= n / i; ++i) {
    if (n % i == 0) return false;
  }
  return true;
}

uint64_t sum_of_squares_below(uint64_t n) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < n; ++i) sum += i * i;
  return sum;
}

Calculation calculate(uint64_t n) {
  const auto start = std::chrono::steady_clock::now();
  Calculation result{};
  result.input = n;
  result.fibonacci = fibonacci(std::min(n, kMaxFibonacci));
  result.is_prime = is_prime(n);
  result.sum_of_squares = sum_of_squares_below(n);
  result.processing_time =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace cpu_optimized
