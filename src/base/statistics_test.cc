#include "base/statistics.h"

#include <gtest/gtest.h>

#include <numeric>

namespace kiln {
namespace {

std::vector<double> counted(size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 1);
  return values;
}

TEST(Statistics, PercentilesLieBetweenTheNearestValues) {
  EXPECT_DOUBLE_EQ(percentile({1, 2, 3, 4}, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(percentile({1, 2, 3, 4}, 0), 1);
  EXPECT_DOUBLE_EQ(percentile({1, 2, 3, 4}, 1), 4);
  EXPECT_DOUBLE_EQ(percentile({7}, 0.99), 7);
  EXPECT_DOUBLE_EQ(percentile(counted(101), 0.99), 100);
}

TEST(Statistics, TrimmedMeanLeavesOutBothEnds) {
  EXPECT_DOUBLE_EQ(trimmed_mean({0, 0, 3, 3, 3, 3, 3, 9, 100, 1000}, 0.2), 4);
  EXPECT_DOUBLE_EQ(trimmed_mean({1, 2}, 0.2), 1.5);
  EXPECT_DOUBLE_EQ(trimmed_mean({5}, 0.2), 5);
}

// Ranks from the tables of the sign test at 5 %: 6 → 1 and 6, 10 → 2 and 9, 20 → 6 and 15, 25 → 8
// and 18, 50 → 18 and 33, 100 → 40 and 61.
TEST(Statistics, MedianIntervalHasTheRanksOfTheSignTest) {
  struct {
    size_t count;
    double low, high;
  } const cases[] = {{6, 1, 6}, {10, 2, 9}, {20, 6, 15}, {25, 8, 18}, {50, 18, 33}, {100, 40, 61}};
  for (const auto& c : cases) {
    const auto interval = median_interval(counted(c.count));
    ASSERT_TRUE(interval) << c.count;
    EXPECT_EQ(interval->low, c.low) << c.count;
    EXPECT_EQ(interval->high, c.high) << c.count;
  }
  EXPECT_FALSE(median_interval(counted(5)));
  EXPECT_FALSE(median_interval({}));
  EXPECT_TRUE(median_interval(counted(100'000)));
}

TEST(MeanEstimate, IsStudentsInterval) {
  // 1 … 5: deviation 1.5811, t(4) = 2.776: 2.776 × 1.5811 / √5 = 1.963.
  const Estimate estimate = mean_estimate({1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(estimate.mean, 3);
  EXPECT_NEAR(estimate.half_width, 1.963, 0.001);
  EXPECT_EQ(estimate.least, 1);
  EXPECT_EQ(estimate.most, 5);
  EXPECT_TRUE(estimate.holds(1.04));
  EXPECT_FALSE(estimate.holds(1.03));
  EXPECT_EQ(mean_estimate({7}).half_width, 0);
  EXPECT_EQ(mean_estimate({}).count, 0u);
  EXPECT_NEAR(mean_estimate(std::vector<double>(1000, 2.0)).mean, 2, 1e-12);
}

}  // namespace
}  // namespace kiln
