#include "telemetry/metric_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::telemetry {
namespace {

using testing::ElementsAre;
using testing::Pair;

// Keeps points as an archive does, in memory.
class MemoryArchive final : public MetricArchive {
 public:
  void resume(int64_t) override {}
  bool write(const std::vector<Point>& points, int64_t) override {
    ++writes;
    if (refuses) return false;
    for (const Point& p : points) rows[{p.series, p.time_s}] = p.values;
    return true;
  }
  void read(int64_t series, int64_t start_s, int64_t end_s,
            const std::function<void(Point&&)>& visit) override {
    for (auto it = rows.lower_bound({series, start_s});
         it != rows.end() && it->first.first == series && it->first.second < end_s; ++it)
      visit({series, it->first.second, it->second});
  }
  int64_t add_series(const MetricKey& key, const std::string& unit) override {
    known.push_back({static_cast<int64_t>(known.size()) + 1, key, unit, 0});
    return known.back().series;
  }
  void compact(int64_t) override {}
  std::vector<SeriesInfo> load_series() override {
    auto out = known;
    for (auto& info : out)
      for (const auto& [where, values] : rows)
        if (where.first == info.series) info.last_s = std::max(info.last_s, where.second);
    return out;
  }

  int writes = 0;
  bool refuses = false;
  std::map<std::pair<int64_t, int64_t>, Distribution> rows;
  std::vector<SeriesInfo> known;
};

constexpr int64_t kNow = 1'735'689'600;  // 2025-01-01T00:00:00Z

MetricKey key(const std::string& name = "m", const std::string& region = "us-east-1") {
  return {region, "N", name, {{"d", "v"}}};
}

class MetricStoreTest : public testing::Test {
 protected:
  void add(int64_t time_s, double value, const std::string& unit = "Count") {
    store.record(key(), unit, time_s, Distribution::of(value));
  }
  std::map<int64_t, double> sums(int period_s, int64_t from, int64_t to,
                                 MetricStore::Align align = MetricStore::Align::kEpoch,
                                 const std::string& unit = "") {
    return store.read({key(), period_s, "Sum", unit}, from, to, align).points;
  }

