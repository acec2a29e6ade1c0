#include "base/json_access.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

TEST(JsonAccess, BytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(json_dump(json{{"a", "x\xff"}}), "{\"a\":\"x\xef\xbf\xbd\"}");
  EXPECT_EQ(json_dump(ordered_json::parse(R"({"b":1,"a":2})")), R"({"b":1,"a":2})");
}

TEST(JsonAccess, WritesInThreeForms) {
  const json document{{"a", {1, "\xc3\xa9\xff"}}};
  EXPECT_EQ(json_pretty(document), "{\n  \"a\": [\n    1,\n    \"\xc3\xa9\xef\xbf\xbd\"\n  ]\n}");
  EXPECT_EQ(json_ascii(document), R"({"a":[1,"\u00e9\ufffd"]})");
  EXPECT_EQ(json_ascii(json{{"a", 1}}, 1), "{\n \"a\": 1\n}");
}

TEST(JsonAccess, TextThatIsNoJsonIsDiscarded) {
  EXPECT_EQ(json_parse(R"({"a":1})"), json({{"a", 1}}));
  EXPECT_EQ(json_dump(json_parse<ordered_json>(R"({"b":1,"a":2})")), R"({"b":1,"a":2})");
  for (const char* text : {"", "{", "nul", "[1,]", "\"\xff\"", "1e999"}) {
    const json document = json_parse(text);
    EXPECT_TRUE(document.is_discarded()) << text;
    EXPECT_EQ(json_text(document, "a", "x"), "x");
    EXPECT_NE(json_parse_fault(text), "");
  }
  EXPECT_EQ(json_parse_fault("{}"), "");
  EXPECT_EQ(json_parse_fault("{").find("parse error at line 1, column 2"), 0u);
}

TEST(JsonAccess, ContentOfWhateverKind) {
  const json document = {{"text", "a"},
                         {"flag", true},
                         {"real", 2.5},
                         {"large", UINT64_MAX},
                         {"past", 1e19},
                         {"small", -3},
                         {"texts", {{"a", "b"}, {"c", 1}}}};
  EXPECT_EQ(json_text(document["text"]), "a");
  EXPECT_EQ(json_text(document["real"]), "");
  EXPECT_TRUE(json_flag(document["flag"]));
  EXPECT_FALSE(json_flag(document["text"]));
  EXPECT_EQ(json_number(document["real"]), 2.5);
  EXPECT_EQ(json_number(document["text"]), 0);
  EXPECT_EQ(json_integer(document["real"]), 2);
  EXPECT_EQ(json_integer(document["large"]), INT64_MAX);
  EXPECT_EQ(json_integer(document["past"]), INT64_MAX);
  EXPECT_EQ(json_integer(json(-1e300)), INT64_MIN);
  EXPECT_EQ(json_integer<int>(document["large"]), INT32_MAX);
  EXPECT_EQ(json_integer<int8_t>(json(-129)), -128);
  EXPECT_EQ(json_integer(document["text"]), 0);
  EXPECT_EQ(json_integer<int>(document["small"]), -3);
  EXPECT_EQ(json_integer<uint16_t>(document["small"]), 0);
  EXPECT_EQ(json_text_list(json{"a", 1, "b"}), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(json_text_list(document).empty());
  EXPECT_EQ(json_texts(document["texts"]), (std::map<std::string, std::string>{{"a", "b"}}));
  EXPECT_TRUE(json_texts(document["text"]).empty());
}

TEST(JsonAccess, MembersAreOtherwiseWhatTheCallerSays) {
  const json document = {{"text", "a"}, {"flag", true}, {"number", 7}, {"null", nullptr}};
  EXPECT_EQ(json_text(document, "text", "x"), "a");
  EXPECT_TRUE(json_flag(document, "flag"));
  EXPECT_EQ(json_integer(document, "number", 1), 7);
  for (const char* name : {"null", "absent"}) {
    EXPECT_EQ(json_text(document, name, "x"), "x");
    EXPECT_TRUE(json_flag(document, name, true));
    EXPECT_EQ(json_integer(document, name, 3), 3);
  }
  EXPECT_EQ(json_text(document, "number", "x"), "x");
  EXPECT_TRUE(json_flag(document, "text", true));
  EXPECT_EQ(json_integer(document, "text", 3), 3);
  EXPECT_EQ(json_integer<int8_t>(json{{"a", 300}}, "a", 3), 127);
}

TEST(JsonAccess, MembersOfWhateverShape) {
  const json document = {{"text", "a"}, {"list", {1, 2}}, {"number", 7}};
  EXPECT_EQ(json_member(document, "number"), 7);
  EXPECT_TRUE(json_member(document, "absent").is_null());
  EXPECT_EQ(json_list(document, "list").size(), 2u);
  EXPECT_TRUE(json_list(document, "text").is_array());
  EXPECT_TRUE(json_list(document, "absent").empty());
  EXPECT_EQ(json_text(document, "text"), "a");
  EXPECT_EQ(json_text(document, "number"), "");
  for (const json& other : {json(), json("text"), json::array({1}), json(7)}) {
    EXPECT_TRUE(json_member(other, "a").is_null());
    EXPECT_TRUE(json_list(other, "a").empty());
    EXPECT_EQ(json_text(other, "a"), "");
  }
}

}  // namespace
}  // namespace kiln
