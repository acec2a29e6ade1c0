#include "sandbox/stock_depth.h"

#include <gtest/gtest.h>

namespace kiln::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class StockDepthTest : public testing::Test {
 protected:
  void burst(int starts, Duration gap) {
    for (int i = 0; i < starts; ++i) depth_.took(now_ += gap);
  }

  SteadyTime now_{seconds(100)};
  StockDepth depth_;
};

TEST_F(StockDepthTest, SingleStartsNeedTheLeast) {
  EXPECT_EQ(depth_.at(now_), 2U);
  burst(20, StockDepth::kGap + milliseconds(1));
  EXPECT_EQ(depth_.at(now_), 2U);
  EXPECT_LE(depth_.until(), now_) << "nothing falls back";
}

TEST_F(StockDepthTest, ABurstTeachesItsLength) {
  burst(2, StockDepth::kGap);
  EXPECT_EQ(depth_.at(now_), 2U);
  burst(1, StockDepth::kGap);
  EXPECT_EQ(depth_.at(now_), 3U);
  burst(50, milliseconds(0));
  EXPECT_EQ(depth_.at(now_), StockDepth::kMost);
}

TEST_F(StockDepthTest, ASmallerOneChangesNothing) {
  burst(4, milliseconds(10));
  const SteadyTime until = depth_.until();
  now_ += minutes(1);
  burst(3, milliseconds(10));
  EXPECT_EQ(depth_.at(now_), 4U);
  EXPECT_EQ(depth_.until(), until);
  burst(1, milliseconds(10));
  EXPECT_EQ(depth_.until(), now_ + StockDepth::kKeep);
}

TEST_F(StockDepthTest, ItIsForgotten) {
  burst(4, milliseconds(10));
  now_ = depth_.until() - milliseconds(1);
  EXPECT_EQ(depth_.at(now_), 4U);
  now_ += milliseconds(1);
  EXPECT_EQ(depth_.at(now_), 2U);
  now_ += seconds(2);
  burst(3, milliseconds(10));
  EXPECT_EQ(depth_.at(now_), 3U);
}

}  // namespace
}  // namespace kiln::sandbox
