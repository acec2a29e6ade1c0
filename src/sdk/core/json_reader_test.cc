#include "sdk/core/json_reader.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

namespace kiln::sdk {
namespace {

using nlohmann::json;
using Kind = JsonReader::Kind;

// The document that the reader sees.
json read(JsonReader& reader) {
  switch (reader.peek()) {
    case Kind::kObject: {
      json out = json::object();
      reader.object([&](std::string_view key) {
        const std::string name(key);
        out[name] = read(reader);
      });
      return out;
    }
    case Kind::kArray: {
      json out = json::array();
      reader.array([&] { out.push_back(read(reader)); });
      return out;
    }
    case Kind::kString:
      return reader.string();
    case Kind::kNumber:
      return reader.number().value;
    default:
      return json::parse(reader.skip());
  }
}

json read(std::string_view text) {
  JsonReader reader(text);
  json out = read(reader);
  reader.end();
  return out;
}

bool skips(std::string_view text) {
  try {
    JsonReader reader(text);
    reader.skip();
    reader.end();
    return true;
  } catch (const JsonError&) {
    return false;
  }
}

TEST(JsonReader, ReadsWhatIsThere) {
  for (const char* text :
       {"{}", "[]", " { \"a\" : [ 1 , 2.5e-3 ,\n\t-0 ] , \"b\" : { \"\" : null } } ", "true",
        R"("\"\\\/\b\f\n\r\tA\u00e9\u20ac\ud83d\ude00")", "\"ä€😀 and plain text after it\"",
        "-12.75", "123456789012345", "1234567890123456789", "1e300", "[[[[false]]]]"}) {
    EXPECT_EQ(read(text), json::parse(text)) << text;
  }
}

TEST(JsonReader, NumbersOfAllSizes) {
  const auto number = [](const char* text) { return JsonReader(text).number().value; };
  EXPECT_EQ(number("0"), 0);
  EXPECT_EQ(number("-999999999999999"), -999999999999999.0);
  EXPECT_EQ(number("0.1"), 0.1);
  EXPECT_EQ(number("9007199254740993"), 9007199254740992.0);
  EXPECT_EQ(number("1e-400"), 0);
  EXPECT_EQ(number("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_TRUE(std::isinf(number("1e400")));
  EXPECT_TRUE(std::isinf(number("-1e400")));
}

TEST(JsonReader, DecimalsAreRoundedAsByTheLibrary) {
  std::mt19937 random(11);
  for (int i = 0; i < 100'000; ++i) {
    std::string text = std::to_string(random() % 1'000'000'000);
    if (i % 3 > 0) {
      text += '.' + std::string(random() % 4, '0') + std::to_string(random() % 1'000'000);
    }
    if (i % 5 == 0) text = '-' + text;
    ASSERT_EQ(JsonReader(text).number().value, std::strtod(text.c_str(), nullptr)) << text;
  }
}

TEST(JsonReader, KeysAsExpected) {
  JsonReader reader(R"({"a":1, "a" : 2,"b":3,"ab":4,"\u0061":5})");
  ASSERT_TRUE(reader.enter_object());
  const auto number = [&] { return reader.number().value; };
  EXPECT_FALSE(reader.key_is(R"("b")"));
  EXPECT_TRUE(reader.key_is(R"("a")"));
  EXPECT_EQ(number(), 1);
  EXPECT_TRUE(reader.more_members());
  EXPECT_TRUE(reader.key_is(R"("a")"));
  EXPECT_EQ(number(), 2);
  EXPECT_TRUE(reader.more_members());
  EXPECT_FALSE(reader.key_is(R"("a")"));
  EXPECT_EQ(reader.key(), "b");
  EXPECT_EQ(number(), 3);
  EXPECT_TRUE(reader.more_members());
  EXPECT_FALSE(reader.key_is(R"("a")"));
  EXPECT_EQ(reader.key(), "ab");
  EXPECT_EQ(number(), 4);
  EXPECT_TRUE(reader.more_members());
  EXPECT_FALSE(reader.key_is(R"("a")"));
  EXPECT_EQ(reader.key(), "a");
  EXPECT_EQ(number(), 5);
  EXPECT_FALSE(reader.more_members());
  EXPECT_FALSE(JsonReader(" { } ").enter_object());
  JsonReader lacking(R"({"a" 1})");
  ASSERT_TRUE(lacking.enter_object());
  EXPECT_THROW(lacking.key_is(R"("a")"), JsonError);
}

TEST(JsonReader, RefusesWhatIsNoJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "[1",
                           "[1,",
                           "[1,]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{a:1}",
                           "{1:1}",
                           "01",
                           "-",
                           "+1",
                           ".5",
                           "1.",
                           "1e",
                           "1e+",
                           "0x1",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "nul",
                           "True",
                           "\"",
                           "\"a",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\u12\"",
                           "\"\\ud800\"",
                           "\"\\udc00\"",
                           "\"\\ud800\\u0041\"",
                           "\"a\nb\"",
                           "\"\x01\"",
                           "\"\xff\"",
                           "\"\xc3\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xf5\x80\x80\x80\"",
                           "1 2",
                           "{} ,",
                           "'a'",
                           "\xef\xbb\xbf{}"}) {
    EXPECT_FALSE(skips(text)) << text;
    EXPECT_THROW(read(std::string_view(text)), JsonError) << text;
  }
  try {
    read("[1, x]");
  } catch (const JsonError& e) {
    EXPECT_STREQ(e.what(), "the event is no JSON: there is no value at byte 4");
  }
}

TEST(JsonReader, DepthHasALimitOnBothSides) {
  const auto nested = [](int depth) {
    return std::string(static_cast<size_t>(depth), '[') +
           std::string(static_cast<size_t>(depth), ']');
  };
  EXPECT_TRUE(skips(nested(JsonReader::kMaxDepth + 1)));
  EXPECT_FALSE(skips(nested(JsonReader::kMaxDepth + 2)));
  EXPECT_FALSE(skips(std::string(5'000'000, '[')));
}

// Texts that are nearly JSON: the reader and another parser say yes to the same ones, and read the
// same.
TEST(JsonReader, AgreesWithAnotherParser) {
  const std::string seeds[] = {
      R"({"records":[{"a":1,"b":"x\u00e4","c":-1.5e3},{"a":null,"b":true}],"n":[[],{}]})",
      R"(["\ud83d\ude00",0.25,1e5,"ä€😀","\\\"",false,null,{"k":{"k":[]}}])"};
  constexpr std::string_view kAlphabet = "{}[]\",:\\u0123e+-. \ntfnax\x80\xc3\xa4";
  std::mt19937 random(7);
  const auto below = [&](size_t n) {
    return std::uniform_int_distribution<size_t>(0, n - 1)(random);
  };
  int good = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = seeds[below(2)];
    for (size_t changes = 1 + below(3); changes > 0 && !text.empty(); --changes) {
      const size_t at = below(text.size());
      switch (below(3)) {
        case 0:
          text.erase(at, 1 + below(4));
          break;
        case 1:
          text.insert(at, 1, kAlphabet[below(kAlphabet.size())]);
          break;
        default:
          text[at] = kAlphabet[below(kAlphabet.size())];
      }
    }
    const json expected = json::parse(text, nullptr, false);
    const bool is_good = !expected.is_discarded();
    // Numbers too big for a double are an error to the other parser and infinite to this one.
    if (!is_good && text.find('e') != std::string::npos && skips(text)) {
      EXPECT_NE(read(text).dump().find("null"), std::string::npos) << text;
      continue;
    }
    ASSERT_EQ(skips(text), is_good) << text;
    if (!is_good) continue;
    ++good;
    ASSERT_EQ(read(text), expected) << text;
  }
  EXPECT_GT(good, 1000);
}

}  // namespace
}  // namespace kiln::sdk
