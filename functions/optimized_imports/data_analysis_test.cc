#include "data_analysis.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <fstream>
#include <random>

namespace optimized_imports {
namespace {

using nlohmann::json;

json analyze(std::string_view records) {
  DataAnalysis analysis(records);
  JsonReader reader(records);
  analysis.read(reader);
  reader.end();
  return analysis.to_json();
}

TEST(DataAnalysis, NumbersAndTexts) {
  const json result = analyze(
      R"([{"age":20,"city":"Rome"},{"age":30,"city":"Oslo"},{"age":40.5,"city":"Rome"},{"age":21,"city":"Oslo"}])");
  EXPECT_EQ(result["row_count"], 4);
  EXPECT_EQ(result["column_count"], 2);
  EXPECT_EQ(result["numeric_summary"].size(), 1u);
  const json& age = result["numeric_summary"]["age"];
  EXPECT_DOUBLE_EQ(age["mean"], 27.875);
  EXPECT_DOUBLE_EQ(age["std"], 9.5426673419961574);  // Python: statistics.stdev([20, 30, 40.5, 21])
  EXPECT_EQ(age["min"], 20);
  EXPECT_EQ(age["max"], 40.5);
  EXPECT_EQ(age["count"], 4);
  EXPECT_EQ(result["categorical_summary"],
            (json{{"city", {{"count", 4}, {"unique_count", 2}, {"most_frequent", "Oslo"}}}}));
  EXPECT_EQ(result["skipped"], (json{{"records", 0}, {"values", 0}}));
}

TEST(DataAnalysis, MissingValuesAreNoValues) {
  const json result = analyze(R"([{"a":1},{"b":"x"},{"a":null,"b":null},{"a":3},{},{"c":null}])");
  EXPECT_EQ(result["row_count"], 6);
  EXPECT_EQ(result["column_count"], 3);
  EXPECT_EQ(result["numeric_summary"]["a"]["count"], 2);
  EXPECT_EQ(result["numeric_summary"]["a"]["mean"], 2);
  EXPECT_EQ(result["categorical_summary"]["b"]["count"], 1);
  EXPECT_FALSE(result["numeric_summary"].contains("c"));
  EXPECT_FALSE(result["categorical_summary"].contains("c"));
}

TEST(DataAnalysis, AColumnOfBothIsInBoth) {
  const json result = analyze(R"([{"a":1},{"a":"x"},{"a":3},{"a":"NaN"},{"a":"x"}])");
  EXPECT_EQ(result["numeric_summary"]["a"]["mean"], 2);
  EXPECT_EQ(result["categorical_summary"]["a"],
            (json{{"count", 3}, {"unique_count", 2}, {"most_frequent", "x"}}));
}

TEST(DataAnalysis, WhatCantBeAnalysedIsSkippedAndCounted) {
  const json result = analyze(
      R"([7,{"a":[1]},null,{"a":{"b":2}},"x",{"a":1e999},{"a":-1e999},[{"a":1}],{"a":5,"a":6}])");
  EXPECT_EQ(result["row_count"], 5);
  EXPECT_EQ(result["skipped"], (json{{"records", 4}, {"values", 5}}));
  EXPECT_EQ(result["numeric_summary"]["a"]["mean"], 5);
  EXPECT_EQ(result["column_count"], 1);
}

TEST(DataAnalysis, TruthValuesAreTexts) {
  EXPECT_EQ(analyze(R"([{"a":true},{"a":false}])")["categorical_summary"]["a"],
            (json{{"count", 2}, {"unique_count", 2}, {"most_frequent", "false"}}));
  EXPECT_EQ(analyze(R"([{"a":true},{"a":"true"},{"a":"z"}])")["categorical_summary"]["a"],
            (json{{"count", 3}, {"unique_count", 2}, {"most_frequent", "true"}}));
  EXPECT_EQ(analyze(R"([{"a":true},{"a":"a"}])")["categorical_summary"]["a"]["most_frequent"], "a");
  EXPECT_EQ(analyze(R"([{"a":true},{"a":"z"}])")["categorical_summary"]["a"]["most_frequent"],
            "true");
}

TEST(DataAnalysis, OneNumberHasNoDeviation) {
  const json result = analyze(R"([{"a":4}])");
  EXPECT_EQ(result["numeric_summary"]["a"],
            (json{{"count", 1}, {"mean", 4.0}, {"std", nullptr}, {"min", 4.0}, {"max", 4.0}}));
  EXPECT_EQ(analyze(R"([{"a":4},{"a":4}])")["numeric_summary"]["a"]["std"], 0);
}

TEST(DataAnalysis, NothingIsLostBesideBigNumbers) {
  EXPECT_EQ(analyze(R"([{"a":1e16},{"a":1},{"a":-1e16}])")["numeric_summary"]["a"]["mean"],
            1.0 / 3);
  // The variance of numbers that differ in their last digits alone.
  EXPECT_DOUBLE_EQ(
      analyze(R"([{"a":1000000000.1},{"a":1000000000.2},{"a":1000000000.3}])")["numeric_summary"]
                                                                              ["a"]["std"]
                                                                                  .get<double>(),
      0.09999996423721906);
  EXPECT_EQ(analyze(R"([{"a":1.5e308},{"a":1.5e308}])")["numeric_summary"]["a"]["mean"], 1.5e308);
}

TEST(DataAnalysis, KeysInAnyOrderAndWithEscapes) {
  const json result = analyze(R"([{"a":1,"b":2},{"b":4,"a":3},{"\u0061":5},{"x\"y":1}])");
  EXPECT_EQ(result["column_count"], 3);
  EXPECT_EQ(result["numeric_summary"]["a"]["mean"], 3);
  EXPECT_EQ(result["numeric_summary"]["b"]["mean"], 3);
  EXPECT_TRUE(result["numeric_summary"].contains("x\"y"));
}

