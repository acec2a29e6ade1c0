// The work for one number: as costly as it is simple, on purpose.
//
//   calculate(10) → {10, fibonacci 55, no prime, sum of squares 285, seconds}
//
// Threading: pure functions. Cost: fibonacci grows by 1.6 with each step up to 35 (about 30 ms),
// the sum with n: 1 to 3 ms at kMaxNumber.
#pragma once

#include <cstdint>

namespace cpu_optimized {

// Up to here the sum of squares has 64 bits.
inline constexpr uint64_t kMaxNumber = 3'810'778;
inline constexpr uint64_t kMaxFibonacci = 35;

struct Calculation {
  uint64_t input;
  uint64_t fibonacci;  // of the input, or of 35 when that is less
  uint64_t sum_of_squares;
  double processing_time;  // seconds
  bool is_prime;
};

uint64_t fibonacci(uint64_t n);  // naive recursion
bool is_prime(uint64_t n);       // trial division
// Of the numbers below n. REQUIRES: n <= kMaxNumber.
uint64_t sum_of_squares_below(uint64_t n);

// REQUIRES: n <= kMaxNumber.
Calculation calculate(uint64_t n);

}  // namespace cpu_optimized
