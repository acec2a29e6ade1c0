#include "sdk/core/text.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <random>

namespace kiln::sdk {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string repaired(std::string_view text) {
  std::string out;
  append_utf8(out, text);
  return out;
}

std::string real(double value) {
  std::string out;
  append_real(out, value);
  return out;
}

TEST(Text, Utf8AcceptsTheEdgesOfEveryRangeAndNothingBeyond) {
  for (const char* valid :
       {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(utf8_sequence(valid), std::strlen(valid)) << valid;
  }
  for (const char* invalid : {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x7F",
                              "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82", "\xF0\x8F\xBF\xBF",
                              "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xF0\x90\x80"}) {
    EXPECT_EQ(utf8_sequence(invalid), 0u) << invalid;
  }
}

TEST(Text, BytesThatAreNoUtf8BecomeReplacementCharacters) {
  EXPECT_EQ(repaired("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(repaired("\xE2\x82"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(repaired("grün €"), "grün €");
}

TEST(Text, JsonStringsEscapeWhatJsonNeeds) {
  EXPECT_EQ(json_string("a\"b\\c\n\t\r\x01"), R"("a\"b\\c\n\t\r\u0001")");
  EXPECT_EQ(json_string(std::string_view("\0", 1)), R"("\u0000")");
}

TEST(Text, AnyBytesMakeValidJson) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_TRUE(nlohmann::json::accept(json_string(bytes)));
  }
}

TEST(Text, NumbersReadBackAsThemselves) {
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(12.5), "12.5");
  EXPECT_EQ(real(1e300), "1e+300");
  EXPECT_EQ(std::stod(real(1.0 / 3)), 1.0 / 3);
  EXPECT_EQ(real(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(real(-std::numeric_limits<double>::infinity()), "null");
  std::string out;
  append_integer(out, std::numeric_limits<int64_t>::min());
  append_unsigned(out, std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(out, "-922337203685477580818446744073709551615");
}

// The shortest form by trial, as the C library prints it.
std::string shortest(double value) {
  char digits[32];
  for (const int precision : {15, 16, 17}) {
    std::snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (std::strtod(digits, nullptr) == value) break;
  }
  return digits;
}

TEST(Text, NumbersWithFewDecimalsHaveTheFormOfAllOthers) {
  std::mt19937_64 random(11);
  for (const double power : {1.0, 10.0, 100.0, 1e3, 1e4}) {
    for (int round = 0; round < 2000; ++round) {
      const double size = static_cast<double>(random() >> (12 + random() % 52)) / power;
      EXPECT_EQ(real(size), shortest(size));
      EXPECT_EQ(real(-size), shortest(-size));
    }
  }
  for (const double value : {0.0, -0.0, 0.001, 0.0001, 0.0005, 999'999'999'999.999, 1e12, 1e15,
                             0.1 + 0.2, 4.35, 2.675, 1e-320}) {
    EXPECT_EQ(real(value), shortest(value));
  }
}

TEST(Text, SpecialCharactersAreFoundWhereverTheyStand) {
  for (size_t length = 1; length < 40; ++length) {
    for (size_t at = 0; at < length; ++at) {
      std::string text(length, 'x');
      text[at] = '"';
      std::string quoted = text;
      EXPECT_EQ(json_string(text), '"' + quoted.insert(at, 1, '\\') + '"');
      text[at] = '\x1F';
      EXPECT_EQ(json_string(text),
                '"' + std::string(at, 'x') + "\\u001f" + std::string(length - at - 1, 'x') + '"');
      text[at] = '\x7F';
      EXPECT_EQ(json_string(text), '"' + text + '"');
      EXPECT_EQ(text_prefix(text), at);
    }
  }
}

TEST(Text, TimestampsAreUtcWithMilliseconds) {
  const auto at = [](int64_t ms) {
    std::string out;
    append_timestamp(out, ms);
    return out;
  };
  EXPECT_EQ(at(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(at(-1), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(at(1'709'164'799'999), "2024-02-28T23:59:59.999Z");
  EXPECT_EQ(at(1'709'164'800'000), "2024-02-29T00:00:00.000Z");
  EXPECT_EQ(at(1'767'323'045'678), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(at(4'107'542'399'000), "2100-02-28T23:59:59.000Z");
  EXPECT_EQ(at(4'107'542'400'000), "2100-03-01T00:00:00.000Z");
}

}  // namespace
}  // namespace kiln::sdk
