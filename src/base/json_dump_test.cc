#include "base/json_dump.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

TEST(JsonDump, BytesThatAreNoUtf8AreReplaced) {
  EXPECT_EQ(json_dump(json{{"a", "x\xff"}}), "{\"a\":\"x\xef\xbf\xbd\"}");
  EXPECT_EQ(json_dump(ordered_json::parse(R"({"b":1,"a":2})")), R"({"b":1,"a":2})");
}

TEST(JsonDump, MembersOfWhateverShape) {
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
