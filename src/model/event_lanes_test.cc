#include "model/event_lanes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kiln::model {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> drain(EventLanes<std::string, int>& lanes) {
  std::vector<std::string> out;
  while (const auto next = lanes.next()) out.push_back(next->lane + std::to_string(next->event));
  return out;
}

TEST(EventLanes, LanesTakeTurns) {
  EventLanes<std::string, int> lanes(10, 10);
  for (int i = 1; i <= 3; ++i) lanes.add("a", i);
  for (int i = 1; i <= 2; ++i) lanes.add("b", i);
  EXPECT_THAT(drain(lanes), ElementsAre("a1", "b1", "a2", "b2", "a3"));
}

TEST(EventLanes, SoManyOfALaneAndOfAll) {
  EventLanes<std::string, int> lanes(2, 3);
  for (int i = 1; i <= 4; ++i) lanes.add("a", i);
  for (int i = 1; i <= 4; ++i) lanes.add("b", i);
  EXPECT_THAT(drain(lanes), ElementsAre("a1", "b1", "a2"));
  lanes.done("a");
  EXPECT_THAT(drain(lanes), ElementsAre("b2"));
  lanes.done("b");
  lanes.done("b");
  EXPECT_THAT(drain(lanes), ElementsAre("a3", "b3"));
  lanes.done("a");
  lanes.done("a");
  lanes.done("b");
  EXPECT_THAT(drain(lanes), ElementsAre("b4", "a4"));  // b has waited since its place became free
  lanes.done("a");
  lanes.done("b");
  EXPECT_THAT(drain(lanes), IsEmpty());
  lanes.add("a", 5);
  EXPECT_THAT(drain(lanes), ElementsAre("a5"));
}

}  // namespace
}  // namespace kiln::model
