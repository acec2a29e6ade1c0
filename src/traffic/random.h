// Random numbers that are the same on every machine: xoshiro256++, seeded by splitmix64.
//
//   Random arrivals(seed, 1), durations(seed, 2);   // two streams that know nothing of each other
//   arrivals.exponential() / rate;
//
// The standard library's distributions differ between implementations; these do not. Values only;
// not thread-safe; no allocation.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace kiln::traffic {

class Random {
 public:
  Random() : Random(0) {}
  explicit Random(uint64_t seed, uint64_t stream = 0) {
    uint64_t x = seed ^ mix(stream + 0x9E3779B97F4A7C15ULL);
    for (uint64_t& word : state_) word = mix(x += 0x9E3779B97F4A7C15ULL);
  }

  uint64_t bits() {
    const uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
    const uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }
  // In [0, 1).
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  // In (0, 1].
  double positive_unit() { return static_cast<double>((bits() >> 11) + 1) * 0x1p-53; }
  // In [0, n). REQUIRES: n > 0
  uint64_t below(uint64_t n) {
    return static_cast<uint64_t>((static_cast<unsigned __int128>(bits()) * n) >> 64);
  }
  // With mean 1.
  double exponential() { return -std::log(positive_unit()); }
  // With mean 0 and deviation 1: Marsaglia's polar method, which makes two at a time.
  double normal() {
    if (has_spare_) {
      has_spare_ = false;
      return spare_;
    }
    for (;;) {
      const double x = 2 * unit() - 1;
      const double y = 2 * unit() - 1;
      const double r = x * x + y * y;
      if (r >= 1 || r == 0) continue;
      const double scale = std::sqrt(-2 * std::log(r) / r);
      spare_ = y * scale;
      has_spare_ = true;
      return x * scale;
    }
  }
  // With mean `shape` and scale 1 (Marsaglia and Tsang). REQUIRES: shape > 0
  double gamma(double shape) {
    if (shape < 1) return gamma(shape + 1) * std::pow(positive_unit(), 1 / shape);
    const double d = shape - 1.0 / 3;
    const double c = 1 / std::sqrt(9 * d);
    for (;;) {
      const double x = normal();
      const double root = 1 + c * x;
      if (root <= 0) continue;
      const double v = root * root * root;
      if (std::log(positive_unit()) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
    }
  }

 private:
  static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  std::array<uint64_t, 4> state_{};
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace kiln::traffic
