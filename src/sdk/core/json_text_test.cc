// parse_json() and print_json() beside the JSON library's own, which say what is right.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "kiln/json_handler.h"
#include "sdk/core/json_object.h"
#include "sdk/core/json_writer.h"

namespace kiln {
namespace {

using nlohmann::json;

// What became of the text: the tree with the kinds of its numbers, or the error.
template <class Parse>
std::string outcome(Parse parse, const std::string& text) {
  try {
    const json tree = parse(text);
    std::string kinds;
    const json flat = tree.flatten();
    for (const auto& [pointer, value] : flat.items()) {
      kinds += pointer + ' ' + std::to_string(static_cast<int>(value.type())) + '\n';
    }
    return tree.dump(-1, ' ', false, json::error_handler_t::replace) + '\n' + kinds;
  } catch (const json::exception& e) {
    return e.what();
  }
}

std::string ours(const std::string& text) {
  return outcome([](const auto& t) { return parse_json(t); }, text);
}
std::string librarys(const std::string& text) {
  return outcome([](const auto& t) { return json::parse(t); }, text);
}

TEST(JsonText, ReadsWhatTheLibraryReadsAndRefusesWhatItRefuses) {
  const std::string texts[] = {"",
                               " ",
                               "{}",
                               "[]",
                               "null",
                               "true",
                               " false ",
                               "1",
                               "-1",
                               "0",
                               "-0",
                               "-0.0",
                               "01",
                               "1.",
                               ".5",
                               "+1",
                               "1.5",
                               "1e3",
                               "1E-3",
                               "1e400",
                               "-1e400",
                               "1e-400",
                               "0.1",
                               "123456789012345678",
                               "999999999999999999",
                               "1234567890123456789",
                               "18446744073709551615",
                               "18446744073709551616",
                               "-9223372036854775808",
                               "-9223372036854775809",
                               "-999999999999999999",
                               "3.141592653589793238",
                               "\"\"",
                               "\"a\"",
                               R"("\u0041\n\"\\\/\b\f\r\t")",
                               R"("\ud83d\ude00")",
                               R"("\ud83d")",
                               R"("\ude00")",
                               R"("\u12")",
                               R"("\x")",
                               "\"\x01\"",
                               "\"\xFF\"",
                               "\"\xC3\xA9\"",
                               "\"\xED\xA0\x80\"",
                               "\"\x7F\"",
                               "\"open",
                               "{\"a\":1,\"a\":2}",
                               R"({"b":[1,{"c":null}],"a":{"":{}}})",
                               "{\"a\"}",
                               "{\"a\":}",
                               "{\"a\":1,}",
                               "[1,]",
                               "[1 2]",
                               "{1:2}",
                               "nul",
                               "tru",
                               "[1]x",
                               "{} {}",
                               "\xEF\xBB\xBF{\"a\":1}",
                               std::string("{}\0rest", 7),
                               "\t[ 1 ,\r\n 2 ]\n",
                               std::string(600, '[') + std::string(600, ']'),
                               "/**/1",
                               "NaN",
                               "Infinity"};
  for (const std::string& text : texts) EXPECT_EQ(ours(text), librarys(text)) << text;
}

TEST(JsonText, DamagedTextsAreReadAlike) {
  const std::string whole =
      R"({"id":7,"list":[1.25,-3,true,null,"a\u00e9\n"],"o":{"k":"v"},"big":12345678901234567890})";
  std::mt19937 random(3);
  for (int round = 0; round < 5000; ++round) {
    std::string text = whole;
    for (auto i = random() % 3 + 1; i > 0; --i)
      text[random() % text.size()] = static_cast<char>(random());
    EXPECT_EQ(ours(text), librarys(text)) << text;
  }
}

TEST(JsonText, EscapesAreReadWhereverTheyStand) {
  const std::string parts[] = {"\\\"", "\\n", "\\\\",    "\\u00e9",          "\\ud83d\\ude00",
                               "\\/",  "a",   "seven..", "sixteen bytes...", "\xC3\xA9"};
  std::mt19937 random(9);
  for (int round = 0; round < 5000; ++round) {
    std::string text = "\"";
    for (auto i = random() % 12; i > 0; --i) text += parts[random() % std::size(parts)];
    text += '"';
    EXPECT_EQ(ours(text), librarys(text)) << text;
  }
}

TEST(JsonText, PrintsWhatTheLibraryPrints) {
  const auto check = [](const json& value) {
    EXPECT_EQ(print_json(value), value.dump(-1, ' ', false, json::error_handler_t::replace));
  };
  for (const double number : {0.0, -0.0, 1.0, 12.5, 1e-5, 1.2345e-5, 1e15, 1e16, 1e300, 5e-324,
                              1.0 / 3, std::numeric_limits<double>::infinity(), std::nan("")}) {
    check(number);
  }
  check(std::numeric_limits<int64_t>::min());
  check(std::numeric_limits<uint64_t>::max());
  check(json::binary({1, 2, 3}));
  check({{"b", json::array()},
         {"a", json::object()},
         {"n", nullptr},
         {"t", true},
         {"f", false},
         {"", "[{:"}});
  std::mt19937 random(5);
  for (int round = 0; round < 5000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 2 ? random() : random() % 128);
    check(json::array({bytes, {{bytes, 1}}}));
  }
}

TEST(JsonText, AWriterSeparatesValues) {
  sdk::JsonWriter writer;
  writer.begin_object();
  writer.member("a{", "x[");
  writer.member("n", 1);
  writer.member("u", size_t{2});
  writer.member("t", true);
  writer.key("list");
  writer.begin_array();
  writer.null();
  writer.begin_object();
  writer.end_object();
  writer.value(0.5);
  writer.end_array();
  writer.key("raw");
  writer.raw("[]");
  writer.end_object();
  EXPECT_EQ(writer.take(), R"({"a{":"x[","n":1,"u":2,"t":true,"list":[null,{},0.5],"raw":[]})");
}

TEST(JsonText, AnObjectHasItsMembersInTheOrderOfTheirKeys) {
  EXPECT_EQ(sdk::JsonObject().text(), "{}");
  sdk::JsonObject object;
  object.add("success", true);
  object.add("b", 1);
  object.add_json("list", R"(["x,",{}])");
  object.add("a", "\"quoted\"");
  object.add("B", 12.5);
  EXPECT_EQ(object.text(), R"({"B":12.5,"a":"\"quoted\"","b":1,"list":["x,",{}],"success":true})");
  EXPECT_EQ(object.text(), json::parse(object.text()).dump());
}

}  // namespace
}  // namespace kiln
