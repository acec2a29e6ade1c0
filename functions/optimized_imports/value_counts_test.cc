#include "value_counts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace optimized_imports {
namespace {

// Counts the texts of a JSON array.
ValueCounts count(std::string_view array) {
  ValueCounts counts(array);
  kiln::sdk::JsonReader reader(array);
  reader.array([&] { counts.add(reader.raw_string()); });
  counts.finish();
  return counts;
}

TEST(ValueCounts, NothingIsNothing) {
  const ValueCounts counts("");
  EXPECT_EQ(counts.size(), 0u);
  EXPECT_EQ(counts.most_frequent().count, 0u);
  EXPECT_EQ(counts.count("a"), 0u);
}

TEST(ValueCounts, TiesGoToTheSmallest) {
  const auto most = [](const char* array) { return count(array).most_frequent().text; };
  EXPECT_EQ(most(R"(["b","a","c","a","b"])"), "a");
  EXPECT_EQ(most(R"(["b","B"])"), "B");
  EXPECT_EQ(most(R"(["ab","a","abc"])"), "a");
  EXPECT_EQ(most(R"(["","a"])"), "");
  EXPECT_EQ(most(R"(["é","z"])"), "z");
  EXPECT_EQ(most(R"(["10","9"])"), "10");
  EXPECT_EQ(most(R"(["b","b","a"])"), "b");
}

TEST(ValueCounts, AnEscapedTextIsTheSameText) {
  const auto counts =
      count(R"(["A","\u0041","\u0041","a\"b","a\u0022b","a","\\","\u005c","a\",\"b"])");
  EXPECT_EQ(counts.size(), 5u);
  EXPECT_EQ(counts.count("A"), 3u);
  EXPECT_EQ(counts.count("a\"b"), 2u);
  EXPECT_EQ(counts.count("\\"), 2u);
  EXPECT_EQ(counts.count("a"), 1u);
  // Not the bytes of two neighbours.
  const auto neighbours = count(R"(["a","b","a\",\"b"])");
  EXPECT_EQ(neighbours.size(), 3u);
}

TEST(ValueCounts, AgreesWithAMap) {
  std::mt19937 random(3);
  std::map<std::string, uint64_t> expected;
  std::string array = "[";
  for (int i = 0; i < 100'000; ++i) {
    const std::string text = std::to_string(std::geometric_distribution<int>(0.001)(random));
    ++expected[text];
    array += (i > 0 ? ",\"" : "\"") + text + '"';
  }
  array += ']';
  const ValueCounts counts = count(array);
  EXPECT_EQ(counts.size(), expected.size());
  uint64_t most = 0;
  for (const auto& [text, times] : expected) {
    ASSERT_EQ(counts.count(text), times) << text;
    most = std::max(most, times);
  }
  const auto best = counts.most_frequent();
  EXPECT_EQ(best.count, most);
  EXPECT_EQ(expected[best.text], most);
}

}  // namespace
}  // namespace optimized_imports
