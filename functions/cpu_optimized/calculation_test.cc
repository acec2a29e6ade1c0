#include "calculation.h"

#include <gtest/gtest.h>

#include <vector>

namespace cpu_optimized {
namespace {

TEST(Calculation, Fibonacci) {
  uint64_t a = 0, b = 1;
  for (uint64_t n = 0; n <= 25; ++n) {
    EXPECT_EQ(fibonacci(n), a) << n;
    b += a;
    a = b - a;
  }
}

TEST(Calculation, Primes) {
  constexpr uint64_t kEnd = 10'000;
  std::vector<bool> composite(kEnd);
  for (uint64_t n = 2; n < kEnd; ++n) {
    EXPECT_EQ(is_prime(n), !composite[n]) << n;
    for (uint64_t k = n * n; k < kEnd; k += n) composite[k] = true;
  }
  EXPECT_FALSE(is_prime(0));
  EXPECT_FALSE(is_prime(1));
  EXPECT_TRUE(is_prime(3'810'769));
  EXPECT_FALSE(is_prime(3'810'778));
  EXPECT_FALSE(is_prime(1951 * 1951));
}

TEST(Calculation, SumOfSquares) {
  EXPECT_EQ(sum_of_squares_below(0), 0u);
  EXPECT_EQ(sum_of_squares_below(1), 0u);
  EXPECT_EQ(sum_of_squares_below(4), 14u);
  // The largest number whose sum has 64 bits: one more square and it would wrap.
  const uint64_t last = sum_of_squares_below(kMaxNumber);
  EXPECT_LT(UINT64_MAX - last, kMaxNumber * kMaxNumber);
  EXPECT_GT(last, kMaxNumber * kMaxNumber);
}

TEST(Calculation, AllOfIt) {
  const Calculation result = calculate(10);
  EXPECT_EQ(result.input, 10u);
  EXPECT_EQ(result.fibonacci, 55u);
  EXPECT_FALSE(result.is_prime);
  EXPECT_EQ(result.sum_of_squares, 285u);
  EXPECT_GE(result.processing_time, 0);
  EXPECT_EQ(calculate(36).fibonacci, 9'227'465u);
  EXPECT_EQ(calculate(35).fibonacci, 9'227'465u);
}

}  // namespace
}  // namespace cpu_optimized
