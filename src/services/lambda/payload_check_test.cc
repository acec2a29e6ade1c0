#include "services/lambda/payload_check.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace kiln::services {
namespace {

bool takes(const std::string& text) { return is_plain_json(text); }

std::string nested(int depth, const char* open, const char* core, const char* close) {
  std::string text;
  for (int i = 0; i < depth; ++i) text += open;
  text += core;
  for (int i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(PayloadCheck, TakesWhatIsJson) {
  for (const char* text :
       {"{}", "[]", " [ ] ", "0", "-0", "-1.5e+10", "1E5", "0.0", "true", "false", "null", "\"\"",
        "\n\"text\"\t", R"({"a":1,"b":[1,2,{"c":null}],"d":{}})", R"([[],{},[{}],{"":""}])",
        R"("\" \\ \/ \b\f\n\r\t A é")", R"("\\\\\" [ , ] { : }")", "\"\xc3\xa9 \xf0\x9f\x98\x80\"",
        // Beyond what parsers take that keep the value.
        "123456789012345678901234567890", "1e400", R"("\ud800")", R"({"a":1,"a":2})"})
    EXPECT_TRUE(takes(text)) << text;
}

TEST(PayloadCheck, RefusesWhatIsNot) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[",
                           "}",
                           "]",
                           "[1",
                           "[1,",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[}",
                           "{]",
                           "[1}",
                           "{1:2}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{\"a\"::1}",
                           "{\"a\":1:2}",
                           "{,}",
                           "{} {}",
                           "1 2",
                           "1,",
                           "{}]",
                           "\"a\" \"b\"",
                           "\"a\"\"b\"",
                           "\"a\"1",
                           "1\"a\"",
                           "\"a",
                           "a\"",
                           "\"",
                           "'a'",
                           "tru",
                           "truex",
                           "true1",
                           "True",
                           "nullnull",
                           "NaN",
                           "Infinity",
                           "+1",
                           "-",
                           "01",
                           "-01",
                           "1.",
                           ".5",
                           "1.e5",
                           "1e",
                           "1e+",
                           "0x10",
                           "1_000",
                           "1-1",
                           "--1",
                           R"("\x41")",
                           R"("\u12g4")",
                           R"("\u12")",
                           R"(["\u123)",
                           R"("\)",
                           R"("\")",
                           R"(\n)",
                           R"([1,\"a"])",
                           "\"tab\there\"",
                           "\"line\nbreak\"",
                           "\"\xff\"",
                           "\"\xc3\"",
                           "\"\xed\xa0\x80\"",
                           "\xef\xbb\xbf{}",
                           "// comment\n1",
                           "1 // comment"})
    EXPECT_FALSE(takes(text)) << text;
  using std::string_literals::operator""s;
  EXPECT_FALSE(takes("1\0"s));
  EXPECT_FALSE(takes("\0"s));
  EXPECT_FALSE(takes("[1\0]"s));
  EXPECT_FALSE(takes("\"a\0b\""s));
}

TEST(PayloadCheck, ReadsWhatNestsDeeply) {
  for (const int depth : {1, 1'024, 100'000}) {
    EXPECT_TRUE(takes(nested(depth, "[", "", "]"))) << depth;
    EXPECT_FALSE(takes(nested(depth, "[", "", "]") + "]")) << depth;
    EXPECT_FALSE(takes("[" + nested(depth, "[", "", "]"))) << depth;
    EXPECT_TRUE(takes(nested(depth, "[{\"a\":", "1", "}]"))) << depth;
    EXPECT_FALSE(takes(nested(depth, "{\"a\":", "1", "]"))) << depth;
  }
}

// On both sides of the size up to which memory is shared, and of blocks of 64 bytes.
TEST(PayloadCheck, TakesTextsOfAnySize) {
  for (const size_t size : {62, 63, 64, 65, 127, 128, 262'143, 262'144, 262'145, 6'291'456}) {
    EXPECT_TRUE(takes("\"" + std::string(size - 2, 'x') + "\"")) << size;
    EXPECT_FALSE(takes("\"" + std::string(size - 1, 'x'))) << size;
    EXPECT_TRUE(takes("[" + std::string(size - 2, ' ') + "]")) << size;
    EXPECT_TRUE(takes(std::string(size - 1, ' ') + "1")) << size;
    EXPECT_FALSE(takes(std::string(size - 1, ' ') + "[")) << size;
    EXPECT_TRUE(takes(std::string(size, '1'))) << size;
    EXPECT_FALSE(takes("[\"" + std::string(size - 5, 'x') + "\\\"]")) << size;
  }
}

TEST(PayloadCheck, FindsEscapesAtAnyDistance) {
  for (size_t before = 0; before < 80; ++before) {
    for (const size_t behind : {0, 1, 7, 8, 9, 40}) {
      for (const std::string filler : {"x", "[", "]"}) {  // neighbours of the backslash
        std::string text = "\"\\n";
        while (text.size() < before + 3) text += filler;
        const std::string rest = std::string(behind, 'y') + "\"";
        EXPECT_TRUE(takes(text + "\\t" + rest)) << text << rest;
        EXPECT_FALSE(takes(text + "\\x" + rest)) << text << rest;
        EXPECT_TRUE(takes(text + "\\u00e9" + rest)) << text << rest;
        EXPECT_FALSE(takes(text + "\\u00g9" + rest)) << text << rest;
      }
    }
  }
}

// Documents with a few wrong bytes, beside a parser that shares no line with this one.
TEST(PayloadCheck, AgreesWithAnotherParser) {
  std::mt19937 random(7);
  const std::string good =
      R"({"records":[{"id":17,"n":-0.25e3,"s":"a\"b\\","u":"é","t":true,"f":[null,{}]}],"x":""})";
  constexpr char kBytes[] = "{}[]:,\"\\ 0-+.eEtrufalsn\n\x80";
  int taken = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string text = good;
    for (auto wrong = random() % 4; wrong > 0; --wrong) {
      const size_t at = random() % text.size();
      const char byte = kBytes[random() % (sizeof kBytes - 1)];
      switch (random() % 3) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1);
      }
    }
    const bool mine = takes(text);
    taken += mine;
    ASSERT_EQ(mine, nlohmann::json::accept(text)) << text;
  }
  EXPECT_GT(taken, 5'000);
}

}  // namespace
}  // namespace kiln::services
