#include "engine/fifo_lanes.h"

#include <gtest/gtest.h>

#include <vector>

namespace kiln::engine {
namespace {

TEST(FifoLanes, OneAfterTheOtherInEachLane) {
  FifoLanes lanes;
  std::vector<std::string> begun;
  std::vector<FifoLanes::Done> open;
  const auto add = [&](const std::string& lane, const std::string& what) {
    lanes.add(lane, [&, what](FifoLanes::Done done) {
      begun.push_back(what);
      open.push_back(std::move(done));
    });
  };
  add("a", "a1");
  add("a", "a2");
  add("b", "b1");
  EXPECT_EQ(begun, (std::vector<std::string>{"a1", "b1"}));
  open[1]();  // nothing waits in b
  EXPECT_EQ(begun.size(), 2U);
  open[0]();
  EXPECT_EQ(begun.back(), "a2");
  open[2]();
  add("a", "a3");
  EXPECT_EQ(begun.back(), "a3");
  open[3]();
}

TEST(FifoLanes, WorkThatEndsAtOnceDoesNotNest) {
  FifoLanes lanes;
  FifoLanes::Done first;
  lanes.add("a", [&](FifoLanes::Done done) { first = std::move(done); });
  int count = 0;
  for (int i = 0; i < 100'000; ++i)
    lanes.add("a", [&](const FifoLanes::Done& done) {
      ++count;
      done();
    });
  EXPECT_EQ(count, 0);
  first();
  EXPECT_EQ(count, 100'000);
}

}  // namespace
}  // namespace kiln::engine
