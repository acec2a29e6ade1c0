#include "kiln/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

namespace kiln {
namespace {

using nlohmann::json;

constexpr std::chrono::system_clock::time_point kMetricsTime{
    std::chrono::milliseconds(1'700'000'000'123)};

std::vector<json> documents(const Metrics& metrics) {
  std::vector<json> result;
  for (const std::string& line : metrics.lines(kMetricsTime)) {
    EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    result.push_back(json::parse(line));
  }
  return result;
}

// What the destructor would write is of no interest here.
class MetricsTest : public ::testing::Test {
 protected:
  void SetUp() override { ::testing::internal::CaptureStdout(); }
  void TearDown() override { ::testing::internal::GetCapturedStdout(); }
  Metrics metrics_{"Shop"};
};

TEST_F(MetricsTest, ALineIsAnEmfDocument) {
  metrics_.dimension("function_name", "orders");
  metrics_.property("request_id", "r-1");
  metrics_.property("cold_start", true);
  metrics_.add("duration", 12.5, Unit::kMilliseconds);
  metrics_.add("orders", 3);
  EXPECT_EQ(documents(metrics_),
            (std::vector<json>{{{"_aws",
                                 {{"Timestamp", 1'700'000'000'123},
                                  {"CloudWatchMetrics",
                                   {{{"Namespace", "Shop"},
                                     {"Dimensions", json::array({json::array({"function_name"})})},
                                     {"Metrics",
                                      {{{"Name", "duration"}, {"Unit", "Milliseconds"}},
                                       {{"Name", "orders"}, {"Unit", "None"}}}}}}}}},
                                {"function_name", "orders"},
                                {"request_id", "r-1"},
                                {"cold_start", true},
                                {"duration", 12.5},
                                {"orders", 3}}}));
}

TEST_F(MetricsTest, WithoutMetricsThereIsNoLine) {
  metrics_.dimension("a", "b");
  EXPECT_TRUE(metrics_.lines(kMetricsTime).empty());
}

TEST_F(MetricsTest, WithoutDimensionsTheSetIsEmpty) {
  metrics_.add("n", 1);
  EXPECT_EQ(documents(metrics_)[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json::array({json::array()}));
}

TEST_F(MetricsTest, ALineHasAHundredMetrics) {
  for (int i = 0; i < 100; ++i) metrics_.add("m" + std::to_string(i), i);
  EXPECT_EQ(documents(metrics_).size(), 1u);
  metrics_.add("m100", 100);
  const auto lines = documents(metrics_);
  ASSERT_EQ(lines.size(), 2u);
  std::set<std::string> names;
  for (const json& line : lines) {
    const json& definitions = line["_aws"]["CloudWatchMetrics"][0]["Metrics"];
    EXPECT_LE(definitions.size(), 100u);
    for (const json& definition : definitions) {
      const std::string name = definition["Name"];
      EXPECT_EQ("m" + line.at(name).dump().substr(0, line.at(name).dump().find('.')), name);
      names.insert(name);
    }
  }
  EXPECT_EQ(names.size(), 101u);
}

TEST_F(MetricsTest, AMetricHasAHundredValuesInALine) {
  for (int i = 0; i < 100; ++i) metrics_.add("m", i);
  EXPECT_EQ(documents(metrics_).size(), 1u);
  EXPECT_EQ(documents(metrics_)[0]["m"].size(), 100u);
  metrics_.add("m", 100);
  metrics_.add("other", 1);
  const auto lines = documents(metrics_);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["m"].size(), 100u);
  EXPECT_EQ(lines[0]["other"], 1);
  EXPECT_EQ(lines[1]["m"], 100);
  EXPECT_FALSE(lines[1].contains("other"));
}

TEST_F(MetricsTest, ThereAreThirtyDimensions) {
  for (int i = 0; i < 30; ++i) metrics_.dimension("d" + std::to_string(i), "v");
  EXPECT_THROW(metrics_.dimension("d30", "v"), std::invalid_argument);
  metrics_.dimension("d29", "w");  // set again
  metrics_.add("m", 1);
  const json line = documents(metrics_)[0];
  EXPECT_EQ(line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0].size(), 30u);
  EXPECT_EQ(line["d29"], "w");
  EXPECT_FALSE(line.contains("d30"));
}

TEST_F(MetricsTest, NumbersMustBeFinite) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), HUGE_VAL, -HUGE_VAL}) {
    EXPECT_THROW(metrics_.add("m", bad), std::invalid_argument);
  }
  EXPECT_TRUE(metrics_.lines(kMetricsTime).empty());
  metrics_.add("m", std::numeric_limits<double>::max());
  EXPECT_EQ(documents(metrics_)[0]["m"], std::numeric_limits<double>::max());
}

