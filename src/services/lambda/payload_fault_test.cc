#include "services/lambda/payload_fault.h"

#include <gtest/gtest.h>

namespace kiln::services {
namespace {

const std::string kAt =
    "\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, "
    "column: ";
const std::string kStart =
    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, "
    "column: ";
constexpr char kValues[] =
    "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

// The first two are recorded; the others are the texts of the parser that those are from.
TEST(PayloadFault, InLambdasWords) {
  const struct {
    std::string payload, fault;
  } cases[] = {
      {"n\x87r\x9e\xe9\xb5\xd7I\xee\x9bmt", "Invalid UTF-8 start byte 0x87" + kAt + "3]"},
      {"\x99\xeb,j\x07\xa1zYh",
       std::string("Unexpected character ((CTRL-CHAR, code 153)): expected a valid value ") +
           kValues + kAt + "1]"},
      {"hello", std::string("Unrecognized token 'hello': was expecting ") + kValues + kAt + "6]"},
      {"nul ", std::string("Unrecognized token 'nul': was expecting ") + kValues + kAt + "5]"},
      {"truer", std::string("Unrecognized token 'truer': was expecting ") + kValues + kAt + "6]"},
      {"'a'", std::string("Unexpected character (''' (code 39)): expected a valid value ") +
                  kValues + kAt + "1]"},
      {"{\"a\":", "Unexpected end-of-input: expected close marker for Object (start marker at " +
                      kStart + "1])" + kAt + "6]"},
      {"[1", "Unexpected end-of-input: expected close marker for Array (start marker at " + kStart +
                 "1])" + kAt + "3]"},
      {"{a:1}",
       "Unexpected character ('a' (code 97)): was expecting double-quote to start field name" +
           kAt + "2]"},
      {"{\"a\" 1}",
       "Unexpected character ('1' (code 49)): was expecting a colon to separate field name and "
       "value" +
           kAt + "6]"},
      {"[1 2]",
       "Unexpected character ('2' (code 50)): was expecting comma to separate Array entries" + kAt +
           "4]"},
      {"{\"a\":1 \"b\":2}",
       "Unexpected character ('\"' (code 34)): was expecting comma to separate Object entries" +
           kAt + "8]"},
      {"[1}", "Unexpected close marker '}': expected ']' (for Array starting at " + kStart + "1])" +
                  kAt + "3]"},
      {"\"\xff\"", "Invalid UTF-8 start byte 0xff" + kAt + "3]"},
      {"\"\xc3(\"", "Invalid UTF-8 middle byte 0x28" + kAt + "4]"},
      {"\"a", "Unexpected end-of-input in VALUE_STRING" + kAt + "3]"},
      {"\"a\x01\"",
       "Illegal unquoted character ((CTRL-CHAR, code 1)): has to be escaped using backslash to be "
       "included in string value" +
           kAt + "4]"},
      {"\"\\q\"", "Unrecognized character escape 'q' (code 113)" + kAt + "4]"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(payload_fault(c.payload), "Could not parse payload into json: " + c.fault)
        << c.payload;
}

TEST(PayloadFault, LinesAreCounted) {
  EXPECT_TRUE(payload_fault("{\n  \"a\": x}").ends_with("line: 2, column: 10]"));
}

TEST(PayloadFault, WhatFollowsTheValueIsNotLookedAt) { EXPECT_EQ(payload_fault("{} x"), ""); }

// No input makes it recurse, or read past the end.
TEST(PayloadFault, HostileInput) {
  const std::string deep(1'000'000, '[');
  EXPECT_NE(payload_fault(deep), "");
  const std::string bytes = "{\"\\u12\xf0\x9f\x98\": [-0.5e+, tru\xed]";
  for (size_t i = 0; i <= bytes.size(); ++i) payload_fault(bytes.substr(0, i));
}

}  // namespace
}  // namespace kiln::services
