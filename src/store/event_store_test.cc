#include "store/event_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/metric_archive.h"
#include "tests/support/test_dir.h"

namespace kiln::store {
namespace {

using testing::ElementsAre;

StoredEvent event(int64_t id, const std::string& payload) {
  StoredEvent e;
  e.id = id;
  e.due_ms = 1000 + id;
  e.received_ms = 900;
  e.region = "us-east-1";
  e.function_name = "f";
  e.qualifier = "live";
  e.request_id = "r" + std::to_string(id);
  e.payload = payload;
  return e;
}

std::vector<int64_t> ids(EventStore& store) {
  std::vector<int64_t> out;
  EXPECT_TRUE(store.load([&](StoredEvent&& e) { out.push_back(e.id); }).ok());
  return out;
}

TEST(EventStoreTest, WhatWasCommittedIsThereInACopyOfTheFilesAsAKillLeavesThem) {
  const TestDir dir;
  auto store = EventStore::open(dir / "events.db");
  ASSERT_TRUE(store.ok()) << store.error().message;
  const std::string binary("\0\xff{}", 4);
  ASSERT_TRUE((*store)->commit({{event(1, R"({"a":1})"), event(2, binary)}, {}, {}}).ok());
  ASSERT_TRUE((*store)->commit({{}, {{2, 5000, 1, 3}}, {}}).ok());

  const TestDir after;
  for (const auto& file : std::filesystem::directory_iterator(dir.path()))
    std::filesystem::copy(file, after.path());
  auto again = EventStore::open(after / "events.db");
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_THAT(ids(**again), ElementsAre(1, 2));
  const auto second = (*again)->find(2);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->payload, binary);
  EXPECT_EQ(second->due_ms, 5000);
  EXPECT_EQ(second->invocations, 1);
  EXPECT_EQ(second->throttles, 3);
  EXPECT_EQ(second->qualifier, "live");
}

TEST(EventStoreTest, EndedEventsAreGone) {
  const TestDir dir;
  auto store = EventStore::open(dir / "events.db");
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->commit({{event(1, "a"), event(2, "b"), event(3, "c")}, {}, {}}).ok());
  ASSERT_TRUE((*store)->commit({{event(4, "d")}, {}, {1, 3, 99}}).ok());
  EXPECT_THAT(ids(**store), ElementsAre(2, 4));
  EXPECT_FALSE((*store)->find(1));
}

TEST(EventStoreTest, ABatchIsAllOrNothing) {
  const TestDir dir;
  auto store = EventStore::open(dir / "events.db");
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE((*store)->commit({{event(1, "a")}, {}, {}}).ok());
  // The id is taken: nothing of the batch may stay.
  EXPECT_FALSE((*store)->commit({{event(2, "b"), event(1, "again")}, {}, {}}).ok());
  EXPECT_THAT(ids(**store), ElementsAre(1));
  EXPECT_EQ((*store)->find(1)->payload, "a");
}

TEST(EventStoreTest, AForeignFileIsRefused) {
  const TestDir dir;
  std::ofstream(dir / "events.db") << "this is no database at all, whatever its name says";
  EXPECT_FALSE(EventStore::open(dir / "events.db").ok());
  EXPECT_FALSE(MetricArchive::open(dir / "events.db").ok());
}

constexpr int64_t kDay = 86'400;
constexpr int64_t kNow = 1'767'225'600;  // 2026-01-01T00:00:00Z

std::map<int64_t, double> sums(MetricArchive& archive, int64_t series) {
  std::map<int64_t, double> out;
  archive.read(series, 0, kNow + kDay,
               [&](telemetry::MetricArchive::Point&& p) { out[p.time_s] = p.values.sum; });
  return out;
}

