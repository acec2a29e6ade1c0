#include "traffic/random.h"

#include <gtest/gtest.h>

#include <functional>

namespace kiln::traffic {
namespace {

struct Moments {
  double mean = 0, variance = 0;
};

Moments moments(const std::function<double()>& draw) {
  constexpr int kDraws = 400'000;
  double sum = 0, squares = 0;
  for (int i = 0; i < kDraws; ++i) {
    const double x = draw();
    sum += x;
    squares += x * x;
  }
  const double mean = sum / kDraws;
  return {mean, squares / kDraws - mean * mean};
}

TEST(Random, TheSameSeedGivesTheSameNumbersEverywhere) {
  Random a(42), b(42), other_seed(43), other_stream(42, 1);
  const uint64_t first = a.bits();
  EXPECT_EQ(first, b.bits());
  EXPECT_NE(first, other_seed.bits());
  EXPECT_NE(first, other_stream.bits());
  // What a release answers, the next one answers too.
  EXPECT_EQ(Random(1).bits(), 5'226'295'891'941'712'017ULL);
}

TEST(Random, UniformNumbersFillTheirRange) {
  Random random(7);
  double least = 1, most = 0;
  const Moments m = moments([&] {
    const double x = random.unit();
    least = std::min(least, x);
    most = std::max(most, x);
    return x;
  });
  EXPECT_NEAR(m.mean, 0.5, 0.002);
  EXPECT_NEAR(m.variance, 1.0 / 12, 0.001);
  EXPECT_GE(least, 0);
  EXPECT_LT(most, 1);
  int counts[6] = {};
  for (int i = 0; i < 60'000; ++i) ++counts[random.below(6)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Random, DistributionsHaveTheirMoments) {
  Random random(11);
  Moments m = moments([&] { return random.exponential(); });
  EXPECT_NEAR(m.mean, 1, 0.01);
  EXPECT_NEAR(m.variance, 1, 0.03);
  m = moments([&] { return random.normal(); });
  EXPECT_NEAR(m.mean, 0, 0.01);
  EXPECT_NEAR(m.variance, 1, 0.01);
  for (const double shape : {0.5, 1.0, 4.0}) {
    m = moments([&] { return random.gamma(shape); });
    EXPECT_NEAR(m.mean, shape, 0.02 * shape) << shape;
    EXPECT_NEAR(m.variance, shape, 0.04 * shape) << shape;
  }
}

}  // namespace
}  // namespace kiln::traffic
