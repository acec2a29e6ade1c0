#include "wire/fields.h"

#include <gtest/gtest.h>

namespace kiln::wire {
namespace {

using nlohmann::json;

TEST(Fields, ReadsTypedValuesAndTheirTexts) {
  const json document = {{"n", 1.5},         {"i", 7},         {"b", true},     {"t", "x"},
                         {"nt", "1.5"},      {"it", "7"},      {"bt", "false"}, {"l", {"a", "b"}},
                         {"nl", {1, "2.5"}}, {"none", nullptr}};
  Fields in(document);
  EXPECT_EQ(in.number("n"), 1.5);
  EXPECT_EQ(in.number("nt"), 1.5);
  EXPECT_EQ(in.integer("i"), 7);
  EXPECT_EQ(in.integer("it"), 7);
  EXPECT_EQ(in.boolean("b"), true);
  EXPECT_EQ(in.boolean("bt"), false);
  EXPECT_EQ(in.text("t"), "x");
  EXPECT_EQ(in.texts("l"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(in.numbers("nl"), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(in.text("none", "d"), "d");
  EXPECT_FALSE(in.has("none"));
  EXPECT_TRUE(in.status().ok());
}

TEST(Fields, FirstWrongTypeStays) {
  const json document = {{"a", "x"}, {"b", 1.5}, {"c", json::array()}, {"d", 5}};
  for (const auto& [member, read] :
       std::vector<std::pair<std::string, std::function<void(Fields&)>>>{
           {"a", [](Fields& f) { (void)f.number("a"); }},
           {"b", [](Fields& f) { (void)f.integer("b"); }},
           {"c", [](Fields& f) { (void)f.text("c"); }},
           {"d", [](Fields& f) { (void)f.boolean("d"); }},
           {"a", [](Fields& f) { (void)f.texts("a"); }},
           {"a", [](Fields& f) { (void)f.time("a"); }}}) {
    Fields in(document);
    read(in);
    (void)in.text("c");
    ASSERT_FALSE(in.status().ok());
    EXPECT_TRUE(in.status().error().message.starts_with(member + " is "))
        << in.status().error().message;
  }
}

TEST(ParseTime, Forms) {
  const struct {
    const char* text;
    int64_t ms;  // -1: refused
  } cases[] = {
      {"1735689600", 1'735'689'600'000},
      {"1735689600.25", 1'735'689'600'250},
      {"2025-01-01T00:00:00Z", 1'735'689'600'000},
      {"2025-01-01T00:00:00.250000Z", 1'735'689'600'250},
      {"2025-01-01T02:00:00+02:00", 1'735'689'600'000},
      {"2024-12-31T23:00:00-0100", 1'735'689'600'000},
      {"2025-01-01", 1'735'689'600'000},
      {"2025-01-01T00:00:00", 1'735'689'600'000},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000},
      {"2025-02-29T00:00:00Z", -1},
      {"2025-13-01", -1},
      {"2025-01-01T00:61:00Z", -1},
      {"2025-01-01T00:00:00.Z", -1},
      {"yesterday", -1},
      {"", -1},
      {"1e30", -1},
      {"nan", -1},
      {"2025-01-01T00:00:00Zx", -1},
  };
  for (const auto& c : cases) {
    const auto time = parse_time(c.text);
    EXPECT_EQ(time ? epoch_ms(*time) : -1, c.ms) << c.text;
  }
}

}  // namespace
}  // namespace kiln::wire