TEST(DataAnalysis, ColumnsHaveALimitOnBothSides) {
  const auto with = [](size_t columns) {
    std::string records = "[{";
    for (size_t i = 0; i < columns; ++i) {
      records += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":1";
    }
    return records + "}]";
  };
  EXPECT_EQ(analyze(with(10'000))["column_count"], 10'000);
  EXPECT_THROW(analyze(with(10'001)), BadRequest);
}

TEST(DataAnalysis, EventsHaveALimitOnBothSides) {
  static const char kNone = 0;  // never read
  EXPECT_NO_THROW(DataAnalysis(std::string_view(&kNone, ValueCounts::kMaxEvent)));
  EXPECT_THROW(DataAnalysis(std::string_view(&kNone, ValueCounts::kMaxEvent + 1)), BadRequest);
}

// The highest resident set since reset_peak(), in bytes.
double peak() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      double kib = 0;
      status >> kib;
      return kib * 1024;
    }
  }
  return 0;
}
void reset_peak() { std::ofstream("/proc/self/clear_refs") << 5; }

struct Big {
  const char* name;
  std::string (*record)(int i);
  size_t texts;  // different ones in column "t"
};

class SlowMillion : public ::testing::TestWithParam<Big> {};

TEST_P(SlowMillion, TakesNoMoreRoomThanTwiceTheEvent) {
  constexpr int kRecords = 1'000'000;
  std::string records = "[";
  for (int i = 0; i < kRecords; ++i) {
    if (i > 0) records += ',';
    records += GetParam().record(i);
  }
  records += ']';
  records.shrink_to_fit();
  ::malloc_trim(0);
  reset_peak();
  const double before = peak();
  const auto start = std::chrono::steady_clock::now();
  const json result = analyze(records);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const double extra = peak() - before;
  const double size = static_cast<double>(records.size());
  std::printf("%s: %.1f MB, %.0f MB/s, peak memory %.2f of the event beside it\n", GetParam().name,
              size / 1e6, size / 1e6 / taken.count(), extra / size);
  EXPECT_EQ(result["row_count"], kRecords);
  EXPECT_DOUBLE_EQ(result["numeric_summary"]["id"]["mean"], (kRecords - 1) / 2.0);
  EXPECT_NEAR(result["numeric_summary"]["id"]["std"].get<double>(),
              std::sqrt(kRecords * (kRecords + 1.0) / 12), 1e-6);
  EXPECT_EQ(result["categorical_summary"]["t"]["unique_count"], GetParam().texts);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  EXPECT_LE(extra, 2 * size);
#endif
}

INSTANTIATE_TEST_SUITE_P(Records, SlowMillion,
                         ::testing::Values(Big{"users",
                                               [](int i) {
                                                 const std::string n = std::to_string(i);
                                                 return R"({"id":)" + n +
                                                        R"(,"t":"  user number )" + n +
                                                        R"( ","email":"User)" + n +
                                                        R"(@Example.com","age":)" +
                                                        std::to_string(20 + i % 50) +
                                                        R"(,"score":)" + std::to_string(i * 0.5) +
                                                        "}";
                                               },
                                               1'000'000},
                                           Big{"short texts, all different",
                                               [](int i) {
                                                 const std::string n = std::to_string(i);
                                                 return R"({"id":)" + n + R"(,"t":")" + n + "\"}";
                                               },
                                               1'000'000},
                                           Big{"escaped texts, all different",
                                               [](int i) {
                                                 const std::string n = std::to_string(i);
                                                 return R"({"id":)" + n + R"(,"t":"\n)" + n + "\"}";
                                               },
                                               1'000'000},
                                           Big{"few texts",
                                               [](int i) {
                                                 return R"({"id":)" + std::to_string(i) +
                                                        R"(,"t":"city )" + std::to_string(i % 100) +
                                                        "\"}";
                                               },
                                               100}),
                         [](const auto& test) { return "Case" + std::to_string(test.index); });

}  // namespace
}  // namespace optimized_imports
