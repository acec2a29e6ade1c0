#include "kiln/dynamodb_value.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace kiln::dynamodb {
namespace {

using nlohmann::json;

TEST(DynamodbValue, EveryTypeGoesBothWays) {
  const json attributes[] = {
      {{"NULL", true}},
      {{"BOOL", false}},
      {{"S", "a\u00e4"}},
      {{"S", ""}},
      {{"N", "12345678901234567890123456789012345678"}},
      {{"B", "AP8="}},
      {{"SS", {"a", "b"}}},
      {{"NS", {"1", "2.50"}}},
      {{"BS", {"AA=="}}},
      {{"L", {{{"N", "1"}}, {{"S", "x"}}, {{"L", json::array()}}}}},
      {{"M", {{"a", {{"M", json::object()}}}, {"b", {{"N", "-0.5"}}}}}},
  };
  for (const json& attribute : attributes) {
    EXPECT_EQ(Value::from_attribute(attribute).to_attribute(), attribute);
  }
  EXPECT_EQ(Value::from_attribute({{"B", "AP8="}}), Value::binary(std::string("\0\xFF", 2)));
}

TEST(DynamodbValue, WhatIsMadeFromValuesOfTheLanguage) {
  EXPECT_EQ(Value("x").to_attribute(), (json{{"S", "x"}}));
  EXPECT_EQ(Value(true).to_attribute(), (json{{"BOOL", true}}));
  EXPECT_EQ(Value(7).to_attribute(), (json{{"N", "7"}}));
  EXPECT_EQ(Value(std::numeric_limits<uint64_t>::max()).to_attribute(),
            (json{{"N", "18446744073709551615"}}));
  EXPECT_EQ(Value(0.1).to_attribute(), (json{{"N", "0.1"}}));
  EXPECT_EQ(Value().to_attribute(), (json{{"NULL", true}}));
  EXPECT_THROW(Value(std::numeric_limits<double>::infinity()), std::invalid_argument);
  EXPECT_THROW(Value(std::numeric_limits<double>::quiet_NaN()), std::invalid_argument);
  const Item item = {{"a", List{1, "b"}}, {"m", Item{{"x", 2}}}};
  EXPECT_EQ(item_from_attributes(item_to_attributes(item)), item);
}

TEST(DynamodbValue, NumbersKeepTheirText) {
  for (const char* text : {"0.1", "12.50", "1e125", "-1.0", "12345678901234567890.123456789",
                           "340282366920938463463374607431768211456"}) {
    EXPECT_EQ(Value::parse(text), Value::number(text)) << text;
  }
  EXPECT_EQ(Value::parse("18446744073709551615"), Value::number("18446744073709551615"));
  EXPECT_EQ(Value::parse(R"({"a":[1.10,null,true,"t"]})"),
            Value(Item{{"a", List{Value::number("1.10"), Value(), true, "t"}}}));
}

TEST(DynamodbValue, AJsonNumberOnlyWhereItIsTheSame) {
  const struct {
    const char* text;
    json expected;
  } cases[] = {
      {"7", 7},
      {"-7", -7},
      {"18446744073709551615", 18446744073709551615u},
      {"18446744073709551616", "18446744073709551616"},
      {"12.5", 12.5},
      {"12.50", 12.5},
      {"0.1", 0.1},
      {"1E+2", 100.0},
      {"0", 0},
      {"0.0", 0.0},
      {"3.14159265358979323846", "3.14159265358979323846"},
      {"1e400", "1e400"},
      {"1E-400", "1E-400"},
      {"9007199254740993.5", "9007199254740993.5"},
      {"", ""},
      {"abc", "abc"},
      {"nan", "nan"},
      {"inf", "inf"},
      {"0x10", "0x10"},
  };
  for (const auto& c : cases) {
    const json got = Value::number(c.text).to_json();
    EXPECT_EQ(got, c.expected) << c.text;
    EXPECT_EQ(got.is_string(), c.expected.is_string()) << c.text;
  }
}

TEST(DynamodbValue, DocumentsGoBothWays) {
  const json document = {{"a", {1, -2, 2.5, "x", nullptr, true}}, {"b", json::object()}};
  EXPECT_EQ(Value::from_json(document).to_json(), document);
  EXPECT_EQ(Value::parse(document.dump()).to_json(), document);
  EXPECT_EQ(Value::binary("f").to_json(), "Zg==");
  EXPECT_EQ(Value(Value::Variant(NumberSet{{"1", "2.5"}})).to_json(), (json{1, 2.5}));
}

std::string nested(int depth) {
  return std::string(static_cast<size_t>(depth), '[') +
         std::string(static_cast<size_t>(depth), ']');
}
json nested_attribute(int depth) {
  json value = {{"L", json::array()}};
  for (int i = 1; i < depth; ++i) value = {{"L", json::array({std::move(value)})}};
  return value;
}

TEST(DynamodbValue, WhatIsNoneIsRefused) {
  for (const char* bad : {"", "{", "nope", "[1,]", "{\"a\":1}x", "\"\xFF\""}) {
    EXPECT_THROW(Value::parse(bad), std::invalid_argument) << bad;
  }
  const json attributes[] = {nullptr,
                             "x",
                             json::object(),
                             {{"S", 1}},
                             {{"N", 1}},
                             {{"X", "a"}},
                             {{"S", "a"}, {"N", "1"}},
                             {{"B", "!"}},
                             {{"BOOL", "true"}},
                             {{"L", "a"}},
                             {{"M", json::array()}},
                             {{"SS", "a"}},
                             {{"SS", {1}}},
                             {{"BS", {"!"}}},
                             {{"L", {"a"}}},
                             {{"M", {{"a", "b"}}}}};
  for (const json& bad : attributes) {
    EXPECT_THROW(Value::from_attribute(bad), std::invalid_argument) << bad;
  }
  EXPECT_THROW(item_from_attributes(json::array()), std::invalid_argument);
}

TEST(DynamodbValue, DepthIsBounded) {
  EXPECT_NO_THROW(Value::parse(nested(64)));
  EXPECT_THROW(Value::parse(nested(65)), std::invalid_argument);
  EXPECT_THROW(Value::parse(nested(1'000'000)), std::invalid_argument);
  EXPECT_NO_THROW(Value::from_attribute(nested_attribute(64)));
  EXPECT_THROW(Value::from_attribute(nested_attribute(65)), std::invalid_argument);
  EXPECT_NO_THROW(Value::from_json(json::parse(nested(64))));
  EXPECT_THROW(Value::from_json(json::parse(nested(65))), std::invalid_argument);
}

}  // namespace
}  // namespace kiln::dynamodb