TEST(MetricArchiveTest, PointsAreFoldedAsTheyAgeAndGoAtTheEnd) {
  const TestDir dir;
  auto archive = MetricArchive::open(dir / "metrics.db");
  ASSERT_TRUE(archive.ok()) << archive.error().message;
  const int64_t series = (*archive)->add_series({"us-east-1", "N", "m", {}}, "Count");
  const auto of = [](double v) { return telemetry::Distribution::of(v); };
  const int64_t minutes_old = kNow - 16 * kDay, fives_old = kNow - 64 * kDay,
                ancient = kNow - 456 * kDay;
  std::vector<telemetry::MetricArchive::Point> points;
  for (int i = 0; i < 10; ++i) {
    points.push_back({series, kNow - 600 + i * 60, of(1)});
    points.push_back({series, minutes_old + i * 60, of(1)});
  }
  for (int i = 0; i < 12; ++i) points.push_back({series, fives_old + i * 300, of(1)});
  points.push_back({series, ancient, of(1)});
  (*archive)->write(points, kNow);
  (*archive)->compact(kNow);
  const auto left = sums(**archive, series);
  EXPECT_EQ(left.count(ancient), 0u);
  // New ones are minutes still; those of 16 days are five minutes each; those of 64 days an hour.
  int minutes = 0;
  for (int i = 0; i < 10; ++i) minutes += static_cast<int>(left.count(kNow - 600 + i * 60));
  EXPECT_EQ(minutes, 10);
  EXPECT_EQ(left.at(minutes_old), 5);
  EXPECT_EQ(left.at(minutes_old + 300), 5);
  EXPECT_EQ(left.at(fives_old), 12);
  EXPECT_EQ(left.size(), 13u);
}

TEST(MetricArchiveTest, SeriesAndPointsComeBack) {
  const TestDir dir;
  {
    auto archive = MetricArchive::open(dir / "metrics.db");
    ASSERT_TRUE(archive.ok());
    const int64_t series =
        (*archive)->add_series({"us-east-1", "N", "m", {{"d", "v"}}}, "Milliseconds");
    telemetry::Distribution values;
    for (int i = 1; i <= 100; ++i) values.add(i);
    (*archive)->write({{series, kNow, values}}, kNow);
    (*archive)->write({{series, kNow, values}}, kNow);  // replaced, not added
  }
  auto again = MetricArchive::open(dir / "metrics.db");
  ASSERT_TRUE(again.ok());
  const auto series = (*again)->load_series();
  ASSERT_EQ(series.size(), 1u);
  EXPECT_EQ(series[0].key.dimensions, (telemetry::Dimensions{{"d", "v"}}));
  EXPECT_EQ(series[0].unit, "Milliseconds");
  EXPECT_EQ(series[0].last_s, kNow);
  EXPECT_EQ(sums(**again, series[0].series).at(kNow), 5050);
}

TEST(MetricArchiveTest, WhatAFasterClockLeftInTheFutureIsDropped) {
  const TestDir dir;
  const auto one = telemetry::Distribution::of(1);
  int64_t both = 0, future = 0;
  {
    auto archive = MetricArchive::open(dir / "metrics.db");
    ASSERT_TRUE(archive.ok());
    both = (*archive)->add_series({"us-east-1", "N", "both", {}}, "Count");
    future = (*archive)->add_series({"us-east-1", "N", "future", {}}, "Count");
    (*archive)->write({{both, kNow - 60, one}, {both, kNow + 60, one}, {future, kNow + 60, one}},
                      kNow - 30);
  }
  auto same_clock = MetricArchive::open(dir / "metrics.db");
  ASSERT_TRUE(same_clock.ok());
  // Its clock had not come to those points: they were put ahead of it, as PutMetricData allows.
  (*same_clock)->resume(kNow);
  EXPECT_EQ(sums(**same_clock, both).size(), 2u);
  (*same_clock)->write({{both, kNow, one}}, kNow + 3600);
  (*same_clock)->resume(kNow);
  EXPECT_EQ(sums(**same_clock, both), (std::map<int64_t, double>{{kNow - 60, 1}, {kNow, 1}}));
  EXPECT_TRUE(sums(**same_clock, future).empty());
  const auto left = (*same_clock)->load_series();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].series, both);
}

}  // namespace
}  // namespace kiln::store