TEST_F(MetricsTest, NamesHaveOneTo1024Characters) {
  const std::string longest(1024, 'n');
  EXPECT_NO_THROW(metrics_.add(longest, 1));
  EXPECT_NO_THROW(metrics_.dimension("d", longest));
  EXPECT_NO_THROW(Metrics{longest});
  for (const std::string& bad : {std::string(), std::string("  "), longest + "n"}) {
    EXPECT_THROW(metrics_.add(bad, 1), std::invalid_argument);
    EXPECT_THROW(metrics_.dimension(bad, "v"), std::invalid_argument);
    EXPECT_THROW(metrics_.dimension("e", bad), std::invalid_argument);
    EXPECT_THROW(metrics_.property(bad, 1), std::invalid_argument);
    EXPECT_THROW(Metrics{bad}, std::invalid_argument);
  }
}

TEST_F(MetricsTest, ANameMeansOneThing) {
  metrics_.dimension("d", "v");
  metrics_.property("p", 1);
  metrics_.add("m", 1, Unit::kBytes);
  EXPECT_THROW(metrics_.add("d", 1), std::invalid_argument);
  EXPECT_THROW(metrics_.add("p", 1), std::invalid_argument);
  EXPECT_THROW(metrics_.dimension("m", "v"), std::invalid_argument);
  EXPECT_THROW(metrics_.property("d", 1), std::invalid_argument);
  EXPECT_THROW(metrics_.property("_aws", 1), std::invalid_argument);
  EXPECT_THROW(metrics_.add("m", 1, Unit::kCount), std::invalid_argument);
}

TEST_F(MetricsTest, TextsCantBreakTheLine) {
  metrics_.property("text", "a\n\"}\xFF");
  metrics_.add("m\n", 1);
  const json line = documents(metrics_)[0];
  EXPECT_EQ(line["text"], "a\n\"}\xEF\xBF\xBD");
  EXPECT_EQ(line["m\n"], 1);
}

TEST(Metrics, FlushWritesOnceAndKeepsDimensions) {
  ::testing::internal::CaptureStdout();
  {
    Metrics metrics("Shop");
    metrics.dimension("d", "v");
    metrics.add("m", 1);
    metrics.flush();
    metrics.flush();
    metrics.add("n", 2);
  }
  const std::string written = ::testing::internal::GetCapturedStdout();
  const size_t end = written.find('\n');
  const json first = json::parse(written.substr(0, end));
  const json second = json::parse(written.substr(end + 1));
  EXPECT_EQ(first["m"], 1);
  EXPECT_FALSE(second.contains("m"));
  EXPECT_EQ(second["n"], 2);
  EXPECT_EQ(second["d"], "v");
}

TEST(Metrics, UnitsAreCloudWatchs) {
  const std::pair<Unit, const char*> cases[] = {{Unit::kNone, "None"},
                                                {Unit::kTerabits, "Terabits"},
                                                {Unit::kPercent, "Percent"},
                                                {Unit::kCount, "Count"},
                                                {Unit::kBytesPerSecond, "Bytes/Second"},
                                                {Unit::kCountPerSecond, "Count/Second"}};
  for (const auto& [unit, name] : cases) EXPECT_EQ(unit_name(unit), name);
}

}  // namespace
}  // namespace kiln
