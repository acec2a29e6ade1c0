// The pieces of a run by themselves: its list of events and its histogram of latencies.
#include <gtest/gtest.h>

#include <algorithm>

#include "simulate/event_heap.h"
#include "simulate/latency_histogram.h"
#include "traffic/random.h"

namespace kiln::simulate {
namespace {

TEST(EventHeap, GivesEventsInOrderOfTimeThenKindThenIndex) {
  traffic::Random random(1);
  std::vector<Event> events;
  EventHeap heap;
  for (int i = 0; i < 5000; ++i) {
    events.push_back(Event::make(static_cast<int64_t>(random.below(500)),
                                 static_cast<uint8_t>(random.below(4)), static_cast<uint32_t>(i),
                                 static_cast<uint32_t>(random.below(50))));
    heap.push(events.back());
  }
  std::sort(events.begin(), events.end());
  for (const Event& event : events) {
    ASSERT_FALSE(heap.empty());
    EXPECT_EQ(heap.top().at, event.at);
    EXPECT_EQ(heap.top().word, event.word);
    heap.pop();
  }
  EXPECT_TRUE(heap.empty());
}

TEST(EventHeap, ReplacingTheFirstIsPoppingAndPushing) {
  EventHeap heap;
  for (const int64_t at : {5, 3, 9, 7}) heap.push(Event::make(at, 1, 2, 3));
  heap.replace_top(Event::make(8, 1, 2, 3));
  for (const int64_t at : {5, 7, 8, 9}) {
    EXPECT_EQ(heap.top().at, at);
    heap.pop();
  }
}

TEST(EventHeap, AnEventKeepsItsParts) {
  const Event event = Event::make(-5, 255, Event::kGenerations + 7, ~0U);
  EXPECT_EQ(event.at, -5);
  EXPECT_EQ(event.kind(), 255);
  EXPECT_EQ(event.generation(), 7u);
  EXPECT_EQ(event.index(), ~0U);
}

TEST(LatencyHistogram, QuantilesAreWithinOnePerCent) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile_ms(0.5), 0);
  std::vector<double> values;
  traffic::Random random(1);
  for (int i = 0; i < 100'000; ++i) {
    values.push_back(50 * random.exponential());
    histogram.add(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double exact = values[static_cast<size_t>(share * 100'000) - 1];
    EXPECT_NEAR(histogram.quantile_ms(share), exact, exact * 0.01) << share;
  }
  EXPECT_EQ(histogram.quantile_ms(1), values.back());
  EXPECT_EQ(histogram.max_ms(), values.back());
  EXPECT_NEAR(histogram.mean_ms(), 50, 1);
}

TEST(LatencyHistogram, TakesWhateverComesAndMerges) {
  LatencyHistogram a, b;
  a.add(0);
  a.add(1e15);
  b.add(7);
  a.merge(b);
  EXPECT_EQ(a.count(), 3u);
  EXPECT_LT(a.quantile_ms(0.3), 0.002);
  EXPECT_NEAR(a.quantile_ms(0.6), 7, 0.06);
  EXPECT_EQ(a.max_ms(), 1e15);
}

}  // namespace
}  // namespace kiln::simulate