  MemoryArchive archive;
  MetricStore store{archive};
};

TEST_F(MetricStoreTest, ValuesOfAPeriodAreMergedInAnyOrder) {
  add(kNow + 120, 4);
  add(kNow, 1);
  add(kNow + 60, 2);
  add(kNow, 10);
  EXPECT_THAT(sums(60, kNow, kNow + 180),
              ElementsAre(Pair(kNow, 11), Pair(kNow + 60, 2), Pair(kNow + 120, 4)));
  EXPECT_THAT(sums(300, kNow, kNow + 300), ElementsAre(Pair(kNow, 17)));
}

TEST_F(MetricStoreTest, TheEndIsNotIncludedAndPeriodsWithoutDataAreNotThere) {
  add(kNow, 1);
  add(kNow + 120, 2);
  EXPECT_THAT(sums(60, kNow, kNow + 120), ElementsAre(Pair(kNow, 1)));
  EXPECT_THAT(sums(60, kNow + 60, kNow + 120), ElementsAre());
}

TEST_F(MetricStoreTest, PeriodsBeginAtMultiplesOrAtTheStart) {
  add(kNow + 60, 1);
  add(kNow + 240, 2);
  add(kNow + 300, 4);
  EXPECT_THAT(sums(300, kNow, kNow + 600), ElementsAre(Pair(kNow, 3), Pair(kNow + 300, 4)));
  EXPECT_THAT(sums(300, kNow + 60, kNow + 360, MetricStore::Align::kStart),
              ElementsAre(Pair(kNow + 60, 7)));
}

TEST_F(MetricStoreTest, UnitsAreApart) {
  add(kNow, 1, "Count");
  add(kNow, 10, "Bytes");
  EXPECT_THAT(sums(60, kNow, kNow + 60, MetricStore::Align::kEpoch, "Bytes"),
              ElementsAre(Pair(kNow, 10)));
  EXPECT_THAT(sums(60, kNow, kNow + 60, MetricStore::Align::kEpoch, "Seconds"), ElementsAre());
}

TEST_F(MetricStoreTest, OtherDimensionsAndRegionsAreOtherMetrics) {
  add(kNow, 1);
  store.record(key("m", "eu-west-1"), "Count", kNow, Distribution::of(5));
  MetricKey bare = key();
  bare.dimensions.clear();
  EXPECT_TRUE(store.read({bare, 60, "Sum", ""}, kNow, kNow + 60).points.empty());
  EXPECT_THAT(sums(60, kNow, kNow + 60), ElementsAre(Pair(kNow, 1)));
}

TEST_F(MetricStoreTest, WhatWasFlushedIsReadBackByAnotherStore) {
  add(kNow, 1);
  add(kNow + 60, 2);
  store.flush(kNow + 120);
  const int writes = archive.writes;
  store.flush(kNow + 180);
  EXPECT_EQ(archive.writes, writes);  // nothing has changed
  MetricStore again(archive);
  EXPECT_THAT(again.read({key(), 60, "Sum", ""}, kNow, kNow + 120).points,
              ElementsAre(Pair(kNow, 1), Pair(kNow + 60, 2)));
  // Late values go to the point that is there.
  again.record(key(), "Count", kNow, Distribution::of(10));
  EXPECT_THAT(again.read({key(), 60, "Sum", ""}, kNow, kNow + 60).points,
              ElementsAre(Pair(kNow, 11)));
  again.flush(kNow + 240);
  EXPECT_EQ(MetricStore(archive).read({key(), 60, "Sum", ""}, kNow, kNow + 60).points.at(kNow), 11);
}

TEST_F(MetricStoreTest, WhatTheDiskRefusesIsWrittenLater) {
  add(kNow, 1);
  archive.refuses = true;
  const MetricKey saved = key();
  store.save({&saved}, kNow);
  store.flush(kNow + 60);
  EXPECT_TRUE(archive.rows.empty());
  EXPECT_THAT(sums(60, kNow, kNow + 60), ElementsAre(Pair(kNow, 1)));
  archive.refuses = false;
  store.flush(kNow + 120);
  MetricStore again(archive);
  EXPECT_THAT(again.read({key(), 60, "Sum", ""}, kNow, kNow + 60).points,
              ElementsAre(Pair(kNow, 1)));
}

TEST_F(MetricStoreTest, WhatIsSavedIsWrittenAtOnceAndAlone) {
  add(kNow, 1);
  store.record(key("other"), "Count", kNow, Distribution::of(5));
  const MetricKey saved = key(), unknown = key("unknown");
  store.save({&saved, &saved, &unknown}, kNow);
  EXPECT_EQ(archive.writes, 1);
  EXPECT_EQ(archive.rows.size(), 1U);
  MetricStore again(archive);
  EXPECT_THAT(again.read({key(), 60, "Sum", ""}, kNow, kNow + 60).points,
              ElementsAre(Pair(kNow, 1)));
  add(kNow, 2);
  store.flush(kNow + 60);
  EXPECT_EQ(archive.rows.size(), 2U);
  EXPECT_THAT(sums(60, kNow, kNow + 60), ElementsAre(Pair(kNow, 3)));
}

TEST_F(MetricStoreTest, LateValuesOfAnArchivedMinuteAreNotLost) {
  add(kNow, 1);
  store.flush(kNow + 60);
  // Far beyond what is kept in memory: the minute is in the archive alone.
  for (int64_t t = kNow + 86'400; t < kNow + 86'700; t += 60) add(t, 1);
  store.flush(kNow + 2 * 86'400);
  add(kNow, 5);  // an invocation that ran for long
  store.flush(kNow + 2 * 86'400 + 60);
  EXPECT_EQ(MetricStore(archive).read({key(), 60, "Sum", ""}, kNow, kNow + 60).points.at(kNow), 6);
}

TEST_F(MetricStoreTest, ListsWhatHadDataSince) {
  add(kNow, 1);
  store.record(key("later"), "Count", kNow + 3600, Distribution::of(1));
  std::vector<std::string> names;
  store.list(kNow + 60, [&](const MetricKey& k) { names.push_back(k.name); });
  EXPECT_THAT(names, ElementsAre("later"));
  names.clear();
  store.list(0, [&](const MetricKey& k) { names.push_back(k.name); });
  EXPECT_THAT(names, ElementsAre("later", "m"));
}

// Recorded on AWS: 60 s beside 60,000 ms are 60,000.
TEST_F(MetricStoreTest, ValuesOfDifferentUnitsAreNeverAddedUp) {
  add(kNow, 60'000, "Milliseconds");
  add(kNow, 60, "Seconds");
  const auto read = [&](const std::string& unit) {
    return sums(60, kNow, kNow + 60, MetricStore::Align::kEpoch, unit);
  };
  EXPECT_THAT(read(""), ElementsAre(Pair(kNow, 60'000)));
  EXPECT_THAT(read("Seconds"), ElementsAre(Pair(kNow, 60)));
  add(kNow, 5, "Count");
  EXPECT_THAT(read(""), ElementsAre(Pair(kNow, 5)));
  EXPECT_THAT(read("Bytes"), ElementsAre());
}

TEST_F(MetricStoreTest, AnUnknownStatisticHasNoPoints) {
  add(kNow, 1);
  EXPECT_TRUE(store.read({key(), 60, "Median", ""}, kNow, kNow + 60).points.empty());
}

}  // namespace
}  // namespace kiln::telemetry
