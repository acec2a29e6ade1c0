#include "base/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/json_text.h"

namespace kiln {
namespace {

Json parsed(std::string_view text) {
  auto result = Json::parse(text);
  EXPECT_TRUE(result.ok()) << text << ": " << result.error().message;
  return result ? *result : Json();
}

std::string fault(std::string_view text) {
  auto result = Json::parse(text);
  EXPECT_FALSE(result.ok()) << text;
  return result ? "" : result.error().message;
}

TEST(Json, KindsAndTheirReads) {
  const Json document = parsed(
      R"({"null": null, "yes": true, "int": -7, "large": 18446744073709551615, "real": 2.5,
          "text": "a\u00e9\n", "list": [1, [2]], "map": {"k": "v"}})");
  EXPECT_TRUE(document["null"].is_null());
  EXPECT_EQ(document["yes"].boolean(), true);
  EXPECT_EQ(document["int"].integer(), -7);
  EXPECT_EQ(document["int"].integer<unsigned>(), std::nullopt);
  EXPECT_EQ(document["large"].integer<uint64_t>(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(document["large"].integer(), std::nullopt);
  EXPECT_EQ(document["large"].number(), 18446744073709551616.0);
  EXPECT_EQ(document["real"].number(), 2.5);
  EXPECT_EQ(document["real"].integer(), std::nullopt);
  EXPECT_EQ(document["text"].text(), "a\xc3\xa9\n");
  EXPECT_EQ(document["list"][1][0].integer<int8_t>(), 2);
  EXPECT_EQ(document["map"]["k"].text(), "v");
}

TEST(Json, OtherKindsReadAsEmpty) {
  for (const char* text : {"null", "true", "1", "2.5", "\"t\"", "[1]", R"({"a": 1})"}) {
    const Json value = parsed(text);
    SCOPED_TRACE(text);
    EXPECT_EQ(value.text().empty(), !value.is_text());
    EXPECT_EQ(value.boolean().has_value(), value.is_boolean());
    EXPECT_EQ(value.number().has_value(), value.is_number());
    EXPECT_EQ(value.integer().has_value(), value.is_integer());
    EXPECT_EQ(value.elements().empty(), !value.is_array());
    EXPECT_EQ(value.members().empty(), !value.is_object());
    EXPECT_EQ(value.size(), value.is_array() || value.is_object() ? 1u : 0u);
    EXPECT_TRUE(value["nope"]["deeper"][7].is_null());
    EXPECT_EQ(value.find("nope"), nullptr);
    EXPECT_EQ(value.text_or("nope", "else"), "else");
    EXPECT_EQ(value.integer_or("nope", 3), 3);
    EXPECT_EQ(value.number_or("nope", 0.5), 0.5);
    EXPECT_TRUE(value.boolean_or("nope", true));
  }
}

TEST(Json, AMemberOfAnotherKindReadsAsTheDefault) {
  const Json document{{"text", "t"}, {"number", 300}, {"real", 1.5}, {"yes", true}};
  EXPECT_EQ(document.text_or("text", "else"), "t");
  EXPECT_EQ(document.text_or("number", "else"), "else");
  EXPECT_EQ(document.integer_or("number", 0), 300);
  EXPECT_EQ(document.integer_or<int8_t>("number", 1), 1);  // which has no 300
  EXPECT_EQ(document.integer_or("real", 1), 1);
  EXPECT_EQ(document.integer_or("text", 1), 1);
  EXPECT_EQ(document.number_or("number", 0), 300.0);
  EXPECT_TRUE(document.boolean_or("yes", false));
  EXPECT_FALSE(document.boolean_or("number", false));
}

TEST(Json, BraceListsMakeObjectsAndArrays) {
  const Json inner{{"x", 1}};
  const std::string name = "n";
  const Json object{{"a", 1}, {name, "v"}, {"inner", inner}, {"list", {1, 2, "3"}}, {"none", {}}};
  EXPECT_EQ(object.to_text(), R"({"a":1,"n":"v","inner":{"x":1},"list":[1,2,"3"],"none":null})");
  EXPECT_EQ((Json{1, "two", nullptr, true}).to_text(), R"([1,"two",null,true])");
  EXPECT_EQ((Json{{"a", 1}}).to_text(), R"({"a":1})");
  EXPECT_EQ(Json({{"a", 1}}).to_text(), R"({"a":1})");
  EXPECT_EQ(Json::array({{"a", 1}}).to_text(), R"([["a",1]])");
  EXPECT_EQ(Json::array({inner}).to_text(), R"([{"x":1}])");
  EXPECT_EQ((Json{{{"a", 1}}, {{"b", 2}}}).to_text(), R"([{"a":1},{"b":2}])");
  EXPECT_EQ(Json::object({{"a", {1}}}).to_text(), R"({"a":[1]})");
  EXPECT_EQ(Json::array().to_text(), "[]");
  EXPECT_EQ(Json::object().to_text(), "{}");
  EXPECT_EQ(inner.to_text(), R"({"x":1})");  // was copied
}

TEST(Json, FromContainers) {
  EXPECT_EQ(Json(std::vector<std::string>{"a", "b"}).to_text(), R"(["a","b"])");
  EXPECT_EQ(Json(std::set<int>{2, 1}).to_text(), "[1,2]");
  EXPECT_EQ(Json(std::vector<std::string>()).to_text(), "[]");
  EXPECT_EQ(Json(std::map<std::string, std::string>()).to_text(), "{}");
  EXPECT_EQ(Json(std::map<std::string, std::vector<int>>{{"k", {1}}}).to_text(), R"({"k":[1]})");
  EXPECT_EQ(Json(std::vector<bool>{true, false}).to_text(), "[true,false]");
  EXPECT_EQ(Json(std::string_view("s")).to_text(), R"("s")");
  EXPECT_EQ(Json(size_t{1}).to_text(), "1");
  EXPECT_EQ(Json(1.0F).to_text(), "1.0");
}

TEST(Json, WritingMakesWhatIsMissing) {
  Json value;
  value["a"]["b"][2] = 1;
  EXPECT_EQ(value.to_text(), R"({"a":{"b":[null,null,1]}})");
  value["a"] = "text";
  value["a"]["now"] = true;  // a text becomes an object
  EXPECT_EQ(value.to_text(), R"({"a":{"now":true}})");
  value["a"].push_back(1);
  value["a"].push_back({{"k", 2}});
  EXPECT_EQ(value.to_text(), R"({"a":[1,{"k":2}]})");
  for (Json& item : value["a"]) item = nullptr;
  EXPECT_EQ(value.to_text(), R"({"a":[null,null]})");
}

TEST(Json, MembersKeepTheirOrder) {
  Json value;
  for (const char* name : {"z", "a", "m"}) value[name] = 1;
  value["a"] = 2;
  EXPECT_EQ(value.to_text(), R"({"z":1,"a":2,"m":1})");
  EXPECT_EQ(value.canonical_text(), R"({"a":2,"m":1,"z":1})");
  value.update({{"m", 3}, {"b", 4}});
  EXPECT_EQ(value.to_text(), R"({"z":1,"a":2,"m":3,"b":4})");
  EXPECT_TRUE(value.erase("z"));
  EXPECT_FALSE(value.erase("z"));
  EXPECT_EQ(value.to_text(), R"({"a":2,"m":3,"b":4})");
  EXPECT_EQ(parsed(R"({"b":1,"a":{"y":1,"x":2},"b":3})").to_text(), R"({"b":3,"a":{"y":1,"x":2}})");
  Json list{1, 2, 3};
  EXPECT_TRUE(list.erase(1));
  EXPECT_FALSE(list.erase(2));
  EXPECT_EQ(list.to_text(), "[1,3]");
}

TEST(Json, EqualityIsByValue) {
  EXPECT_EQ(parsed(R"({"a":1,"b":[2]})"), parsed(R"({"b":[2.0],"a":1})"));
  EXPECT_NE(parsed(R"({"a":1})"), parsed(R"({"a":1,"b":null})"));
  EXPECT_NE(parsed("[1,2]"), parsed("[2,1]"));
  EXPECT_NE(Json(), Json(false));
  EXPECT_NE(Json("1"), Json(1));
  EXPECT_NE(Json(0), Json(false));
  EXPECT_NE(Json(1), Json(1.5));
  // 2^53 + 1 and 2^63: where doubles skip integers.
  EXPECT_NE(Json(int64_t{9007199254740993}), Json(9007199254740992.0));
  EXPECT_NE(Json(std::numeric_limits<int64_t>::max()), Json(9223372036854775808.0));
  EXPECT_EQ(Json(uint64_t{1} << 63), Json(9223372036854775808.0));
  EXPECT_NE(Json(std::numeric_limits<uint64_t>::max()), Json(18446744073709551616.0));
  EXPECT_EQ(Json(uint64_t{5}), Json(int8_t{5}));
  EXPECT_EQ(Json(std::numeric_limits<int64_t>::min()), Json(-9223372036854775808.0));
  EXPECT_EQ(parsed(R"({"a":1.0,"b":2})").canonical_text(),
            parsed(R"({"b":2.0,"a":1})").canonical_text());
}

TEST(Json, LargeObjectsFindEraseAndCopy) {
  constexpr int kMembers = 1000;
  Json value;
  for (int i = 0; i < kMembers; ++i) value["name " + std::to_string(i)] = i;
  Json copy = value;
  for (int i = 0; i < kMembers; i += 2) EXPECT_TRUE(value.erase("name " + std::to_string(i)));
  for (int i = 0; i < kMembers; ++i) {
    const std::string name = "name " + std::to_string(i);
    EXPECT_EQ(copy.integer_or(name, -1), i);
    EXPECT_EQ(value.integer_or(name, -1), i % 2 == 0 ? -1 : i);
  }
  EXPECT_EQ(value.members()[1].name, "name 3");
  EXPECT_NE(value, copy);
  EXPECT_EQ(copy, Json(copy));
}

// By looking through all members for each name this would take hours.
TEST(Json, AsManyMembersAsARequestHasRoomFor) {
  constexpr int kMembers = 300'000;
  std::string many = "{", same = "{";
  for (int i = 0; i < kMembers; ++i) {
    many += '"' + std::to_string(i) + "\":0,";
    same += "\"a\":0,";
  }
  many += "\"a\":1}", same += "\"a\":1}";
  EXPECT_EQ(parsed(many).size(), kMembers + 1u);
  EXPECT_EQ(parsed(many), parsed(many));
  EXPECT_EQ(parsed(same).to_text(), R"({"a":1})");
}

TEST(Json, DepthIsLimited) {
  const auto nested = [](size_t depth, char open, char close) {
    return std::string(depth, open) + std::string(depth, close);
  };
  const Json deep = parsed(nested(500, '[', ']'));
  const Json copy = deep;
  EXPECT_EQ(copy.to_text(), nested(500, '[', ']'));
  EXPECT_EQ(copy, deep);
  EXPECT_EQ(fault(nested(501, '[', ']')),
            "line 1, column 501: arrays and objects are nested more than 500 deep");
  std::string objects;
  for (int i = 0; i < 501; ++i) objects += R"({"a":)";
  EXPECT_NE(fault(objects).find("500 deep"), std::string::npos);
  EXPECT_TRUE(Json::parse("[[1]]", 2).ok());
  EXPECT_FALSE(Json::parse("[[[1]]]", 2).ok());
  EXPECT_NE(fault(std::string(1'000'000, '[')).find("500 deep"), std::string::npos);
  EXPECT_EQ(json_fault(nested(1'000'000, '[', ']')).has_value(), false);
}

TEST(Json, FaultsSayWhere) {
  EXPECT_EQ(fault(""),
            "line 1, column 1: syntax error while parsing value - unexpected end of input; "
            "expected '[', '{', or a literal");
  EXPECT_EQ(fault("{\n  \"\u00e9\": [1,]\n}"),
            "line 2, column 11: syntax error while parsing value - unexpected ']'; "
            "expected '[', '{', or a literal");
  JsonFault where;
  EXPECT_FALSE(Json::parse("{\"a\": nul}", 10, &where).ok());
  EXPECT_EQ(where.line, 1u);
  EXPECT_EQ(where.column, 7u);
  EXPECT_EQ(where.why, "syntax error while parsing value - invalid literal");
  EXPECT_EQ(fault("[1e999]"), "line 1, column 2: a number is out of range");
}

TEST(Json, RefusesWhatIsNoJson) {
  const std::string_view zero_behind("{}\0", 3), zero_within("{}\0[", 4), zero_quoted("\"\0\"", 3);
  for (const std::string_view text : {"",
                                      " ",
                                      "{",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "'a'",
                                      "01",
                                      "1.",
                                      ".5",
                                      "+1",
                                      "NaN",
                                      "nul",
                                      "1 2",
                                      "// c\n1",
                                      "\"\xff\"",
                                      "\"\xc3\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"\\ud800\"",
                                      "\"\\x\"",
                                      "\"\t\"",
                                      "\"a",
                                      "{\"a\"}",
                                      "{1:2}",
                                      "]"}) {
    EXPECT_FALSE(Json::parse(text).ok()) << text;
    EXPECT_TRUE(json_fault(text).has_value()) << text;
    EXPECT_TRUE(Json::parse_or_null(text).is_null()) << text;
  }
  for (const std::string_view text : {zero_behind, zero_within, zero_quoted})
    EXPECT_FALSE(Json::parse(text).ok());
  EXPECT_EQ(parsed("\xef\xbb\xbf[1]").to_text(), "[1]");  // a byte order mark
}

TEST(Json, NumbersAsTheLibraryWritesThem) {
  for (const double value : {0.0,
                             -0.0,
                             1.0,
                             -1.0,
                             0.1,
                             1.5,
                             100.0,
                             123456.0,
                             1e14,
                             1e15,
                             1e16,
                             1e21,
                             1.5e300,
                             1e-3,
                             1e-4,
                             1e-5,
                             1.25e-7,
                             5e-324,
                             1.7976931348623157e308,
                             123456789012345.6,
                             1e100,
                             0.30000000000000004}) {
    EXPECT_EQ(Json(value).to_text(), nlohmann::json(value).dump());
    EXPECT_EQ(parsed(Json(value).to_text()).number(), value);
  }
  EXPECT_EQ(Json(std::nan("")).to_text(), "null");
  EXPECT_EQ(Json(-std::numeric_limits<double>::infinity()).to_text(), "null");
  EXPECT_EQ(Json(std::numeric_limits<int64_t>::min()).to_text(), "-9223372036854775808");
  EXPECT_EQ(Json(std::numeric_limits<uint64_t>::max()).to_text(), "18446744073709551615");
  // Beyond 64 bits an integer is a double.
  EXPECT_EQ(parsed("18446744073709551616").kind(), Json::Kind::kDouble);
  EXPECT_EQ(parsed("1.0").to_text(), "1.0");
  EXPECT_EQ(parsed("1e2").integer(), 100);
}

TEST(Json, TextsAsTheLibraryWritesThem) {
  using nlohmann::json;
  std::string all;
  for (int c = 0; c < 128; ++c) all += static_cast<char>(c);
  for (const std::string& text :
       {all, std::string("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"), std::string("a\xff\xfe b"),
        std::string("\xe2\x82"), std::string("\xe2\x82x"), std::string("\xc0\x80"),
        std::string("\xed\xa0\x80"), std::string("\xf4\x90\x80\x80"), std::string("\xf0\x9f\x98"),
        std::string("\xe0\x80\x80"), std::string("\x80")}) {
    const std::string expected = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    EXPECT_EQ(Json(text).to_text(), expected);
    EXPECT_EQ(json_string(text), expected);
  }
  EXPECT_EQ((Json{{"a\"\xff", 1}}).to_text(), "{\"a\\\"\xef\xbf\xbd\":1}");
}

TEST(Json, Utf8IsTold) {
  for (const char* good : {"", "abc", "ä€😀", "\x7f\x01", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << good;
  // Cut short, overlong, a surrogate, past U+10FFFF, a continuation alone.
  for (const char* bad : {"\xff", "a\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                          "\xf4\x90\x80\x80", "\x80", "\xe2\x82"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Json, PrettyText) {
  const Json value{{"a", {1, Json::object()}}, {"b", Json::array()}, {"c", {{"d", "e"}}}};
  EXPECT_EQ(value.to_pretty_text(), R"({
  "a": [
    1,
    {}
  ],
  "b": [],
  "c": {
    "d": "e"
  }
})");
  std::ostringstream out;
  out << value;
  EXPECT_EQ(out.str(), value.to_text());
}

}  // namespace
}  // namespace kiln
