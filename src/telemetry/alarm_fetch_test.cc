#include "telemetry/alarm_fetch.h"

#include <gtest/gtest.h>

namespace kiln::telemetry {
namespace {

class NoArchive final : public MetricArchive {
 public:
  void write(const std::vector<Point>&) override {}
  void read(int64_t, int64_t, int64_t, const std::function<void(Point&&)>&) override {}
  int64_t add_series(const MetricKey&, const std::string&) override { return ++series_; }
  void compact(int64_t) override {}
  std::vector<SeriesInfo> load_series() override { return {}; }

 private:
  int64_t series_ = 0;
};

constexpr int64_t kHour = 1'758'312'000;  // a multiple of 3,600
const MetricKey kKey{"us-east-1", "AWS/Lambda", "Duration", {}};

class AlarmFetchTest : public ::testing::Test {
 protected:
  AlarmFetchTest() {
    // Minute i has the value i + 1.
    for (int i = 0; i < 15; ++i)
      store_.record(kKey, "Milliseconds", kHour + 60 * i, Distribution::of(i + 1));
  }
  std::map<int64_t, double> read(const char* stat, int period_s, int64_t start, int64_t end) {
    const Series series =
        alarm_fetch(store_)({kKey, period_s, stat, ""}, kHour + start, kHour + end);
    std::map<int64_t, double> out;
    for (const auto& [time_s, value] : series.points) out[time_s - kHour] = value;
    return out;
  }

  NoArchive archive_;
  MetricStore store_{archive_};
};

using Points = std::map<int64_t, double>;

TEST_F(AlarmFetchTest, CountsPeriodsFromTheStart) {
  EXPECT_EQ(read("Sum", 300, 60, 660),
            (Points{{60, 2 + 3 + 4 + 5 + 6}, {360, 7 + 8 + 9 + 10 + 11}}));
  EXPECT_EQ(read("Average", 300, 60, 360), (Points{{60, 4}}));
  EXPECT_EQ(read("Maximum", 300, 60, 360), (Points{{60, 6}}));
  EXPECT_EQ(read("SampleCount", 300, 60, 360), (Points{{60, 5}}));
  EXPECT_EQ(read("p100", 300, 60, 360), (Points{{60, 6}}));
}

TEST_F(AlarmFetchTest, ReadsAlignedPeriodsAsTheyAre) {
  EXPECT_EQ(read("Sum", 300, 0, 600), (Points{{0, 15}, {300, 40}}));
  EXPECT_EQ(read("Sum", 60, 60, 180), (Points{{60, 2}, {120, 3}}));
}

TEST_F(AlarmFetchTest, PeriodsWithoutDataHaveNoPoint) {
  EXPECT_EQ(read("Sum", 300, 780, 1380), (Points{{780, 14 + 15}}));
  EXPECT_EQ(read("nonsense", 300, 60, 360), Points());
}

TEST_F(AlarmFetchTest, ShortPeriods) {
  store_.record(kKey, "Milliseconds", kHour + 3610, Distribution::of(3));
  store_.record(kKey, "Milliseconds", kHour + 3625, Distribution::of(4));
  EXPECT_EQ(read("Sum", 20, 3610, 3630), (Points{{3610, 7}}));
}

}  // namespace
}  // namespace kiln::telemetry
