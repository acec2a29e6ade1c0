#include "sdk/core/letter_case.h"

#include <gtest/gtest.h>

namespace kiln::sdk {
namespace {

TEST(LetterCase, Title) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"ada lovelace", "Ada Lovelace"},
      {"GRACE HOPPER", "Grace Hopper"},
      {"o'neil-mcdonald", "O'Neil-Mcdonald"},
      {"x2y zz9a", "X2Y Zz9A"},
      {"ångström öztürk ñandú", "Ångström Öztürk Ñandú"},
      {"ÉLODIE ŁUKASZ ŽIŽEK", "Élodie Łukasz Žižek"},
      {"ÿves Ÿves", "Ÿves Ÿves"},
      {"ἀ ελένη ΓΙΏΡΓΟΣ", "ἀ Ελένη Γιώργοσ"},
      {"владимир ЁЛКИН", "Владимир Ёлкин"},
      {"straße", "Straße"},
      {"王小明 lee", "王小明 Lee"},
      {"a😀b", "A😀B"},
      {"a\xFF"
       "b",
       "A\xFF"
       "B"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(title_case(text), expected) << text;
}

TEST(LetterCase, Lower) {
  EXPECT_EQ(lower_case("Ada.L@EXAMPLE.Org"), "ada.l@example.org");
  EXPECT_EQ(lower_case("ÄÖÜ×÷ŸĲ"), "äöü×÷ÿĳ");
  EXPECT_EQ(lower_case("[\\]^_`{|}~"), "[\\]^_`{|}~");
}

// Eight bytes at a time are as one at a time: all ASCII characters, at all places, before and after
// others.
TEST(LetterCase, AsciiOfEveryLength) {
  std::string all;
  for (int c = 0; c < 128; ++c) all += std::string("aB") + static_cast<char>(c) + "zC";
  for (size_t begin = 0; begin < 24; ++begin) {
    for (size_t size = 0; begin + size <= all.size(); size = size < 20 ? size + 1 : size + 61) {
      const std::string text = all.substr(begin, size);
      std::string lower, title;
      bool in_word = false;
      for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        lower += letter ? static_cast<char>(c | 0x20) : c;
        title += letter ? static_cast<char>(in_word ? c | 0x20 : c & ~0x20) : c;
        in_word = letter;
      }
      ASSERT_EQ(lower_case(text), lower);
      ASSERT_EQ(title_case(text), title);
      // After a letter that is not ASCII, and before one.
      ASSERT_EQ(title_case("É" + text), "É" + title_case("x" + text).substr(1));
      ASSERT_EQ(title_case(text + "É"), title + (in_word ? "é" : "É"));
    }
  }
}

TEST(LetterCase, RoomIsUsedAgain) {
  std::string out(100, 'x');
  const char* const room = out.data();
  title_case("ada LOVELACE of london", out);
  EXPECT_EQ(out, "Ada Lovelace Of London");
  lower_case("ADA ÄÖ@EXAMPLE.org", out);
  EXPECT_EQ(out, "ada äö@example.org");
  EXPECT_EQ(out.data(), room);
}

TEST(LetterCase, Trimmed) {
  EXPECT_EQ(trimmed(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed("  "), "");
  EXPECT_EQ(trimmed(""), "");
}

}  // namespace
}  // namespace kiln::sdk
