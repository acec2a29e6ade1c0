#include "stack/step_graph.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <mutex>

namespace kiln::stack {
namespace {

const StepGraph::Needs kDiamond = {
    {"top", {"left", "right"}}, {"left", {"base"}}, {"right", {"base", "base"}}, {"base", {}}};

// Runs the graph and gives the order in which steps ended.
std::vector<std::string> run(const StepGraph& graph, OnError on_error,
                             const std::vector<std::string>& failing, Result<void>* result) {
  std::mutex mutex;
  std::vector<std::string> done;
  *result = graph.run(4, on_error, [&](const std::string& id) -> Result<void> {
    const std::lock_guard lock(mutex);
    done.push_back(id);
    if (std::find(failing.begin(), failing.end(), id) != failing.end())
      return Error{ErrorKind::kInvalid, "", id + " failed"};
    return {};
  });
  return done;
}

ptrdiff_t place(const std::vector<std::string>& order, const std::string& id) {
  return std::find(order.begin(), order.end(), id) - order.begin();
}

TEST(StepGraph, EachStepComesAfterWhatItNeeds) {
  Result<void> result;
  const auto order = run(StepGraph(kDiamond), OnError::kStop, {}, &result);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(order.size(), 4u);
  EXPECT_EQ(order.front(), "base");
  EXPECT_EQ(order.back(), "top");
  EXPECT_EQ(StepGraph(kDiamond).order(),
            (std::vector<std::string>{"base", "left", "right", "top"}));
}

TEST(StepGraph, ReversedTakesDownWhatWasBuiltUp) {
  Result<void> result;
  const auto order = run(StepGraph(kDiamond).reversed(), OnError::kStop, {}, &result);
  EXPECT_EQ(order.front(), "top");
  EXPECT_EQ(order.back(), "base");
}

TEST(StepGraph, NamesThatAreNoStepsDontCount) {
  Result<void> result;
  EXPECT_EQ(run(StepGraph({{"a", {"nobody", "a"}}}), OnError::kStop, {}, &result),
            std::vector<std::string>{"a"});
  EXPECT_TRUE(run(StepGraph({}), OnError::kStop, {}, &result).empty());
  EXPECT_TRUE(result.ok());
}

TEST(StepGraph, AfterAFailureNothingNewIsStarted) {
  Result<void> result;
  const auto order =
      run(StepGraph({{"a", {}}, {"b", {"a"}}, {"c", {"b"}}}), OnError::kStop, {"a"}, &result);
  EXPECT_EQ(order, std::vector<std::string>{"a"});
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message, "a failed");
}

TEST(StepGraph, WhatDoesNotNeedTheFailedStepCanGoOn) {
  Result<void> result;
  const auto order = run(StepGraph({{"a", {}}, {"b", {"a"}}, {"x", {}}, {"y", {"x"}}}),
                         OnError::kGoOn, {"a"}, &result);
  EXPECT_FALSE(result.ok());
  EXPECT_EQ(place(order, "b"), static_cast<ptrdiff_t>(order.size()));  // never
  EXPECT_LT(place(order, "x"), place(order, "y"));
  EXPECT_EQ(order.size(), 3u);
}

TEST(StepGraph, RunsAsManyAtOnceAsItMay) {
  // Each of four waits for the other three: fewer at once would never end.
  std::barrier together(4);
  const StepGraph graph({{"a", {}}, {"b", {}}, {"c", {}}, {"d", {}}});
  EXPECT_TRUE(graph.run(4, OnError::kStop, [&](const std::string&) -> Result<void> {
    together.arrive_and_wait();
    return {};
  }));
  int running = 0, most = 0;
  std::mutex mutex;
  const StepGraph wide({{"a", {}}, {"b", {}}, {"c", {}}, {"d", {}}, {"e", {}}, {"f", {}}});
  EXPECT_TRUE(wide.run(2, OnError::kStop, [&](const std::string&) -> Result<void> {
    {
      const std::lock_guard lock(mutex);
      most = std::max(most, ++running);
    }
    const std::lock_guard lock(mutex);
    --running;
    return {};
  }));
  EXPECT_LE(most, 2);
}

}  // namespace
}  // namespace kiln::stack
