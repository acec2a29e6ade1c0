#include "wire/json_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::wire {
namespace {

using nlohmann::json;
using testing::Contains;
using testing::Pair;

TEST(JsonTarget, Table) {
  const auto target = JsonTarget::parse("Logs_20140328.FilterLogEvents");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->prefix, "Logs_20140328");
  EXPECT_EQ(target->operation, "FilterLogEvents");
  for (const char* bad :
       {"", ".", "Logs_20140328", "Logs_20140328.", ".X", "a.b.c", "a.b c", "a/b.c"}) {
    EXPECT_FALSE(JsonTarget::parse(bad)) << bad;
  }
  EXPECT_TRUE(JsonTarget::parse(std::string(128, 'a') + ".B"));
  EXPECT_FALSE(JsonTarget::parse(std::string(129, 'a') + ".B"));
}

TEST(JsonBody, ObjectsOnly) {
  EXPECT_EQ(*parse_json_body(R"({"a":[1,{"b":"]}"}]})"), json::parse(R"({"a":[1,{"b":"]}"}]})"));
  EXPECT_EQ(*parse_json_body(""), json::object());
  EXPECT_EQ(*parse_json_body(" \n"), json::object());
  for (const char* bad : {"[]", "7", "{", "{\"a\":}", "nope", "{\"a\":\"\xff\"}"}) {
    auto parsed = parse_json_body(bad);
    ASSERT_FALSE(parsed.ok()) << bad;
    EXPECT_EQ(parsed.error().type, "SerializationException");
  }
}

TEST(JsonBody, DepthLimit) {
  const auto nested = [](size_t depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_TRUE(parse_json_body(nested(100)).ok());
  EXPECT_FALSE(parse_json_body(nested(101)).ok());
  EXPECT_FALSE(parse_json_body(std::string(1'000'000, '[')).ok());
}

TEST(JsonError, Form) {
  const auto response = json_error({ErrorKind::kNotFound, "ResourceNotFoundException",
                                    "The specified log group does not exist."},
                                   "id-1");
  EXPECT_EQ(response.status, 400U);
  EXPECT_EQ(response.content_type, "application/x-amz-json-1.1");
  EXPECT_THAT(response.headers, Contains(Pair("x-amzn-ErrorType", "ResourceNotFoundException")));
  EXPECT_THAT(response.headers, Contains(Pair("x-amzn-RequestId", "id-1")));
  EXPECT_EQ(json::parse(response.body),
            json::parse(R"({"__type":"ResourceNotFoundException",)"
                        R"("message":"The specified log group does not exist."})"));
  EXPECT_EQ(json_error({ErrorKind::kInternal, "", "m"}, "i").status, 500U);
  EXPECT_EQ(json_error({ErrorKind::kInternal, "DatabaseError", "m"}, "i").body,
            json_error({ErrorKind::kInternal, "", "m"}, "i").body);
  EXPECT_EQ(json_error({ErrorKind::kTooLarge, "X", "m"}, "i").status, 413U);
  EXPECT_EQ(json_error({ErrorKind::kInvalid, "X", "m"}, "i", JsonVersion::k10).content_type,
            "application/x-amz-json-1.0");
}

}  // namespace
}  // namespace kiln::wire
